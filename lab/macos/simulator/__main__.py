# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Run a tool from the repository: ``python -m lab.macos.simulator sw_vers`` (with SIMULATOR_ROOT set)."""

from __future__ import annotations

import sys

from .tool import Context, call

if __name__ == "__main__":
    sys.exit(call(Context(sys.argv[2:], sys.argv[1])))
