# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The bridge that macOS makes of its Thunderbolt ports: what runs, what is stored, and how to end or remake it.

No verb of networksetup edits a bridge, and switching its service off leaves the bridge forwarding. Its spanning tree is
inert, so a ring of cables over it loops. It has to be destroyed, and deleted from the stored preferences, from which
macOS remakes it at boot and whenever a cable is plugged in.

It also comes back, when somebody logs in at the screen, over every Thunderbolt port that has no service in any
location: a service that is switched off keeps a port out of it (SCMonitor in Apple's configd).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import plistlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names, _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

IFCONFIG = "/sbin/ifconfig"
PREFERENCES = "/Library/Preferences/SystemConfiguration/preferences.plist"
BACKUP = f"{_names.STATE_DIRECTORY}/network-preferences.plist"
LOCK = f"{PREFERENCES}-lock"
"""Held by every program of Apple's that changes the preferences, and removed afterwards (SCPLock.c)."""
LOCK_SECONDS = 30
EDIT_ATTEMPTS = 5
PORT_NAME = "Thunderbolt Bridge"


@dataclass(frozen=True)
class Bridge:
    """One bridge as it runs and as it is stored."""

    device: str
    running: bool
    members: tuple[str, ...]
    stored: bool


@dataclass(frozen=True)
class Edit:
    """A change of the stored preferences: the members of a bridge, or None to forget it."""

    device: str
    members: tuple[str, ...] | None


def read(commands: Commands, device: str) -> Bridge:
    """Read a bridge from the kernel and from the stored preferences."""
    result = commands.run([IFCONFIG, device])
    if result.rc != 0 and "does not exist" not in result.text:
        raise NetworkError(f"`ifconfig {device}` failed with status {result.rc}: {result.text}")
    members = tuple(re.findall(r"^\tmember: (\S+)", result.out, re.MULTILINE)) if result.rc == 0 else ()
    return Bridge(device, result.rc == 0, members, device in _stored(_load()))


def plan(bridge: Bridge, state: str, ports: tuple[str, ...]) -> list[list[str] | Edit]:
    """Return what brings a bridge to its state.

    The preferences come first: a bridge that runs without being stored is seen and ended by the next run, one that is
    stored would come back behind our back.
    """
    steps: list[list[str] | Edit] = []
    if state == "absent":
        if bridge.stored:
            steps.append(Edit(bridge.device, None))
        steps += [[IFCONFIG, bridge.device, "deletem", member] for member in bridge.members]
        return [*steps, [IFCONFIG, bridge.device, "destroy"]] if bridge.running else steps
    if not bridge.stored:
        steps.append(Edit(bridge.device, ports))
    if not bridge.running:
        steps.append([IFCONFIG, bridge.device, "create"])
    missing = [port for port in ports if port not in bridge.members]
    steps += [[IFCONFIG, bridge.device, "addm", port] for port in missing]
    return steps if bridge.running else [*steps, [IFCONFIG, bridge.device, "up"]]


def describe(bridge: Bridge) -> dict[str, Any]:
    """Return a bridge as a difference shows it."""
    return {"running": bridge.running, "members": list(bridge.members), "stored": bridge.stored}


def after(bridge: Bridge, state: str, ports: tuple[str, ...]) -> Bridge:
    """Return the bridge as it is to become."""
    if state == "absent":
        return Bridge(bridge.device, False, (), False)
    added = tuple(port for port in ports if port not in bridge.members)
    return Bridge(bridge.device, True, (*bridge.members, *added), True)


def apply_edit(edit: Edit) -> None:
    """Change the stored preferences in one step, after putting a copy of them aside.

    Whoever writes them without the lock is seen by what the file holds just before it is replaced.
    """
    for _ in range(EDIT_ATTEMPTS):
        with _locked():
            content = _files.read(PREFERENCES) or b""
            edited = _edited(edit, content)
            _files.make_directory(_names.STATE_DIRECTORY, 0o700)
            _files.write(BACKUP, content, 0o600)
            if (_files.read(PREFERENCES) or b"") != content:
                continue
            _files.write(PREFERENCES, edited)
            if (edit.device in _stored(_load())) is (edit.members is None):
                raise NetworkError(f"{PREFERENCES} does not hold what was written to it; the copy before is {BACKUP}.")
            return
    raise NetworkError(f"{PREFERENCES} changes all the time, so that nothing was written to it: repeat this run later.")


def _edited(edit: Edit, content: bytes) -> bytes:
    preferences = _parse(content)
    bridges = preferences.setdefault("VirtualNetworkInterfaces", {}).setdefault("Bridge", {})
    if edit.members is None:
        bridges.pop(edit.device, None)
    else:
        bridges[edit.device] = {
            "Interfaces": list(edit.members),
            "Options": {"__AUTO__": "thunderbolt-bridge"},
            "UserDefinedName": PORT_NAME,
        }
    form = plistlib.FMT_BINARY if content.startswith(b"bplist") else plistlib.FMT_XML
    return plistlib.dumps(preferences, fmt=form)


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """Keep Apple's programs from changing the preferences meanwhile."""
    lock = _files.real(LOCK)
    lock.parent.mkdir(parents=True, exist_ok=True)
    found: list[int] = []

    def taken() -> bool:
        descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its holder before has removed it: another one may lock a new file of that name.
            if os.fstat(descriptor).st_nlink:
                found.append(descriptor)
                return True
        except BlockingIOError:
            pass
        os.close(descriptor)
        return False

    if not _wait.wait_until(taken, LOCK_SECONDS):
        raise NetworkError(
            f"Another program has been changing the network preferences for {LOCK_SECONDS} seconds ({LOCK}): repeat "
            "this run later."
        )
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(found[0])


def _load() -> dict[str, Any]:
    """Read the stored preferences."""
    return _parse(_files.read(PREFERENCES) or b"")


def _parse(content: bytes) -> dict[str, Any]:
    if not content:
        return {}
    try:
        preferences: dict[str, Any] = plistlib.loads(content)
    except (ExpatError, ValueError, plistlib.InvalidFileException) as error:
        raise NetworkError(f"{PREFERENCES} is damaged ({error}): restore it before changing the network.") from error
    return preferences


def _stored(preferences: dict[str, Any]) -> dict[str, Any]:
    bridges: dict[str, Any] = preferences.get("VirtualNetworkInterfaces", {}).get("Bridge", {})
    return bridges
