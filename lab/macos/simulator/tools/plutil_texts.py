# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What ``plutil`` says."""

from __future__ import annotations

USAGE = "plutil: [command_option] [other_options] file..."
NO_VALUE = "Could not extract value, error: No value at that key path or invalid key path: {path}"
NOT_MODIFIED = "Could not modify plist, error: No value at that key path or invalid key path: {path}"
UNREADABLE = (
    "{name}: Property List error: {first} / JSON error: JSON text did not start with array or object and option to "
    "allow fragments not set. around line 1, column 0."
)
UNEXPECTED = "Unexpected character {letter} at line 1"
ABSENT = "{name}: file does not exist or is not readable or is not a regular file"
NOT_JSON = "{name}: invalid object in plist for destination format"
