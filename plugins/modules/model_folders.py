#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: model_folders
short_description: Say which folders of models a host has, and keep them as they should be
version_added: 0.1.0
description:
  - A folder that has a manifest is complete when its files have the sizes of the manifest; with O(compare) their bytes
    are compared as well.
  - With O(state=present), files that belong to no model are moved to C(.aside), folders of O(absent) are removed, and
    the directory is made. Folders that neither O(wanted) nor O(absent) names are told in RV(kept) and stay.
  - A directory that was once seen on a disk of its own is refused while that disk is not mounted.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos_and_linux
  - hybrid_ai.cluster.models.directory
  - hybrid_ai.cluster.models.state_directory
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  owner:
    description: The user to whom the models belong, and as whom they are moved and removed.
    type: str
    default: root
  wanted:
    description: Folders that this host needs, or hands on.
    type: list
    elements: str
    default: []
  absent:
    description: Folders that it must not have.
    type: list
    elements: str
    default: []
  compare:
    description: Whether every byte is compared with the manifest, which takes minutes for large models.
    type: bool
    default: false
  manifests:
    description: Whether the manifests are returned.
    type: bool
    default: false
  service:
    description: The service that hands models on, to say whether one is left of an earlier run.
    type: str
  state:
    description: V(read) changes nothing and says in RV(steps) what V(present) would do.
    type: str
    choices: [present, read]
    default: present
"""

EXAMPLES = r"""
- name: Remove a model
  hybrid_ai.cluster.model_folders:
    directory: /opt/hybrid-ai/models
    state_directory: /var/lib/hybrid-ai
    owner: _models
    absent: [org--name]
"""

RETURN = r"""
steps:
  description: What was done, or would be.
  returned: success
  type: list
  elements: str
  sample: [remove org--name]
found:
  description: Revision and digest of each complete folder of O(wanted).
  returned: success
  type: dict
  sample: {org--name: {revision: 0123456789abcdef0123456789abcdef01234567, digest: 9f86d081884c7d65}}
faults:
  description: What is wrong with the others that have a manifest, sentences by folder.
  returned: success
  type: dict
  sample: {}
kept:
  description: Folders of models that no option names, with their bytes.
  returned: success
  type: list
  elements: dict
  sample: [{folder: org--older, bytes: 7000000}]
manifests:
  description: The manifests of the complete folders.
  returned: with O(manifests)
  type: dict
  sample: {}
service:
  description: Whether O(service) is installed.
  returned: success
  type: bool
  sample: false
plain:
  description: Why libtorrent does not run here; empty where it does.
  returned: success
  type: str
  sample: ""
"""

import platform
import pwd
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _model_folders, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import mount
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

DIRECTORY_MODE = 0o755


def owner_of(name: str) -> tuple[int, int] | None:
    """Return the numbers of a user and its group; it may not exist yet."""
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        return None
    return user.pw_uid, user.pw_gid


def disk_steps(params: dict[str, Any], owner: tuple[int, int] | None) -> list[str]:
    """Return what of the directory has to be made, where anything is wanted; refuse a disk that is not there."""
    directory, state_directory = params["directory"], params["state_directory"]
    wrong = mount.problem(directory, state_directory)
    if wrong:
        raise ModelError(wrong)
    if not params["wanted"]:
        return []
    there = _files.directory_mode_and_owner(directory)
    marker = _files.file_mode_and_owner(f"{directory}/{mount.MARKER}")
    # exFAT, for one, shows another owner of every file than the one it was given.
    keeps_owners = marker is None or owner is None or marker[1] == owner[0]
    steps = ["make the directory"] if keeps_owners and (owner is None or there != (DIRECTORY_MODE, *owner)) else []
    return [*steps, *(["remember the disk"] if mount.is_new(directory, state_directory) else [])]


def make_disk(params: dict[str, Any], steps: list[str], owner: tuple[int, int]) -> None:
    """Make it, and remember on which disk it lies."""
    directory, state_directory = params["directory"], params["state_directory"]
    if "make the directory" in steps:
        _files.make_directory(directory, DIRECTORY_MODE, owner)
    if "remember the disk" in steps:
        name = mount.marker(directory) or mount.new_marker()
        _files.write(f"{directory}/{mount.MARKER}", f"{name}\n".encode(), 0o644, owner)
        _files.make_directory(state_directory)
        _files.write(f"{state_directory}/{mount.MEMORY}", mount.memory(directory, name).encode())


def has_service(name: str | None) -> bool:
    """Tell whether a service of ours is installed."""
    if not name:
        return False
    if platform.system() == "Darwin":
        return _files.exists(_names.launchd_plist(_names.launchd_label(name)))
    return _files.exists(f"{_names.SYSTEMD_UNITS}/{_names.systemd_unit(name)}")


def run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Read, plan, apply and read again."""
    owner, directory = owner_of(params["owner"]), Path(params["directory"])
    of_disk = disk_steps(params, owner)

    def look() -> _model_folders.Found:
        return _model_folders.look(directory, params["wanted"], params["absent"], compare=params["compare"])

    found = look()
    steps = [*of_disk, *_model_folders.lines(found)]
    changing = params["state"] == "present" and bool(steps)
    if changing and not check_mode:
        if owner is None:
            raise ModelError(f"There is no user {params['owner']} on this host; create it first.")
        make_disk(params, of_disk, owner)
        with _model_folders.acting_as(*owner):
            _model_folders.tidy(directory, found)
        found = look()
        again = [*disk_steps(params, owner), *_model_folders.lines(found)]
        if again:
            raise ModelError(f"{directory} is not as it was made ({', '.join(again)}); look at its disk.")
    result = {
        "changed": changing,
        "steps": steps,
        "plain": _model_folders.why_plain(),
        **_model_folders.describe(found),
    }
    if params["manifests"]:
        result["manifests"] = {folder: manifest.as_dict() for folder, manifest in found.complete.items()}
    if changing:
        result["diff"] = {"before": "", "after": "".join(f"{step}\n" for step in steps)}
    return result


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "state_directory": {"type": "path", "required": True},
            "owner": {"type": "str", "default": "root"},
            "wanted": {"type": "list", "elements": "str", "default": []},
            "absent": {"type": "list", "elements": "str", "default": []},
            "compare": {"type": "bool", "default": False},
            "manifests": {"type": "bool", "default": False},
            "service": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "read"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module.params, module.check_mode)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{error.filename or module.params['directory']} cannot be used: {error.strerror}.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
