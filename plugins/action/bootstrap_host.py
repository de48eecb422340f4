# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a bare host, which only knows a password and may have no Python, under Ansible's management.

Documented in plugins/modules/bootstrap_host.py. Everything here runs by the connection's own commands and file
transfer: on a bare Mac ``/usr/bin/python3`` is a stub and no module could run.
"""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _archive, _checksum
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _ssh_key

SUDOERS_FILE = "/etc/sudoers.d/hybrid-ai"
ARCHIVE_MARKER = ".archive-sha256"

PROBE = """
umask 077
echo kernel="$(uname -s)"
echo user="$(id -un)"
echo uid="$(id -u)"
keys="$HOME/.ssh/authorized_keys"
if [ -f "$keys" ] && grep -v '^[[:space:]]*#' "$keys" | grep -qF -e {key}; then echo key=present; fi
if sudo -k -n true >/dev/null 2>&1; then echo sudo=passwordless; fi
if [ -f {marker} ]; then echo archive="$(cat {marker})"; fi
if {interpreter} -c 'import json' >/dev/null 2>&1; then echo python=works; fi
"""

AUTHORIZE = """
set -e
umask 077
mkdir -p "$HOME/.ssh"
file="$HOME/.ssh/authorized_keys"
[ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] || echo >> "$file"
printf '%s\\n' {key} >> "$file"
chmod 0700 "$HOME/.ssh"
chmod 0600 "$file"
"""

# A file with a dot in its name is not read by sudo, so a half-written one does no harm.
ALLOW_SUDO = """
set -e
umask 077
mkdir -p /etc/sudoers.d
printf '%s ALL=(ALL) NOPASSWD: ALL\\n' {user} > {file}.new
visudo -cqf {file}.new
chmod 0440 {file}.new
mv -f {file}.new {file}
"""

# Unpacked beside the old one and tried before it takes its place.
UNPACK_PYTHON = """
set -e
archive={archive}
trap 'rm -f "$archive"' EXIT
[ "$(shasum -a 256 "$archive" | cut -d ' ' -f 1)" = {checksum} ]
rm -rf {root}.new
mkdir -p {root}.new
tar -xzf "$archive" -C {root}.new
chown -R 0:0 {root}.new
{root}.new/python/bin/python3 -c 'import json, ssl, plistlib'
printf '%s\\n' {checksum} > {root}.new/python/{marker}
rm -rf {root}.old
[ ! -d {root} ] || mv {root} {root}.old
mv {root}.new/python {root}
rm -rf {root}.old {root}.new
"""

INSTALL_PYTHON_PACKAGE = """
set -e
command -v apt-get >/dev/null
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq python3 >/dev/null
"""


@dataclass(frozen=True)
class HostState:
    """What a probe saw."""

    kernel: str
    user: str
    is_root: bool
    key: bool
    sudo: bool
    python: bool
    archive: str | None

    @classmethod
    def parse(cls, text: str) -> HostState:
        """Read the ``name=value`` lines of a probe; a login banner between them does no harm."""
        values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        return cls(
            kernel=values.get("kernel", ""),
            user=values.get("user", ""),
            is_root=values.get("uid") == "0",
            key=values.get("key") == "present",
            sudo=values.get("sudo") == "passwordless" or values.get("uid") == "0",
            python=values.get("python") == "works",
            archive=values.get("archive"),
        )


def missing(state: HostState, checksum: str) -> list[str]:
    """Name what the host still lacks, in the order in which it is brought."""
    parts = []
    if not state.key:
        parts.append("cluster key")
    if not state.sudo:
        parts.append("passwordless sudo")
    if wants_archive(state, checksum) or not state.python:
        parts.append("Python")
    return parts


def wants_archive(state: HostState, checksum: str) -> bool:
    """Tell whether the pinned CPython has to be sent."""
    return state.kernel == "Darwin" and (state.archive != checksum or not state.python)


def installation_root(interpreter: str) -> str:
    """Return the directory to unpack into, from the interpreter's path."""
    root, separator, rest = interpreter.rpartition("/bin/python3")
    if not separator or rest or not root.startswith("/") or root in ("/usr", "/usr/local", "/opt/homebrew"):
        message = (
            f"ansible_python_interpreter is {interpreter!r}, where no Python of ours can be put; "
            "write /opt/hybrid-ai/python/bin/python3"
        )
        raise AnsibleActionFail(message)
    return root


def verify(archive: Path, checksum: str) -> None:
    """Refuse to send what is not pinned, or would write outside the directory it is unpacked in."""
    try:
        with archive.open("rb") as file:
            seen = hashlib.file_digest(file, "sha256").hexdigest()
        if seen != checksum:
            wrong = f"{archive} has the checksum sha256:{seen} where sha256:{checksum} is pinned"
            raise AnsibleActionFail(f"{wrong}; remove it and run again")
        _archive.check(archive)
    except (ClusterError, OSError) as error:
        raise AnsibleActionFail(str(error)) from error


class ActionModule(ActionBase):
    """Probe, name what is missing, bring it, probe again."""

    TRANSFERS_FILES = True
    _VALID_ARGS = frozenset({"private_key_file", "interpreter", "archive", "checksum"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action; see the module's documentation for arguments and results."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self._task.args
        self.key = self._public_key(Path(str(arguments["private_key_file"])).expanduser())
        self.interpreter = str(arguments["interpreter"])
        try:
            self.checksum = _checksum.digits(str(arguments["checksum"]))
        except ClusterError as error:
            raise AnsibleActionFail(str(error)) from error
        archive = Path(str(arguments["archive"]))

        before = self._probe()
        wanted = missing(before, self.checksum)
        result["changed"] = bool(wanted)
        result["brought"] = wanted
        result["wants_archive"] = wants_archive(before, self.checksum)
        after_text = "".join(f"{part}\n" for part in wanted)
        result["diff"] = {"before": "", "after": after_text, "before_header": "bare", "after_header": "managed"}
        if not wanted or self._task.check_mode:
            return result

        if "cluster key" in wanted:
            self._execute(AUTHORIZE.format(key=shlex.quote(self.key)), "the cluster's key could not be authorized")
        if "passwordless sudo" in wanted:
            script = ALLOW_SUDO.format(user=shlex.quote(before.user), file=SUDOERS_FILE)
            self._execute(script, f"{SUDOERS_FILE} could not be written", as_root=True)
        if "Python" in wanted:
            self._bring_python(before, archive)

        still = missing(self._probe(), self.checksum)
        if still:
            message = f"{', '.join(still)} did not show after the change; run again with -vvv"
            raise AnsibleActionFail(message)
        return result

    def _public_key(self, file: Path) -> str:
        if self._task.check_mode and not file.exists():
            return "(not made yet)"  # no host has one that a check did not make
        try:
            # The proof, which follows, says so where nobody gives ssh its passphrase.
            return _ssh_key.public_half(file, may_ask=False)
        except ClusterError as error:
            raise AnsibleActionFail(f"{file} {error}") from error

    def _bring_python(self, state: HostState, archive: Path) -> None:
        if state.kernel != "Darwin":
            self._execute(INSTALL_PYTHON_PACKAGE, "python3 could not be installed; install it by hand", as_root=True)
            return
        root = installation_root(self.interpreter)
        verify(archive, self.checksum)
        remote = self._execute("mktemp /tmp/hybrid-ai-python.XXXXXX", "no temporary file could be made").strip()
        self._connection.put_file(str(archive), remote)
        script = UNPACK_PYTHON.format(
            archive=shlex.quote(remote),
            checksum=shlex.quote(self.checksum),
            root=shlex.quote(root),
            marker=ARCHIVE_MARKER,
        )
        self._execute(script, f"{archive.name} could not be unpacked into {root}", as_root=True)

    def _probe(self) -> HostState:
        root = self.interpreter.removesuffix("/bin/python3")
        script = PROBE.format(
            key=shlex.quote(_ssh_key.bare(self.key)),
            marker=shlex.quote(f"{root}/{ARCHIVE_MARKER}"),
            interpreter=shlex.quote(self.interpreter),
        )
        return HostState.parse(self._execute(script, "the host could not be examined"))

    def _execute(self, script: str, failure: str, *, as_root: bool = False) -> str:
        answer = self._low_level_execute_command(f"/bin/sh -c {shlex.quote(script)}", sudoable=as_root)
        if answer["rc"] != 0:
            said = (answer["stderr"] or answer["stdout"]).strip().splitlines()
            reason = said[-1] if said else f"status {answer['rc']}"
            raise AnsibleActionFail(f"{failure}: {reason}")
        return str(answer["stdout"])
