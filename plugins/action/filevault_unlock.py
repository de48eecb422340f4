# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unlock a Mac that waits for its FileVault password, and enrol the host key that it waits with.

Documented in plugins/modules/filevault_unlock.py. All of it is done on the machine that runs Ansible: a Mac that waits
runs nothing.
"""

from __future__ import annotations

import shlex
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.filevault_text import parse_status
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._preboot import (
    EnrolledKeys,
    State,
    Talk,
    arguments,
    parse_scan,
    talk,
)

RETURN_SECONDS = 300.0
"""How long a Mac may take to start after it was unlocked, and to come to its pre-boot login after a restart."""
PERSON_SECONDS = 1800.0
"""How long a person may take to walk to the Mac and type."""
LOOK_SECONDS = 5.0
FIRST_RELEASE = 26
ENROLL = "run playbooks/unlock.yml -e enroll=yes for it once, when somebody can type the password at its screen"
BEFORE = "echo version=$(sw_vers -productVersion); echo boot=$(sysctl -n kern.boottime); fdesetup status"
RESTART = "shutdown -r now"


class ActionModule(ActionBase):
    """Sends the password to nobody but a Mac that says that it is locked, with the key that was enrolled for it."""

    _requires_connection = True
    _VALID_ARGS = frozenset({"enroll", "known_hosts", "password", "user"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action; see the module's documentation for arguments and results."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._host = str((task_vars or {})["inventory_hostname"])
        self._address = str(self._option("host") or self._host)
        port = self._option("port")
        self._port = int(port) if port else None
        self._user = self._task.args.get("user") or None
        self._password = self._task.args.get("password") or None
        self._enrolled = EnrolledKeys(Path(str(self._task.args["known_hosts"])).expanduser())
        done = self._enroll() if self._task.args.get("enroll") else self._unlock()
        return {**result, **done}

    def _unlock(self) -> dict[str, Any]:
        if not self._enrolled.keys(self._address, self._port):
            return self._without_enrolled_key()
        found = self._talk(self._enrolled.path)
        if found.state is State.OTHER_KEY:
            return self._without_enrolled_key()
        if found.state is not State.LOCKED:
            return self._not_locked(found)
        if self._task.check_mode:
            return {"changed": True, "state": "locked"}
        self._require_password()
        return self._after(self._talk(self._enrolled.path, self._password))

    def _without_enrolled_key(self) -> dict[str, Any]:
        """Look who answers, by the key that the host has when it runs; no password goes there."""
        found = self._talk(None)
        if found.state is State.LOCKED:
            raise AnsibleActionFail(
                f"{self._host} is locked and waits for the FileVault password, with a host key that was not enrolled "
                f"for that; no password was sent. Unlock it at its screen, and {ENROLL}."
            )
        if found.state is State.OTHER_KEY:
            raise AnsibleActionFail(
                f"{self._address} answers with a host key that is neither that of {self._host} nor one that was "
                "enrolled for it while it is locked; no password was sent. Find out who answers in its place; if it is "
                f"{self._host}, unlock it at its screen, and {ENROLL}."
            )
        return self._not_locked(found)

    def _not_locked(self, found: Talk) -> dict[str, Any]:
        if found.state is State.OPEN:
            return {"changed": False, "state": "running"}
        return {
            "unreachable": True,
            "msg": f"{self._address} does not answer: see that it is on, and on a cable ({found.said or 'silence'}). "
            "A Mac that waits for its FileVault password may be in no Wi-Fi.",
        }

    def _after(self, done: Talk) -> dict[str, Any]:
        if done.state is State.REFUSED:
            raise AnsibleActionFail(
                f"{self._host} did not take the FileVault password of {self._user}; it was not tried again, because a "
                "Mac locks itself after some wrong ones. Correct macos_headless_filevault_user and "
                "macos_headless_filevault_password, and repeat this run."
            )
        if done.state not in {State.UNLOCKED, State.UNKNOWN_OUTCOME}:
            raise AnsibleActionFail(f"{self._host} was locked, and is {done.state.value} now: {done.said}")
        if not self._is_back(RETURN_SECONDS):
            told = "said that it is unlocked" if done.state is State.UNLOCKED else "did not say what came of it"
            raise AnsibleActionFail(
                f"{self._host} got the FileVault password and {told}, but does not answer as usual after "
                f"{RETURN_SECONDS:.0f} seconds; the password was not sent again. Look at its screen."
            )
        return {"changed": True, "state": "unlocked"}

    def _enroll(self) -> dict[str, Any]:
        """Restart the Mac, see with which key it waits, and keep that once the same Mac is back."""
        before = self._look()
        if before is None:
            raise AnsibleActionFail(
                f"{self._host} does not answer as usual; it has to run while its key is enrolled. Unlock it at its "
                "screen first."
            )
        self._require_filevault(before)
        if self._task.check_mode:
            return {"changed": True, "state": "running"}
        self._execute(RESTART)
        keys = self._keys_while_locked()
        same = self._talk(None).state is State.LOCKED
        if same and self._password and self._user:
            # It proved to be the Mac by the key that it always has.
            self._after(self._talk(None, self._password))
        else:
            self._display.display(f"{self._host}: type the FileVault password at its screen now, this once.")
            if not self._is_back(PERSON_SECONDS):
                raise AnsibleActionFail(f"{self._host} was not unlocked; its key was not enrolled. Repeat this run.")
        after = self._look()
        if after is None or after["boot"] == before["boot"]:
            raise AnsibleActionFail(f"{self._host} did not restart; its key was not enrolled. Repeat this run.")
        changed = self._enrolled.write(self._address, self._port, keys)
        return {"changed": True, "state": "enrolled", "same_key": same, "keys_changed": changed}

    def _require_filevault(self, before: dict[str, str]) -> None:
        major = before.get("version", "").partition(".")[0]
        if not major.isdigit() or int(major) < FIRST_RELEASE:
            raise AnsibleActionFail(
                f"{self._host} has macOS {before.get('version') or 'of an unknown version'}, which takes the FileVault "
                f"password at its screen alone; ssh does so from version {FIRST_RELEASE} on. It was not restarted."
            )
        status = parse_status(before.get("filevault", ""))
        if status is None or not status.on:
            said = status.text if status else before.get("filevault") or "nothing"
            raise AnsibleActionFail(
                f"{self._host} does not wait for a password after a restart (fdesetup says {said.rstrip('.')}), so "
                "there is no key to enrol. It was not restarted."
            )

    def _keys_while_locked(self) -> list[str]:
        """Wait for the pre-boot login, and return the keys that it showed."""
        deadline = time.monotonic() + RETURN_SECONDS
        with tempfile.TemporaryDirectory() as directory:
            seen = EnrolledKeys(Path(directory) / "known_hosts")
            while time.monotonic() < deadline:
                keys = self._scan()
                if keys:
                    seen.write(self._address, self._port, keys)
                    if self._talk(seen.path).state is State.LOCKED:
                        return keys
                time.sleep(LOOK_SECONDS)
        raise AnsibleActionFail(
            f"{self._host} was restarted and does not ask for its FileVault password by ssh within "
            f"{RETURN_SECONDS:.0f} seconds; its key was not enrolled. Look at its screen: Remote Login has to be on, "
            "and it has to be on a cable."
        )

    def _require_password(self) -> None:
        if not (self._user and self._password):
            raise AnsibleActionFail(
                f"{self._host} is locked, and macos_headless_filevault_user and macos_headless_filevault_password are "
                "not both given: write them, the password in a vault."
            )

    def _option(self, name: str) -> Any:
        return self._connection.get_option(name) if self._connection.has_option(name) else None

    def _usual_arguments(self) -> list[str]:
        """Return what the usual connection says of its way, such as a host in between and the file of host keys."""
        return [
            word for name in ("ssh_common_args", "ssh_extra_args") for word in shlex.split(self._option(name) or "")
        ]

    def _talk(self, known_hosts: Path | None, password: str | None = None) -> Talk:
        # An account is needed to ask at all; nobody is let in.
        user = str(self._user or self._option("remote_user") or "nobody")
        return talk(arguments(self._usual_arguments(), self._address, self._port, user, known_hosts), password)

    def _scan(self) -> list[str]:
        """Return the host keys that are shown now."""
        argv = ["ssh-keyscan", "-T", "5", *(["-p", str(self._port)] if self._port else []), self._address]
        try:
            done = subprocess.run(
                argv, capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired):
            return []
        return parse_scan(done.stdout)

    def _execute(self, script: str) -> str | None:
        """Run something on the Mac over the usual connection; None where there is none."""
        try:
            answer = self._low_level_execute_command(f"/bin/sh -c {shlex.quote(script)}", sudoable=True)
        except (AnsibleConnectionFailure, AnsibleError):
            return None
        return str(answer["stdout"]) if answer["rc"] == 0 else None

    def _look(self) -> dict[str, str] | None:
        """Return version, boot and FileVault of a Mac that runs."""
        self._connection.reset()
        said = self._execute(BEFORE)
        if said is None or "boot=" not in said:
            return None
        values = dict(
            line.strip().split("=", 1) for line in said.splitlines() if line.startswith(("version=", "boot="))
        )
        values["filevault"] = "\n".join(
            line for line in said.splitlines() if not line.startswith(("version=", "boot="))
        )
        return values

    def _is_back(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._look() is not None:
                return True
            time.sleep(LOOK_SECONDS)
        return False
