# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The stand-in's program; it runs on the standard library and the PyYAML packed with it."""

from __future__ import annotations

VERSION = "v0.107.79"
