# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""exo's own processes on this node, which run as the same user: ended here, started again by launchd or systemd."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

GRACE_SECONDS = 10.0
SYSTEMCTL = "/usr/bin/systemctl"


class ProcessError(Exception):
    """exo's process is not found or cannot be ended."""


def group_of(service: dict[str, str]) -> int:
    """Return the process group of exo, as its supervisor tells it."""
    try:
        if "group_file" in service:
            return int(Path(service["group_file"]).read_text(encoding="utf-8").split()[0])
        done = subprocess.run(
            [SYSTEMCTL, "show", "--property=MainPID", "--value", service["unit"]],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=20,
            check=False,
        )
        return os.getpgid(int(done.stdout))
    except (OSError, ValueError, IndexError, KeyError, subprocess.TimeoutExpired) as error:
        raise ProcessError(f"exo's process is not found: {error}") from None


def restart(service: dict[str, str], grace: float = GRACE_SECONDS) -> None:
    """End exo with all that it started, runners that no longer listen included; the supervisor starts it again."""
    group = group_of(service)
    if group <= 1 or group == os.getpgrp():
        raise ProcessError(f"{group} is not the process group of exo")
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return
        except PermissionError:
            raise ProcessError(f"the process group {group} does not belong to the user of exo") from None
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            with contextlib.suppress(PermissionError):  # a zombie on a Mac
                try:
                    os.killpg(group, 0)
                except ProcessLookupError:
                    return
            time.sleep(0.1)
