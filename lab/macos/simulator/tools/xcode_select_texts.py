# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Texts of ``xcode-select``."""

from __future__ import annotations

NONE = (
    "xcode-select: error: unable to get active developer directory, use `sudo xcode-select --switch "
    "path/to/Xcode.app` to set one (or see `man xcode-select`)"
)
INSTALLED = (
    'xcode-select: error: command line tools are already installed, use "Software Update" in System Settings to '
    "install updates"
)
REQUESTED = "xcode-select: note: install requested for command line developer tools"
INVALID = "xcode-select: error: invalid developer directory '{path}'"
VERSION = "xcode-select version 2409."
# No capture of this was found: nothing may depend on its wording.
NOT_ROOT = "xcode-select: error: --{verb} must be run as root"
USAGE = "Usage: xcode-select [options]"
