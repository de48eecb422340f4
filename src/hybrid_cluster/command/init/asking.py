# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ask machines over SSH, all at once, the way every run of the project reaches them: by Ansible."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import project
from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.command.init import ansible, finding, machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hybrid_cluster.command.init.finding import Place
    from hybrid_cluster.command.init.machine import Machine

NEW = "cluster_init_new"
"""The group of machines that the inventory does not have; their names are their places in the list."""
_CONNECT_SECONDS = 10
_TASK_SECONDS = 120
_RUN_SECONDS = 600
# The first contact pins the host's key; a host whose pinned key differs is refused by ssh.
_SSH_ARGS = "-o StrictHostKeyChecking=accept-new"


@dataclass(frozen=True)
class Login:
    """How to log in to machines that are in no inventory yet."""

    user: str
    known_hosts: Path
    """Where the keys of hosts are pinned."""
    key: Path | None = None
    """The cluster's key, where there is one."""
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answers:
    """What came of it, by name."""

    machines: dict[str, Machine] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)
    """Why others are not known: a sentence that says what to do."""


def ask(hosts: Sequence[str], sources: Sequence[str], places: Sequence[Place], login: Login, folder: Path) -> Answers:
    """Run the script on hosts of an inventory and on new machines, whose names are new0, new1 and so on.

    `folder` is a private one, for the list of the new machines. The password goes over standard input.

    :raises ClusterError: Ansible could not be started, or printed nothing that can be read
    """
    names = [*hosts, *(f"new{number}" for number in range(len(places)))]
    if not names:
        return Answers()
    listed = folder / "new.yml"
    listed.write_text(json.dumps(new_inventory(places, login)), encoding="utf-8")
    argv = [
        *(str(Path(sys.executable).parent / "ansible"), ",".join(names)),
        *(word for source in [*sources, str(listed)] for word in ("--inventory", source)),
        *("--module-name", "ansible.builtin.raw", "--args", json.dumps({"_raw_params": machine.SCRIPT})),
        *("--extra-vars", json.dumps({"ansible_become": False}), "--task-timeout", str(_TASK_SECONDS)),
        *(("--connection-password-file", "-") if login.password else ()),
    ]
    try:
        done = subprocess.run(
            argv,
            input=login.password or "",
            capture_output=True,
            text=True,
            timeout=_RUN_SECONDS,
            check=False,
            env=_environment(),
            cwd=project.find().root,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClusterError(f"the machines could not be asked: {type(error).__name__}.") from error
    results = ansible.read_results(done.stdout)
    if results is None:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        raise ClusterError(f"the machines could not be asked; Ansible says: {said[-1]}")
    return answers(names, {one.host: one.result for one in results}, login)


def new_inventory(places: Sequence[Place], login: Login) -> dict[str, Any]:
    """Return new machines as an inventory."""
    hosts = {}
    for number, place in enumerate(places):
        local = {"ansible_connection": "local"} if finding.is_here(place.address) else {}
        hosts[f"new{number}"] = {"ansible_host": place.address, "ansible_port": place.port, **local}
    common = f"-o UserKnownHostsFile='{login.known_hosts}' -o GlobalKnownHostsFile=/dev/null"
    key = {"ansible_ssh_private_key_file": str(login.key)} if login.key else {}
    variables = {"ansible_user": login.user, "ansible_ssh_common_args": common, **key}
    return {NEW: {"hosts": hosts, "vars": variables}}


def _environment() -> dict[str, str]:
    return {
        **ansible.environment(),
        "ANSIBLE_SSH_ARGS": _SSH_ARGS,
        "ANSIBLE_SSH_USETTY": "false",
        "ANSIBLE_TIMEOUT": str(_CONNECT_SECONDS),
    }


def answers(names: Sequence[str], results: Mapping[str, Mapping[str, Any]], login: Login) -> Answers:
    """Read what each machine said."""
    found = Answers()
    for name in names:
        result = results.get(name) or {}
        known = None if result.get("unreachable") else machine.parse(str(result.get("stdout") or ""))
        if known is None:
            found.silent[name] = why(result, login)
        elif not known.is_mac and not known.is_linux:
            found.silent[name] = f"its kernel is {known.kernel}; only macOS and Linux are served."
        else:
            found.machines[name] = known
    return found


def why(result: Mapping[str, Any], login: Login) -> str:
    """Say why a machine is not known, and what to do."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _first_contact

    said = " ".join(str(result.get("msg") or "").split())
    if not result.get("unreachable"):
        return f"its answer is not understood{f': {said}' if said else ''}."
    said = said.rpartition("Failed to connect to the host via ssh: ")[2]
    is_locked = "This system is locked" in said
    if not is_locked and re.search("Permission denied|incorrect password", said, re.IGNORECASE):
        how = "with this password" if login.password else "with no key; give its password"
        return f"it does not let {login.user} in {how}, or Remote Login is not on for this user."
    address = re.search(r"connect to host (\S+) port", said)
    target = _first_contact.Target(address[1] if address else "it", login.user, True, True, bool(login.password))
    return _first_contact.unreachable(said, target)
