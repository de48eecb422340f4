# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LABEL = "io.exo.networksetup"
OPTIONS = {
    "version": "1.0.71",
    "image": "/opt/hybrid-ai/releases/EXO-1.0.71.dmg",
    "daemon_label": LABEL,
    "daemon_paths": ["/Library/Application Support/EXO"],
    "daemon_location": "exo",
}
IMAGES = call(["/usr/bin/hdiutil", "info", "-plist"], out=plistlib.dumps({"images": []}).decode())
INSTALL = ["attach", "copy", "verify", "detach", "switch", "remove_previous"]
DAEMON = ["io.exo.networksetup is loaded", f"/Library/LaunchDaemons/{LABEL}.plist", "/Library/Application Support/EXO"]


def job(*, loaded: bool) -> Call:
    argv = ["/bin/launchctl", "print", f"system/{LABEL}"]
    if loaded:
        return call(argv, out=f"system/{LABEL} = {{\n\tactive count = 0\n\tstate = not running\n}}\n")
    return call(argv, rc=113, err=f'Could not find service "{LABEL}" in domain for system\n')


def locations(*names: str) -> Call:
    return call(["/usr/sbin/networksetup", "-listlocations"], out="".join(f"{name}\n" for name in names))


def put_application(host: Path, path: str, version: str) -> None:
    contents = host / path / "Contents"
    contents.mkdir(parents=True)
    (contents / "Info.plist").write_bytes(plistlib.dumps({"CFBundleShortVersionString": version}))


def put_daemon(host: Path) -> None:
    (host / "Library/LaunchDaemons").mkdir(parents=True)
    (host / f"Library/LaunchDaemons/{LABEL}.plist").write_text("")
    (host / "Library/Application Support/EXO").mkdir(parents=True)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            ({"EXO.app": "1.0.71"}, False, ["Automatic"]),
            {"version": "1.0.71", "steps": [], "would_install": False, "daemon_left": []},
            id="all-as-wanted",
        ),
        pytest.param(
            ({}, False, ["Automatic"]),
            {"version": None, "steps": INSTALL, "would_install": True, "daemon_left": []},
            id="bare",
        ),
        pytest.param(
            ({"EXO.app": "1.0.70"}, True, ["Automatic", "exo"]),
            {
                "version": "1.0.70",
                "steps": INSTALL,
                "would_install": True,
                "daemon_left": [*DAEMON, "network location exo"],
            },
            id="as-its-own-installer-leaves-it",
        ),
        pytest.param(
            ({"EXO.app": "1.0.71", ".EXO.app.previous": "1.0.70"}, False, ["Automatic", "exo"]),
            {
                "version": "1.0.71",
                "steps": ["remove_previous"],
                "would_install": False,
                "daemon_left": ["network location exo"],
            },
            id="a-killed-run-and-a-location-alone",
        ),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_what_is_there(
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
    found: tuple[dict[str, str], bool, list[str]],
    expected: dict[str, Any],
    check: bool,
) -> None:
    applications, daemon, names = found
    for name, version in applications.items():
        put_application(host_files, f"Applications/{name}", version)
    if daemon:
        put_daemon(host_files)
    result = run_module("exo_info", OPTIONS, [IMAGES, job(loaded=daemon), locations(*names)], check=check)
    assert result["changed"] is False
    assert {key: result[key] for key in expected} == expected


def test_locations_that_cannot_be_read(run_module: Callable[..., dict[str, Any]]) -> None:
    refusal = call(["/usr/sbin/networksetup", "-listlocations"], rc=1, out="** Error: no preferences\n")
    result = run_module("exo_info", OPTIONS, [IMAGES, job(loaded=False), refusal])
    assert (result["failed"], result["msg"]) == (
        True,
        "`/usr/sbin/networksetup -listlocations` failed with status 1: ** Error: no preferences",
    )
