# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Run the command as ``python -m lab``."""

import sys

from lab.cli import main

sys.exit(main())
