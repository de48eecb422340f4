#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: file_tree
short_description: Have a directory with exactly these text files
version_added: 0.1.0
description:
  - Writes all files to a directory beside O(path), lets O(validate) judge them there, and swaps the directories.
  - With C(--diff), a file of more than 300 lines that comes or goes is shown as their number alone.
  - A directory that is refused never replaces the one in use, a file that is not in O(files) goes, and one call does
    what would take one for each file.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  path:
    description: The directory. Its owner is root.
    type: path
    required: true
  files:
    description: The text of each file by its name relative to O(path).
    type: dict
  mode:
    description: Mode of the files; whoever may read them may enter the directories.
    type: str
    default: "0644"
  group:
    description: Group of files and directories; that of root when not given.
    type: str
  validate:
    description:
      - A program and its arguments, C(%s) standing for the directory to judge. It must exit with 0.
      - In check mode it is asked where the program is already there.
    type: list
    elements: str
  sensitive:
    description:
      - Whether O(files) are secret. They are then in no result, no difference and no log, and what O(validate) says is
        shown without the words that stand in them, but for names of keys and the numbers of lines.
      - RV(digest) is then of a kind that takes long to make, because it is read by more people than the files.
    type: bool
    default: false
  stamp:
    description:
      - One file more, which tells the program RV(digest), that of O(files), so that the program can be asked whether it
        serves them.
      - Needed with O(action=rollback) where it was written.
    type: dict
    suboptions:
      name:
        description: Its name relative to O(path).
        type: str
        required: true
      text:
        description: Its text, C(%s) standing for RV(digest).
        type: str
        required: true
  keep_previous:
    description: Keeps what was replaced until O(action=commit), so that O(action=rollback) can put it back.
    type: bool
    default: false
  state:
    description: V(absent) removes the directory.
    type: str
    choices: [present, absent]
    default: present
  action:
    description: V(rollback) and V(commit) look after what O(keep_previous) kept and do nothing else.
    type: str
    choices: [write, rollback, commit]
    default: write
"""

EXAMPLES = r"""
- name: Configure Alertmanager
  hybrid_ai.cluster.file_tree:
    path: /opt/hybrid-ai/alertmanager-etc
    files:
      alertmanager.yml: "{{ configuration | to_nice_yaml }}"
    validate: [/usr/bin/amtool, check-config, "%s/alertmanager.yml"]
    keep_previous: true

- name: Configure HAProxy, which shows the description at its socket
  hybrid_ai.cluster.file_tree:
    path: /opt/hybrid-ai/etc/haproxy
    files:
      haproxy.cfg: "{{ lookup('ansible.builtin.template', 'haproxy.cfg.j2') }}"
    stamp:
      name: stamp.cfg
      text: "global\n    description %s\n"
    validate: [/usr/sbin/haproxy, -c, -f, "%s"]
"""

RETURN = r"""
digest:
  description: A text that is another one whenever a file is; use it to restart what reads them.
  returned: always
  type: str
previous:
  description: Whether earlier files are kept, to go back to.
  returned: with O(action=write)
  type: bool
"""

import grp
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, _load_params
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    Commands,
    module_commands,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._file_tree import (
    FileTree,
    FileTreeError,
    Stamp,
    differences,
)


def group_id(name: str | None, check_mode: bool) -> int:
    """Return the number of a group; in check mode it may not exist yet."""
    if name is None:
        return 0
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        if check_mode:
            return -1
        raise FileTreeError(f"There is no group {name} on this host; create it first.") from None


def write(tree: FileTree, commands: Commands, parameters: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Bring the directory to the wanted files."""
    files = {name: str(text) for name, text in (parameters["files"] or {}).items()}
    before, digest = tree.read(), tree.digest(files)
    files = tree.stamped(files, digest)
    if before == files and tree.modes_are_right():
        return {"changed": False, "digest": digest, "previous": tree.has_previous()}
    argv = parameters["validate"]
    try:
        if not check_mode or (argv and Path(argv[0]).exists() and tree.path.parent.is_dir()):
            candidate = tree.write_beside(files)
            if argv:
                tree.check(commands, argv, candidate, files if parameters["sensitive"] else {})
            if not check_mode:
                tree.swap(parameters["keep_previous"])
                if tree.read() != files:
                    raise FileTreeError(f"{tree.path} does not hold what was written to it; check the disk.")
    finally:
        tree.discard()
    result: dict[str, Any] = {"changed": True, "digest": digest, "previous": tree.has_previous()}
    if not parameters["sensitive"]:
        result["diff"] = differences(before, files)
    return result


def settle(tree: FileTree, action: str, check_mode: bool) -> dict[str, Any]:
    """Forget or restore the earlier state."""
    changed = tree.has_previous()
    if changed and not check_mode:
        tree.commit() if action == "commit" else tree.rollback()
    return {"changed": changed, "digest": tree.digest(tree.read())}


def main() -> None:
    """Run the module."""
    # Before there is a module, because the module writes its options to the host's log. ansible-test asks which options
    # there are and gives none.
    sensitive = boolean((_load_params() or {}).get("sensitive", False), strict=False)
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "files": {"type": "dict", "no_log": sensitive},
            "mode": {"type": "str", "default": "0644"},
            "group": {"type": "str"},
            "validate": {"type": "list", "elements": "str"},
            "sensitive": {"type": "bool", "default": False},
            "stamp": {
                "type": "dict",
                "options": {"name": {"type": "str", "required": True}, "text": {"type": "str", "required": True}},
            },
            "keep_previous": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "action": {"type": "str", "choices": ["write", "rollback", "commit"], "default": "write"},
        },
        supports_check_mode=True,
    )
    parameters = module.params
    try:
        group = group_id(parameters["group"], module.check_mode or parameters["state"] == "absent")
        stamp = Stamp(**parameters["stamp"]) if parameters["stamp"] else None
        tree = FileTree(parameters["path"], int(parameters["mode"], 8), group, parameters["sensitive"], stamp)
        if parameters["state"] == "absent":
            changed = tree.path.exists() or tree.has_previous()
            if changed and not module.check_mode:
                tree.remove()
            result = {"changed": changed, "digest": tree.digest(None)}
        elif parameters["action"] == "write":
            result = write(tree, module_commands(module), parameters, module.check_mode)
        else:
            result = settle(tree, parameters["action"], module.check_mode)
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
