# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""EXO.app's own program without its window: it installs and removes the network daemon."""

from __future__ import annotations

import os
import plistlib
import subprocess
import sys
from pathlib import Path

LABEL = "io.exo.networksetup"
INTERVAL = 1786
LOCATION = "exo"
ROOT = Path(os.environ.get("EXO_STANDIN_ROOT", "/"))
SUPPORT = ROOT / "Library/Application Support/EXO"
SCRIPT = SUPPORT / "disable_bridge.sh"
LEGACY_SCRIPT = SUPPORT / "disable_bridge_enable_dhcp.sh"
DAEMON = ROOT / f"Library/LaunchDaemons/{LABEL}.plist"
LOG = f"/var/log/{LABEL}.log"
ERROR_LOG = f"/var/log/{LABEL}.err.log"
USAGE = """Usage: {program} [OPTIONS]

Options:
  --install     Install the network configuration of EXO (needs root)
  --uninstall   Remove the network configuration of EXO (needs root)
  --help, -h    Show this message

Without options the application with its window starts.
"""
OK, FAILED = 0, 1


def daemon() -> bytes:
    """Return the launchd plist: at load and then about every half hour."""
    installed = "/" + str(SCRIPT.relative_to(ROOT))
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": ["/bin/bash", installed],
            "RunAtLoad": True,
            "StandardErrorPath": ERROR_LOG,
            "StandardOutPath": LOG,
            "StartInterval": INTERVAL,
        }
    )


def run(*argv: str) -> bool:
    """Run one of macOS's programs; return whether it succeeded."""
    try:
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install() -> int:
    """Install script and daemon and start it."""
    SUPPORT.mkdir(parents=True, exist_ok=True)
    LEGACY_SCRIPT.unlink(missing_ok=True)
    SCRIPT.write_bytes((Path(__file__).resolve().parent / "disable_bridge.sh").read_bytes())
    SCRIPT.chmod(0o755)
    DAEMON.parent.mkdir(parents=True, exist_ok=True)
    run("/bin/launchctl", "bootout", f"system/{LABEL}")
    DAEMON.write_bytes(daemon())
    DAEMON.chmod(0o644)
    if not run("/bin/launchctl", "bootstrap", "system", "/" + str(DAEMON.relative_to(ROOT))):
        print("Installation failed: launchctl could not load the daemon", file=sys.stderr)
        return FAILED
    print("EXO network components installed successfully")
    return OK


def uninstall() -> int:
    """Remove what install made, and the location; the bridge is not made again."""
    run("/bin/launchctl", "bootout", f"system/{LABEL}")
    for path in (DAEMON, SCRIPT, LEGACY_SCRIPT):
        path.unlink(missing_ok=True)
    for log in (LOG, ERROR_LOG):
        (ROOT / log.lstrip("/")).unlink(missing_ok=True)
    if SUPPORT.is_dir() and not any(SUPPORT.iterdir()):
        SUPPORT.rmdir()
    run("/usr/sbin/networksetup", "-switchtolocation", "Automatic")
    run("/usr/sbin/networksetup", "-deletelocation", LOCATION)
    print("EXO network components uninstalled successfully")
    return OK


def main(argv: list[str]) -> int:
    """Do what the options say."""
    if "--help" in argv or "-h" in argv:
        print(USAGE.format(program="EXO"), end="")
        return OK
    action = install if "--install" in argv else uninstall if "--uninstall" in argv else None
    if action is None:
        print("EXO: this is the stand-in of the lab: it has no window and does nothing here", file=sys.stderr)
        return FAILED
    if os.getuid() != 0:
        print(f"Error: {argv[0]} requires root privileges", file=sys.stderr)
        return FAILED
    return action()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
