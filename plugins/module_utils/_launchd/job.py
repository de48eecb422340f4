# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Bringing one system daemon of launchd to a wanted state: read, plan, apply, read back."""

from __future__ import annotations

import plistlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import LaunchdError, stays_running

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Job, Launchd

PLIST_MODE = 0o644
ROOT_OWNED = (PLIST_MODE, 0, 0)


@dataclass(frozen=True)
class Current:
    """One daemon as it is."""

    plist: dict[str, Any] | None
    file: bool
    sound: bool
    disabled: bool
    job: Job


def read_plist(path: str) -> dict[str, Any] | None:
    """Read a property list; one that is missing or damaged is none."""
    content = _files.read(path)
    if content is None:
        return None
    try:
        parsed = plistlib.loads(content)
    except (ExpatError, ValueError, plistlib.InvalidFileException):
        return None
    return parsed if isinstance(parsed, dict) else None


def check_plist(label: str, plist: dict[str, Any]) -> dict[str, Any]:
    """Return the property list with its label, or say what launchd would silently refuse."""
    if plist.get("Label", label) != label:
        raise LaunchdError(f"The property list of {label} names another Label, {plist['Label']!r}: leave Label out.")
    if not plist.get("ProgramArguments") and not plist.get("Program"):
        raise LaunchdError(f"The property list of {label} needs ProgramArguments or Program.")
    texts = {
        "ProgramArguments": plist.get("ProgramArguments", []),
        "EnvironmentVariables": list(plist.get("EnvironmentVariables", {}).values()),
    }
    for key, values in texts.items():
        for value in values:
            if not isinstance(value, str):
                raise LaunchdError(f"{key} of {label} must be strings, but {value!r} is not: put it in quotes.")
    _refuse_null(label, plist)
    return {"Label": label, **plist}


def _refuse_null(label: str, value: Any) -> None:
    """Fail on a null, which a property list cannot hold."""
    if value is None:
        raise LaunchdError(f"The property list of {label} holds a null, which launchd has no word for: leave it out.")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _refuse_null(label, inner)


def read(launchd: Launchd, label: str) -> Current:
    """Read everything that decides about one daemon."""
    path = _names.launchd_plist(label)
    return Current(
        plist=read_plist(path),
        file=_files.exists(path),
        sound=_files.mode_and_owner(path) == ROOT_OWNED,
        disabled=launchd.disabled(label),
        job=launchd.job(label),
    )


def plan(label: str, current: Current, state: str, plist: dict[str, Any] | None, stale: bool = False) -> list[str]:
    """Return the steps to the wanted state, in an order in which a run that dies half-way is finished by the next.

    A changed job is unloaded before its file is written: whatever happens in between, what is loaded never differs
    from the file. `stale` is one that has to be loaded again for another reason.
    """
    steps: list[str] = []
    if state == "absent":
        steps += ["unload"] if current.job.loaded else []
        steps += ["remove"] if current.file else []
        return steps + (["enable"] if current.disabled else [])

    differs = plist is not None and (current.plist != plist or not current.sound)
    moved = current.job.path not in (None, _names.launchd_plist(label))
    if state == "stopped":
        steps += [] if current.disabled else ["disable"]
        steps += ["unload"] if current.job.loaded else []
        return steps + (["write"] if differs else [])

    steps += ["enable"] if current.disabled else []
    if differs or moved or stale or not current.job.loaded:
        steps += ["unload"] if current.job.loaded else []
        steps += ["write"] if differs else []
        return [*steps, "load"]
    dead = stays_running(plist or current.plist or {}) and not current.job.running
    return [*steps, "restart"] if state == "restarted" or dead else steps


def apply(launchd: Launchd, label: str, steps: list[str], plist: dict[str, Any] | None) -> None:
    """Run the steps; each of them verifies itself."""
    path = _names.launchd_plist(label)
    for step in steps:
        if step in {"enable", "disable"}:
            launchd.set_disabled(label, step == "disable")
        elif step == "unload":
            launchd.unload(label)
        elif step == "write":
            write_plist(path, plist or {})
        elif step == "remove":
            _files.remove(path)
        elif step == "load":
            launchd.load(label, path)
        elif step == "restart":
            launchd.restart(label)


def write_plist(path: str, plist: dict[str, Any]) -> None:
    """Write a daemon's property list as launchd wants it, and read it back."""
    _files.write(path, plistlib.dumps(plist, sort_keys=True), PLIST_MODE)
    if read_plist(path) != plist:
        raise LaunchdError(f"{path} does not hold what was written to it.")


def error_log(plist: dict[str, Any]) -> str | None:
    """Return where a job's complaints go."""
    return plist.get("StandardErrorPath") or plist.get("StandardOutPath")


def describe(current: Current) -> dict[str, Any]:
    """Return one daemon as a difference shows it."""
    loaded = f"loaded from {current.job.path}" if current.job.loaded else "not loaded"
    return {"state": loaded, "disabled": current.disabled, "plist": current.plist if current.file else None}


def describe_after(label: str, current: Current, steps: list[str], plist: dict[str, Any] | None) -> dict[str, Any]:
    """Return the same for the daemon after the steps, without running them."""
    after = describe(current)
    for step in steps:
        if step in {"enable", "disable"}:
            after["disabled"] = step == "disable"
        elif step in {"load", "unload"}:
            after["state"] = f"loaded from {_names.launchd_plist(label)}" if step == "load" else "not loaded"
        elif step == "restart":
            after["state"] = "restarted"
        elif step in {"write", "remove"}:
            after["plist"] = plist if step == "write" else None
    return after
