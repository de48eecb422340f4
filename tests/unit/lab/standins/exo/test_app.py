# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import importlib
import os
import plistlib
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lab.standins.exo.app.main

if TYPE_CHECKING:
    from types import ModuleType

SCRIPT = Path(lab.standins.exo.app.main.__file__).parent / "disable_bridge.sh"
PREFERENCES = "/Library/Preferences/SystemConfiguration/preferences.plist"
PORTS = """
Hardware Port: Ethernet
Device: en0

Hardware Port: Thunderbolt Bridge
Device: bridge0

Hardware Port: Thunderbolt 1
Device: en2

Hardware Port: Thunderbolt 2
Device: en3
"""


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Return the program with another root and without launchctl."""
    monkeypatch.setenv("EXO_STANDIN_ROOT", str(tmp_path))
    module = importlib.reload(lab.standins.exo.app.main)
    monkeypatch.setattr(module.os, "getuid", lambda: 0)
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(module, "run", lambda *argv: calls.append(argv) or True)
    module.calls = calls  # type: ignore[attr-defined]
    return module


def test_install(app: ModuleType, tmp_path: Path) -> None:
    assert app.main(["--install"]) == 0
    daemon = plistlib.loads((tmp_path / "Library/LaunchDaemons/io.exo.networksetup.plist").read_bytes())
    assert daemon == {
        "Label": "io.exo.networksetup",
        "ProgramArguments": ["/bin/bash", "/Library/Application Support/EXO/disable_bridge.sh"],
        "RunAtLoad": True,
        "StartInterval": 1786,
        "StandardOutPath": "/var/log/io.exo.networksetup.log",
        "StandardErrorPath": "/var/log/io.exo.networksetup.err.log",
    }
    script = tmp_path / "Library/Application Support/EXO/disable_bridge.sh"
    assert script.read_bytes() == SCRIPT.read_bytes()
    assert script.stat().st_mode & 0o777 == 0o755
    assert app.calls == [
        ("/bin/launchctl", "bootout", "system/io.exo.networksetup"),
        ("/bin/launchctl", "bootstrap", "system", "/Library/LaunchDaemons/io.exo.networksetup.plist"),
    ]


def test_uninstall_leaves_no_file(app: ModuleType, tmp_path: Path) -> None:
    app.main(["--install"])
    app.calls.clear()
    assert app.main(["--uninstall"]) == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert app.calls == [
        ("/bin/launchctl", "bootout", "system/io.exo.networksetup"),
        ("/usr/sbin/networksetup", "-switchtolocation", "Automatic"),
        ("/usr/sbin/networksetup", "-deletelocation", "exo"),
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["--help"], (501, 0, "Usage: EXO [OPTIONS]"), id="help"),
        pytest.param(["--install"], (501, 1, "Error: --install requires root privileges"), id="install-as-a-user"),
        pytest.param(
            ["--uninstall"], (501, 1, "Error: --uninstall requires root privileges"), id="uninstall-as-a-user"
        ),
        pytest.param([], (0, 1, "stand-in"), id="no-window"),
    ],
)
def test_other_calls(
    app: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    expected: tuple[int, int, str],
) -> None:
    uid, status, text = expected
    monkeypatch.setattr(app.os, "getuid", lambda: uid)
    assert app.main(arguments) == status
    assert text in "".join(capsys.readouterr())
    assert app.calls == []


def test_failed_load_is_reported(
    app: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "run", lambda *argv: "bootstrap" not in argv)
    assert app.main(["--install"]) == 1
    assert "launchctl could not load the daemon" in capsys.readouterr().err


def test_script_moves_every_port_to_dhcp(tmp_path: Path) -> None:
    """Run the script with programs that only write down how they were called."""
    programs = tmp_path / "bin"
    programs.mkdir()
    log = tmp_path / "calls"
    (tmp_path / "ports").write_text(PORTS)
    for name in ("networksetup", "ifconfig", "PlistBuddy"):
        lines = [
            "#!/bin/bash",
            f'echo "{name} $*" >> {log}',
            f'[ "$1" = -listallhardwareports ] && cat {tmp_path}/ports',
            '[ "$*" = bridge0 ] && printf "bridge0: flags\n\tmember: en2 flags=3\n"',
            "exit 0",
        ]
        (programs / name).write_text("\n".join(lines) + "\n")
        (programs / name).chmod(0o755)
    text = SCRIPT.read_text().replace("PATH=/usr/sbin", f"PATH={programs}:/usr/sbin").replace("pause=20", "pause=0")
    script = tmp_path / "script.sh"
    script.write_text(text)
    subprocess.run(["bash", str(script)], check=True, env={"PATH": os.environ["PATH"]}, timeout=20)
    calls = log.read_text().splitlines()
    writes = [call for call in calls if " -list" not in call and call != "ifconfig bridge0"]
    assert writes == [
        "ifconfig bridge0 deletem en2",
        "ifconfig bridge0 destroy",
        f"PlistBuddy -c Delete :VirtualNetworkInterfaces:Bridge:bridge0 {PREFERENCES}",
        "networksetup -createlocation exo",
        "networksetup -switchtolocation exo",
        "networksetup -createnetworkservice Ethernet Ethernet",
        "networksetup -createnetworkservice EXO Thunderbolt 1 Thunderbolt 1",
        "networksetup -setdhcp EXO Thunderbolt 1",
        "networksetup -createnetworkservice EXO Thunderbolt 2 Thunderbolt 2",
        "networksetup -setdhcp EXO Thunderbolt 2",
    ]
