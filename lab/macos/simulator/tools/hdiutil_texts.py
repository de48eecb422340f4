# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Texts of ``hdiutil``."""

from __future__ import annotations

EJECTED = '"{disk}" ejected.'
BUSY = 'hdiutil: couldn\'t unmount "{disk}" - Resource busy'
FAILED = "hdiutil: {verb} failed - {reason}"
CANCELLED = "hdiutil: attach canceled"
LICENCE = "Agreement for the use of {volume}\n\nBy using it you agree to its terms.\n"
AGREE = "Agree Y/N?"
USAGE = "Usage: hdiutil <verb> <options>\n<verb> is one of the following:\nattach\ndetach\neject\ninfo"
SEPARATOR = "================================================"
SCHEME = "GUID_partition_scheme"
FILE_SYSTEM = "Apple_HFS"
UNMAPPED_FILE_SYSTEM = "48465300-0000-11AA-AA11-00306543ECAC"

EXIT_FAILED = 1
EXIT_BUSY = 16
