# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Running the programs that know: never waiting for a person, never without end."""

from __future__ import annotations

import subprocess

_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}


class MeasurementError(Exception):
    """A program is missing, failed, or said something unexpected."""


def output(*argv: str, timeout: float = 30) -> bytes:
    """Return what a program prints; it must exit with 0."""
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, env=_ENVIRONMENT, check=False
        )
    except FileNotFoundError:
        raise MeasurementError(f"{argv[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise MeasurementError(f"{argv[0]} did not finish within {timeout:g} seconds") from None
    if done.returncode != 0:
        said = b" ".join((done.stdout + done.stderr).split()).decode("utf-8", "replace")
        raise MeasurementError(f"{argv[0]} failed with status {done.returncode}: {said[:200]}")
    return done.stdout
