# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Run one of the programs: its name, and its arguments."""

from __future__ import annotations

import sys

from .machine import Machine
from .programs import PROGRAMS


def main() -> int:
    """Run it."""
    return PROGRAMS[sys.argv[1]](Machine(), sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
