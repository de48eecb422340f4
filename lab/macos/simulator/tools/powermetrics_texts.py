# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What ``powermetrics`` says."""

from __future__ import annotations

NOT_ROOT = "powermetrics must be invoked as the superuser"
UNRECOGNIZED = "powermetrics: unrecognized sampler or option: {word}"
PRESSURE = "**** Thermal pressure ****\n\nCurrent pressure level: {level}\n"
