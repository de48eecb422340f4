# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The sshd of a Mac that waits for its FileVault password, from macOS 26 on: whether it is there, and unlocking it.

Before the disk is unlocked it takes a password alone, says so in a banner, and never lets anybody in: after the right
password it says that it unlocked the disk and refuses the login all the same. See apple_ssh_and_filevault(7).
"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

LOCKED = "this system is locked"
UNLOCKED = "system successfully unlocked"
"""Not "successfully unlocked" alone, which the banner of a locked Mac has as well."""
_PROMPT = re.compile(r"password:\s*\Z", re.IGNORECASE)
_KEY = re.compile(r"^[^#\s]\S* (?P<kind>(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+) (?P<key>[A-Za-z0-9+/=]+)(?:\s|$)")
_OTHER_KEY = ("host identification has changed", "host key verification failed", "host key is known")
_REFUSED = ("permission denied", "too many authentication failures")
TALK_SECONDS = 40.0
_END_SECONDS = 2.0


class State(Enum):
    """What answers at the port of ssh."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    """By this conversation."""
    REFUSED = "refused"
    """The password was sent, and is a wrong one."""
    UNKNOWN_OUTCOME = "unknown outcome"
    """The password was sent, and nobody said what came of it."""
    OTHER_KEY = "other key"
    """Another key than the file has: nothing was sent."""
    OPEN = "open"
    """An sshd that does not say that it is locked."""
    SILENT = "silent"


@dataclass(frozen=True)
class Talk:
    """One conversation, with what was said; a password is not in it."""

    state: State
    said: str


def arguments(base: Sequence[str], address: str, port: int | None, user: str, known_hosts: Path | None) -> list[str]:
    """Return the ssh command of a conversation; `base` are the arguments of the usual connection.

    Of an option that is given twice ssh takes the first, so ours stand in front. `known_hosts` replaces the usual file
    of host keys; what is not in it is refused by ssh itself, before anything is sent.
    """
    options = {
        "StrictHostKeyChecking": "yes",
        "PubkeyAuthentication": "no",
        "PreferredAuthentications": "keyboard-interactive,password",
        "NumberOfPasswordPrompts": "1",
        "ConnectTimeout": "10",
        "LogLevel": "INFO",
        "ControlMaster": "no",
        "ControlPath": "none",
        "ForwardAgent": "no",
        "UpdateHostKeys": "no",
    }
    if known_hosts is not None:
        options |= {"UserKnownHostsFile": f'"{known_hosts}"', "GlobalKnownHostsFile": "/dev/null"}
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return ["ssh", *words, *base, *(["-p", str(port)] if port else []), "-l", user, address, "true"]


def talk(argv: Sequence[str], password: str | None = None, seconds: float = TALK_SECONDS) -> Talk:
    """Ask who is there, and give the password to one that says that it is locked: once, at a terminal of its own.

    ssh reads a password from its terminal alone, so it is in no argument, no environment and no file.
    """
    process, terminal = pty.fork()
    if process == 0:  # pragma: no cover - another process
        os.environ.update(LC_ALL="C", TERM="dumb")
        for name in ("SSH_ASKPASS", "SSH_ASKPASS_REQUIRE"):
            os.environ.pop(name, None)
        try:
            os.execvp(argv[0], list(argv))  # noqa: S606 - it needs the terminal of this process, and no shell
        except OSError:
            os._exit(127)
    said, sent = "", None
    deadline = time.monotonic() + seconds
    try:
        while (left := deadline - time.monotonic()) > 0:
            text = _read(terminal, left)
            if text is None:
                break
            said += text
            if sent is not None and (UNLOCKED in _plain(said[sent:]) or _PROMPT.search(said[sent:])):
                break
            if sent is None and _PROMPT.search(said):
                if password is None or LOCKED not in _plain(said):
                    break
                os.write(terminal, password.encode() + b"\n")
                sent = len(said)
    finally:
        _end(process, terminal)
    hidden = said.replace(password, "********") if password else said
    return Talk(_judge(said, sent), " ".join(hidden.split()))


def _read(terminal: int, seconds: float) -> str | None:
    """Return what came, or None at the end; Linux ends a terminal with an error."""
    ready, _, _ = select.select([terminal], [], [], max(0.0, seconds))
    if not ready:
        return None
    try:
        data = os.read(terminal, 65536)
    except OSError:
        return None
    return data.decode("utf-8", "replace") if data else None


def _end(process: int, terminal: int) -> None:
    """End the conversation, whatever ssh still waits for."""
    with contextlib.suppress(OSError):
        os.close(terminal)
    deadline = time.monotonic() + _END_SECONDS
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)
        while True:
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(process, os.WNOHANG)[0] == 0 and time.monotonic() < deadline:
                    time.sleep(0.02)
                    continue
            break
        deadline = time.monotonic() + _END_SECONDS


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _judge(said: str, sent: int | None) -> State:
    """Tell what the conversation was; where a password was sent, only what was said afterwards counts."""
    if sent is not None:
        answer = _plain(said[sent:])
        if UNLOCKED in answer:
            return State.UNLOCKED
        if _PROMPT.search(said[sent:]) or any(word in answer for word in _REFUSED):
            return State.REFUSED
        return State.UNKNOWN_OUTCOME
    plain = _plain(said)
    if any(word in plain for word in _OTHER_KEY):
        return State.OTHER_KEY
    if LOCKED in plain:
        return State.LOCKED
    if _PROMPT.search(said) or any(word in plain for word in _REFUSED):
        return State.OPEN
    return State.SILENT


@dataclass(frozen=True)
class EnrolledKeys:
    """The file of pre-boot host keys, one line for each key, as ssh reads it."""

    path: Path

    def keys(self, address: str, port: int | None) -> list[str]:
        """Return the keys of a host."""
        return [line.partition(" ")[2] for line in self._lines() if line.partition(" ")[0] == name_of(address, port)]

    def write(self, address: str, port: int | None, keys: Iterable[str]) -> bool:
        """Replace the keys of a host, and tell whether they were others; only the owner reads the file."""
        name = name_of(address, port)
        others = [line for line in self._lines() if line.partition(" ")[0] != name]
        lines = [*others, *sorted(f"{name} {key}" for key in keys)]
        if sorted(lines) == sorted(self._lines()):
            return False
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.path.with_name(f"{self.path.name}.new")
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600, exist_ok=False)
        partial.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        partial.replace(self.path)
        return True

    def _lines(self) -> list[str]:
        try:
            return [line for line in self.path.read_text(encoding="utf-8").splitlines() if line.strip()]
        except FileNotFoundError:
            return []


def name_of(address: str, port: int | None) -> str:
    """Return what a host is called in a file of host keys."""
    return address if port in {None, 22} else f"[{address}]:{port}"


def parse_scan(text: str) -> list[str]:
    """Return the keys in what ssh-keyscan prints: their kind and themselves, without the name."""
    found = (_KEY.match(line) for line in text.splitlines())
    return sorted({f"{match['kind']} {match['key']}" for match in found if match})
