#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: model_store
short_description: Say what a directory of models lacks, and follow the program that fetches it
version_added: 0.1.0
description:
  - O(action=plan) reads what lies there, asks the sources of what is missing for licence, access and sizes, refuses
    what cannot be fetched before anything of it is, and writes the rest down as the work of a program.
  - Of a folder that is complete nobody is asked. Contents were verified when they were written; names and sizes are
    compared every time.
  - A directory that was once seen on a disk of its own is refused while that disk is not mounted.
  - O(action=wait) shows how far the program is until it has ended, and fails where it did. The program goes on where
    the connection is lost, and a later wait takes it up again.
  - O(action=check) reads again and fails unless every folder is complete.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos_and_linux
  - hybrid_ai.cluster.models.directory
  - hybrid_ai.cluster.models.state_directory
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  action:
    description: What to do. V(state) returns how far the program is and waits for nothing.
    type: str
    choices: [plan, wait, state, check]
    default: plan
  models:
    description: The table of models, as P(hybrid_ai.cluster.model_table#filter) returns it.
    type: list
    elements: dict
    default: []
  host:
    description:
      - The name of the host in the table. What it serves itself keeps the folder before, until whoever serves it has
        seen the new one answer.
    type: str
    default: ""
  owner:
    description: The user of the program, to whom they belong.
    type: str
    default: root
  work:
    description: The file that the program reads its work from.
    type: path
    required: true
  state:
    description: The file in which the program says how far it is.
    type: path
    required: true
  endpoint:
    description: The address of the model hub.
    type: str
    default: https://huggingface.co
  token:
    description: The token that the hub gives gated models to.
    type: str
  accepted_licenses:
    description: Licences that are accepted for every model, as the hub calls them.
    type: list
    elements: str
    default: []
  reserve_gigabytes:
    description: What has to stay free on the disk, in units of 2^30 bytes.
    type: float
    default: 0
"""

EXAMPLES = r"""
- name: Say what is missing
  hybrid_ai.cluster.model_store:
    models: "{{ models }}"
    host: gpu1
    directory: /opt/hybrid-ai/models
    owner: _models
    work: /opt/hybrid-ai/etc/model-store/work.json
    state: /opt/hybrid-ai/model-store/state.json
    state_directory: /var/lib/hybrid-ai
    accepted_licenses: [apache-2.0, mit]
  register: found

- name: Wait until it is there
  hybrid_ai.cluster.model_store:
    action: wait
    directory: /opt/hybrid-ai/models
    work: /opt/hybrid-ai/etc/model-store/work.json
    state: /opt/hybrid-ai/model-store/state.json
    state_directory: /var/lib/hybrid-ai
"""

RETURN = r"""
job:
  description: The name of the work; another one for each attempt. Empty where there never was any.
  returned: always
  type: str
  sample: 3f1c0a9d2b4e.1
lines:
  description: What is to be done, or what there is, a line for each folder.
  returned: with O(action=plan) and O(action=check)
  type: list
  elements: str
  sample: ["fetch lab--tiny-llama: 7 files, 723 kB"]
bytes:
  description: How many bytes have to be fetched, as far as their sources say it.
  returned: with O(action=plan)
  type: int
  sample: 739869
progress:
  description: How far the program is.
  returned: with O(action=state) and O(action=wait)
  type: dict
  sample: {job: 3f1c0a9d2b4e.1, state: running, folder: lab--tiny-llama, done: 4096, total: 739869}
holder:
  description: Who fills the directory now, or null.
  returned: with O(action=state) and O(action=wait)
  type: str
  sample: process 4242 of _models, since 2026-11-30 12:00:00
"""

import contextlib
import json
import pwd
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import job, mount, plan, text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.hub import Hub

GIGABYTE = 1 << 30
DIRECTORY_MODE = 0o755


def work_of(path: str) -> dict[str, Any]:
    """Return the work that was written down last, or nothing."""
    with contextlib.suppress(ValueError):
        return dict(json.loads(_files.read(path) or b"{}"))
    return {}


def owner_of(name: str, check_mode: bool) -> tuple[int, int]:
    """Return the numbers of a user and its group; in check mode it may not exist yet."""
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        if check_mode:
            return -1, -1
        raise ModelError(f"There is no user {name} on this host; create it first.") from None
    return user.pw_uid, user.pw_gid


class Place:
    """The directory of models, its owner, and the disk it lies on."""

    def __init__(self, params: dict[str, Any], owner: tuple[int, int]) -> None:
        self._directory, self._state_directory, self._owner = params["directory"], params["state_directory"], owner
        self._name = params["owner"]
        self._marker = f"{self._directory}/{mount.MARKER}"

    def plan(self) -> list[str]:
        """Return what has to be made; refuse a disk that is not there."""
        wrong = mount.problem(self._directory, self._state_directory)
        if wrong:
            raise ModelError(wrong)
        there = _files.directory_mode_and_owner(self._directory)
        steps = [] if there == (DIRECTORY_MODE, *self._owner) or self._keeps_no_owners() else ["make the directory"]
        return [*steps, *(["remember the disk"] if mount.is_new(self._directory, self._state_directory) else [])]

    def check_owner(self, folders: list[str]) -> None:
        """Refuse a folder that somebody else has put here: the program could not move it."""
        uid = self._owner[0]
        if uid < 0 or self._keeps_no_owners():
            return
        others = [path for folder in folders for path in plan.folders.of_others(Path(self._directory), folder, uid)]
        if others:
            top = Path(self._directory, others[0].relative_to(self._directory).parts[0])
            raise ModelError(
                f"{others[0]} does not belong to {self._name}, to whom models belong, so it cannot be replaced: run"
                f" `sudo chown -R {self._name} {top}`, or remove it."
            )

    def _keeps_no_owners(self) -> bool:
        """Tell whether the disk shows another owner of a file than the one that it was given, as exFAT does."""
        shown = _files.file_mode_and_owner(self._marker)
        return shown is not None and shown[1] != self._owner[0]

    def apply(self, steps: list[str]) -> None:
        """Make it."""
        if "make the directory" in steps:
            _files.make_directory(self._directory, DIRECTORY_MODE, self._owner)
        if "remember the disk" in steps:
            name = mount.marker(self._directory) or mount.new_marker()
            _files.write(self._marker, f"{name}\n".encode(), 0o644, self._owner)
            _files.make_directory(self._state_directory)
            memory = mount.memory(self._directory, name)
            _files.write(f"{self._state_directory}/{mount.MEMORY}", memory.encode())


def plan_work(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Read, plan, write the work down."""
    place = Place(params, owner_of(params["owner"], check_mode))
    steps = place.plan()
    directory = Path(params["directory"])
    wanted, absent = plan.merge(params["models"], params["host"])
    place.check_owner([*(one.folder for one in wanted), *absent])
    found = [plan.look(directory, one) for one in wanted]
    made = plan.make(directory, found, absent, Hub(params["endpoint"], params["token"]), params["accepted_licenses"])
    plan.check_disk(directory, made.missing, int(params["reserve_gigabytes"] * GIGABYTE))
    work, before = made.work(), work_of(params["work"])
    name = str(before.get("job") or "")
    if work:
        work["endpoint"] = params["endpoint"]
        if before.get("endpoint") == params["endpoint"] and plan.covers(before, work) and job.holder(directory):
            work = {}  # it is being done
        else:
            name = work["job"] = job.name(work, name)
    if not check_mode:
        place.apply(steps)
        if work:
            _files.make_directory(str(Path(params["work"]).parent))
            _files.write(params["work"], (json.dumps(work, indent=1) + "\n").encode())
            if work_of(params["work"]) != work:
                raise ModelError(f"{params['work']} does not hold what was written to it; check the disk.")
    return {
        "changed": bool(steps or work),
        "job": name,
        "lines": lines(made),
        "bytes": made.missing,
        "diff": {"before": _text([_there(one) for one in found if one.manifest]), "after": _text(_after(found, made))},
    }


def lines(made: plan.Plan) -> list[str]:
    """Return what is to be done, a line for each folder."""
    found = [_fetch(one) for one in made.fetch]
    found += [f"move {text.names(paths)} out of {folder}" for folder, paths in made.aside.items()]
    return [*found, *(f"remove {folder}" for folder in made.remove)]


def _fetch(one: plan.Fetch) -> str:
    size = text.size(one.bytes) if all(item.size is not None for item in one.items) else "of unknown size"
    rest = f", of which {text.size(one.missing)} are missing" if one.missing != one.bytes else ""
    return f"fetch {one.wanted.folder}: {text.files(len(one.items))}, {size}{rest}"


def _there(folder: plan.Folder) -> str:
    found = folder.manifest
    if found is None:
        return f"{folder.wanted.folder}: nothing"
    return f"{found.folder}: {text.files(len(found.files))}, {text.size(found.bytes)}, at {found.revision[:12]}"


def _after(found: list[plan.Folder], made: plan.Plan) -> list[str]:
    coming = {one.wanted.folder: one for one in made.fetch}
    described = []
    for folder in found:
        one = coming.get(folder.wanted.folder)
        if one is None:
            described.append(_there(folder))
        else:
            revision = one.as_dict()["revision"]
            at = f", at {revision[:12]}" if revision else ""
            described.append(f"{one.wanted.folder}: {text.files(len(one.items))}, {text.size(one.bytes)}{at}")
    return described


def _text(described: list[str]) -> str:
    return "".join(f"{line}\n" for line in described)


def read_state(params: dict[str, Any]) -> dict[str, Any]:
    """Return how far the program is."""
    return {
        "changed": False,
        "job": str(work_of(params["work"]).get("job") or ""),
        "progress": asdict(job.read_state(_files.read(params["state"]))),
        "holder": job.holder(Path(params["directory"])),
    }


def check(params: dict[str, Any]) -> dict[str, Any]:
    """Fail unless every folder is complete."""
    directory = Path(params["directory"])
    wrong = mount.problem(params["directory"], params["state_directory"])
    if wrong:
        raise ModelError(wrong)
    wanted, absent = plan.merge(params["models"])
    found = [plan.look(directory, one) for one in wanted]
    missing = [one.wanted.folder for one in found if not one.is_complete]
    left = [folder for folder in absent if plan.folders.traces(directory, folder)]
    if missing or left:
        said = " ".join(job.read_state(_files.read(params["state"])).sentences)
        what = f"{text.names(missing)} is not complete" if missing else f"{text.names(left)} is still there"
        raise ModelError(f"{what} in {directory}: {said or 'read the log of the service model-store.'}")
    return {"changed": False, "job": read_state(params)["job"], "lines": [_there(one) for one in found]}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "action": {"type": "str", "choices": ["plan", "wait", "state", "check"], "default": "plan"},
            "models": {"type": "list", "elements": "dict", "default": []},
            "host": {"type": "str", "default": ""},
            "directory": {"type": "path", "required": True},
            "owner": {"type": "str", "default": "root"},
            "work": {"type": "path", "required": True},
            "state": {"type": "path", "required": True},
            "state_directory": {"type": "path", "required": True},
            "endpoint": {"type": "str", "default": "https://huggingface.co"},
            "token": {"type": "str", "no_log": True},
            "accepted_licenses": {"type": "list", "elements": "str", "default": []},
            "reserve_gigabytes": {"type": "float", "default": 0},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        if params["action"] == "plan":
            result = plan_work(params, module.check_mode)
        elif params["action"] == "check":
            result = check(params)
        else:
            # The action of this name asks again and again.
            result = read_state(params)
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
