# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Starting the Mac up and taking it down."""

from __future__ import annotations

import ctypes
import importlib
import os
import shutil
import signal
import socket
import time
from typing import TYPE_CHECKING

from ..profile import Profile
from ..state import DIRECTORY, State, write_json
from ..tool import Context

if TYPE_CHECKING:
    from collections.abc import Callable

BOOT = f"{DIRECTORY}/boot.json"
UNLOCK = f"{DIRECTORY}/unlock"
RESTART = 0x01234567
POWER_OFF = 0x4321FEDC
VERSION_PLIST = "/System/Library/CoreServices/SystemVersion.plist"
VERSION_TEXT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
\t<key>ProductBuildVersion</key>
\t<string>{build}</string>
\t<key>ProductName</key>
\t<string>macOS</string>
\t<key>ProductUserVisibleVersion</key>
\t<string>{version}</string>
\t<key>ProductVersion</key>
\t<string>{version}</string>
\t<key>iOSSupportVersion</key>
\t<string>{version}</string>
</dict>
</plist>
"""


def announce(state: State, phase: str) -> None:
    """Tell the lab how far this Mac is: ``preboot``, ``booted`` or ``down``."""
    write_json(state.path(BOOT), {"phase": phase, "since": time.time()})


def prepare(state: State) -> None:
    """Make what must be there before anything runs: directories of this boot, the version, the host name."""
    for directory in ("/private/var/run", "/private/tmp"):
        for entry in os.scandir(state.path(directory)):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)
    # sshd and sudo are Debian's and keep their run-time files where Debian has them.
    for directory in ("/run/sshd", "/run/sudo/ts", "/run/lock"):
        os.makedirs(state.path(directory), 0o755, exist_ok=True)
    profile = Profile(state)
    with open(state.path(VERSION_PLIST), "w", encoding="utf-8") as file:
        file.write(VERSION_TEXT.format(build=profile.build, version=profile.version))
    # Read by the site configuration of every Python that must believe to run on Darwin.
    with open(state.path(f"{DIRECTORY}/uname"), "w", encoding="utf-8") as file:
        file.write(f"Darwin\n{profile.kernel}\n{profile.kernel_version}\narm64\n")
    names = state.read("names")
    socket.sethostname(names.get("HostName") or f"{names.get('LocalHostName') or profile.name}.local")


def is_locked(state: State) -> bool:
    """Whether the disk waits for a password: FileVault is on and no authenticated restart was asked for."""
    vault = state.read("filevault")
    if not vault.get("enabled"):
        return False
    if vault.get("authrestart"):
        with state.edit("filevault") as data:
            data["authrestart"] = False
        return False
    return True


def take_unlock(state: State) -> bool:
    """Whether somebody has typed the password at the pre-boot screen; counts once."""
    try:
        os.unlink(state.path(UNLOCK))
    except FileNotFoundError:
        return False
    return True


def start_network(state: State, log: Callable[[str], None]) -> None:
    """Bring the interfaces to what is stored; a Mac whose network fails still boots."""
    try:
        module = importlib.import_module("..network.apply", __package__)
        module.apply(Context([], "configd", state=state))
    except Exception as error:  # whatever it is, the rest of the Mac comes up
        log(f"network: {type(error).__name__}: {error}")


def end_everything(grace: float = 1.0) -> None:
    """End every process but this one."""
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, grace)):
        try:
            os.kill(-1, number)
        except ProcessLookupError:
            return
        limit = time.monotonic() + patience
        while time.monotonic() < limit:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.02)
            except ChildProcessError:
                break


def leave(action: str) -> None:
    """Restart or switch off: in a container the manager outside sees which of the two it was."""
    os.sync()
    library = ctypes.CDLL(None, use_errno=True)
    library.reboot(RESTART if action == "restart" else POWER_OFF)
    os._exit(0)
