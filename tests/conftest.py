# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What holds for all tests."""

from __future__ import annotations

import signal

# A shell starts what it puts into the background with Ctrl-C ignored, and so would be whatever tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
