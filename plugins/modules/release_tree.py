#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: release_tree
short_description: Have a release unpacked beside the previous one, and switched to
version_added: 0.1.0
description:
  - Unpacks an archive that holds one folder to a directory named after its version, and lets C(current) link to it.
  - One that is packed with zstd needs the program C(zstd) on the host.
  - The version before stays until O(action=commit), and O(action=rollback) goes back to it.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  path:
    description: The directory of the program's releases.
    type: path
    required: true
  archive:
    description: A tar or zip archive on the host. Needed unless the version is there already.
    type: path
  bare:
    description: Whether the archive holds the release itself, instead of one folder with it.
    type: bool
    default: false
  more:
    description: Further archives, such as one of libraries. What the one folder of each holds comes beside the program.
    type: list
    elements: path
    default: []
  version:
    description: The version it holds.
    type: str
  program:
    description: A program that the release must have, below its folder.
    type: str
  state:
    description: V(absent) removes every version.
    type: str
    choices: [present, absent]
    default: present
  action:
    description: What to do with the version before; V(rollback) and V(commit) do nothing else.
    type: str
    choices: [switch, rollback, commit]
    default: switch
"""

EXAMPLES = r"""
- name: Switch to a release
  hybrid_ai.cluster.release_tree:
    path: /opt/hybrid-ai/prometheus
    archive: /opt/hybrid-ai/releases/prometheus-2.42.0.darwin-arm64.tar.gz
    version: 2.42.0
    program: prometheus

- name: Forget the release before
  hybrid_ai.cluster.release_tree:
    path: /opt/hybrid-ai/prometheus
    action: commit
"""

RETURN = r"""
version:
  description: The version that is current at the end.
  returned: always
  type: str
would_unpack:
  description: Whether the archive is needed.
  returned: with O(action=switch)
  type: bool
settled:
  description: Whether the wanted version was current already and no other one is kept.
  returned: with O(action=switch)
  type: bool
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._release_tree import PREVIOUS, ReleaseTree


def switch(tree: ReleaseTree, parameters: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Unpack what is missing and name it current."""
    version, before = parameters["version"], tree.version()
    unpack = not tree.has(version)
    settled = not unpack and before == version and not has_others(tree)
    if not check_mode:
        if unpack:
            options = {"more": parameters["more"], "bare": parameters["bare"]}
            tree.unpack(parameters["archive"], version, parameters["program"], **options)
        if before != version:
            tree.switch(version)
    return {
        "changed": unpack or before != version,
        "version": version,
        "would_unpack": unpack,
        "settled": settled,
        "diff": {"before": f"{before or ''}\n", "after": f"{version}\n"},
    }


def has_others(tree: ReleaseTree) -> bool:
    """Tell whether more than the current version is kept."""
    return bool(tree.others()) or tree.version(PREVIOUS) is not None


def commit(tree: ReleaseTree, check_mode: bool) -> dict[str, Any]:
    """Keep the current version only."""
    changed = has_others(tree)
    if changed and not check_mode:
        tree.commit()
    return {"changed": changed, "version": tree.version()}


def rollback(tree: ReleaseTree, check_mode: bool) -> dict[str, Any]:
    """Return to the version before, where there is one."""
    before = tree.version(PREVIOUS)
    if before is not None and not check_mode:
        tree.rollback()
    return {"changed": before is not None, "version": before or tree.version()}


def remove(tree: ReleaseTree, check_mode: bool) -> dict[str, Any]:
    """Remove all of it."""
    changed = tree.path.exists()
    if changed and not check_mode:
        tree.remove()
    return {"changed": changed, "version": None}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "archive": {"type": "path"},
            "bare": {"type": "bool", "default": False},
            "more": {"type": "list", "elements": "path", "default": []},
            "version": {"type": "str"},
            "program": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "action": {"type": "str", "choices": ["switch", "rollback", "commit"], "default": "switch"},
        },
        supports_check_mode=True,
    )
    tree, action = ReleaseTree(module.params["path"]), module.params["action"]
    if module.params["state"] == "present" and action == "switch":
        missing = [name for name in ("archive", "version", "program") if not module.params[name]]
        if missing:
            module.fail_json(msg=f"release_tree needs {' and '.join(missing)} to switch to a release.")
    try:
        if module.params["state"] == "absent":
            result = remove(tree, module.check_mode)
        elif action == "switch":
            result = switch(tree, module.params, module.check_mode)
        else:
            result = {"commit": commit, "rollback": rollback}[action](tree, module.check_mode)
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
