# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The files of AdGuard Home on its host: read, checked by the program, replaced while it is stopped, put back."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import pwd
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Launchd

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

SYSTEMCTL = "/usr/bin/systemctl"
STOP_SECONDS = 90
FILE_MODE = 0o600
DIRECTORY_MODE = 0o700


class AdguardError(ClusterError):
    """The configuration could not be read, was refused, or could not be put in place."""


class Program:
    """The service that runs the program, as far as its file has to be changed while it is stopped."""

    def __init__(self, commands: Commands, name: str) -> None:
        self._commands = commands
        self._name = name
        self._launchd = Launchd(commands) if platform.system() == "Darwin" else None

    def stop(self) -> bool:
        """Stop it until the next start or boot; tell whether it ran."""
        if self._launchd:
            label = _names.launchd_label(self._name)
            loaded = self._launchd.job(label).loaded
            if loaded:
                self._launchd.unload(label)
            return loaded
        unit = _names.systemd_unit(self._name)
        state = self._commands.run([SYSTEMCTL, "is-active", unit]).out.strip()
        if state in {"inactive", "failed", "unknown", ""}:
            return False
        self._commands.check_output([SYSTEMCTL, "stop", unit], timeout=STOP_SECONDS)
        return True

    def start(self) -> None:
        """Start what was stopped."""
        if self._launchd:
            label = _names.launchd_label(self._name)
            self._launchd.load(label, _names.launchd_plist(label))
        else:
            self._commands.check_output([SYSTEMCTL, "start", _names.systemd_unit(self._name)], timeout=STOP_SECONDS)


class Home:
    """The program's file, what we remember of it, and what it was before the last change."""

    def __init__(self, path: str, owner: str) -> None:
        self.path = path
        self._owner = owner
        # Beside the home of its user: what root puts back is nothing that this user could have written.
        home = str(Path(path).parent.parent)
        self._remembered = f"{home}.managed.json"
        self._before = f"{home}.before.json"

    def read(self) -> dict[str, Any]:
        """Return the file and what we remember."""
        content = _files.read(self.path)
        remembered = _files.read(self._remembered)
        return {
            "content": None if content is None else base64.b64encode(content).decode(),
            "digest": digest(content),
            "remembered": json.loads(remembered) if remembered else {},
            "unfinished": _files.exists(self._before),
        }

    def keep(self) -> bool:
        """Keep the file as it is until it is restored or committed; tell whether it was not kept already."""
        if _files.exists(self._before):
            return False
        before = {key: value for key, value in self.read().items() if key in {"content", "remembered"}}
        _files.make_directory(str(Path(self._before).parent))
        _files.write(self._before, json.dumps(before).encode(), FILE_MODE)
        return True

    def replace(self, content: str, remembered: dict[str, Any]) -> None:
        """Put a new file in place, keep the old one, and read back."""
        self.keep()
        self._write(content.encode())
        self._remember(remembered)
        if _files.read(self.path) != content.encode():
            raise AdguardError(f"{self.path} does not hold what was written to it; check the disk.")

    def restore(self) -> bool:
        """Put back what was there before the last change; tell whether there was a change."""
        before = _files.read(self._before)
        if before is None:
            return False
        state = json.loads(before)
        if state["content"] is None:
            _files.remove(self.path)
        else:
            self._write(base64.b64decode(state["content"]))
        self._remember(state["remembered"])
        _files.remove(self._before)
        return True

    def commit(self, remembered: dict[str, Any] | None = None) -> bool:
        """Forget what was before the last change; tell whether there was anything."""
        if remembered and remembered != self.read()["remembered"]:
            self._remember(remembered)
        there = _files.exists(self._before)
        _files.remove(self._before)
        return there

    def there(self) -> bool:
        """Tell whether there is a file that the program can start with."""
        return _files.exists(self.path)

    def _remember(self, entries: dict[str, Any]) -> None:
        _files.write(self._remembered, json.dumps(entries, indent=1).encode(), FILE_MODE)

    def _write(self, content: bytes) -> None:
        try:
            user = pwd.getpwnam(self._owner)
        except KeyError:
            raise AdguardError(f"there is no user {self._owner} to own {self.path}.") from None
        owner = (user.pw_uid, user.pw_gid)
        _files.make_directory(str(Path(self.path).parent), DIRECTORY_MODE, owner)
        _files.write(self.path, content, FILE_MODE, owner)


def digest(content: bytes | None) -> str:
    """Return what tells two contents apart."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def check(commands: Commands, program: str, content: str) -> dict[str, Any]:
    """Let the program check a copy: it writes a file of an older schema anew."""
    with tempfile.TemporaryDirectory(prefix="adguard-home-check-") as directory:
        copy = Path(directory) / "AdGuardHome.yaml"
        copy.write_text(content, encoding="utf-8")
        copy.chmod(FILE_MODE)
        result = commands.run([program, "--check-config", "-c", str(copy), "-w", directory])
        written = copy.read_bytes()
    said = [line.partition("] ")[2] or line for line in (result.out + result.err).splitlines() if line.strip()]
    return {
        "ok": result.rc == 0,
        "said": said[-1] if said else "it printed nothing",
        "migrated": None if written == content.encode() else base64.b64encode(written).decode(),
    }
