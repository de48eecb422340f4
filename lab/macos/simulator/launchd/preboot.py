# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""sshd before the disk is unlocked, from macOS 26 on: it takes a password alone, unlocks, and lets nobody in.

The server is Debian's, under a name of its own, so that PAM has it ask `unlock` and nothing else; that says what the
Mac says and refuses everybody. Its texts are those of public captures of macOS 26.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from .. import passwords
from ..profile import Profile
from ..state import DIRECTORY, State
from ..tool import Context
from .boot import UNLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_RELEASE = "26"
SSHD = "/System/Library/Simulator/bin/sshd-preboot"
KEYGEN = "/usr/bin/ssh-keygen"
OWN_KEY = "/etc/ssh/ssh_host_ed25519_key"
OTHER_KEY = f"{DIRECTORY}/preboot_ed25519_key"
BANNER = f"{DIRECTORY}/preboot_banner"
LOCKED = (
    "This system is locked. To unlock it, use a local\naccount name and password. Once successfully\n"
    "unlocked, you will be able to connect normally.\n"
)
UNLOCKED = "System successfully unlocked.\nYou may now use SSH to authenticate normally.\n"
REMOTE_LOGIN = "com.openssh.sshd"
# So long is what was said on its way to whoever unlocked the Mac.
FAREWELL_SECONDS = 1.0


def has_sshd(state: State) -> bool:
    """Whether this Mac answers ssh while it is locked: by its release, and with Remote Login on."""
    disabled = state.read("launchd").get("disabled", {}).get("system", {})
    return Profile(state).at_least(FIRST_RELEASE) and disabled.get(REMOTE_LOGIN) is False


def key_file(state: State) -> str:
    """Return the host key: the Mac's usual one, or one of its own where the state area says so."""
    return OTHER_KEY if state.read("filevault").get("preboot_key") == "other" else OWN_KEY


def arguments(state: State) -> list[str]:
    """Return the command line of sshd; it reads no configuration, which lies on the disk that is locked."""
    options = {
        "PidFile": "none",
        "HostKey": key_file(state),
        "Banner": BANNER,
        "UsePAM": "yes",
        "PubkeyAuthentication": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "yes",
    }
    return [
        SSHD,
        "-D",
        "-f",
        "/dev/null",
        *(word for name, value in options.items() for word in ("-o", f"{name}={value}")),
    ]


def start(state: State, log: Callable[[str], None]) -> int | None:
    """Start sshd and return its process; a Mac on which that fails still waits for its screen."""
    try:
        file = key_file(state)
        if not os.path.exists(state.path(file)):
            os.makedirs(os.path.dirname(state.path(file)), exist_ok=True)
            make = [KEYGEN, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", state.path(file)]
            os.waitpid(os.posix_spawn(KEYGEN, make, os.environ), 0)
        with open(state.path(BANNER), "w", encoding="ascii") as banner:
            banner.write(LOCKED)
        return os.posix_spawn(
            SSHD, arguments(state), os.environ, setpgroup=0, setsigdef=[signal.SIGHUP, signal.SIGPIPE]
        )
    except OSError as error:
        log(f"sshd before the unlock: {error.strerror}")
        return None


def stop(process: int | None) -> None:
    """End sshd and whoever it talks to, when what it said has gone out."""
    if process is None:
        return
    time.sleep(FAREWELL_SECONDS)
    try:
        os.killpg(process, signal.SIGTERM)
        os.waitpid(process, 0)
    except (ProcessLookupError, ChildProcessError):
        return


def unlock() -> int:
    """Be what PAM asks: check the password on standard input, and refuse the login in any case."""
    state = State("")
    user = os.environ.get("PAM_USER", "")
    password = sys.stdin.buffer.readline().rstrip(b"\0\n").decode("utf-8", "replace")
    if passwords.verify(Context([], "sshd", state=state), user, password):
        sys.stdout.write(UNLOCKED)
        sys.stdout.flush()
        with open(state.path(UNLOCK), "w", encoding="ascii"):
            pass
    return 1
