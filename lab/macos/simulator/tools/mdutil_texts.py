# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Texts of ``mdutil``; all of them leave with status 0."""

from __future__ import annotations

ENABLED = "Indexing enabled. "
DISABLED = "Indexing disabled."
SEARCH_DISABLED = "Indexing and searching disabled."
SERVER_DISABLED = "Spotlight server is disabled."
TRANSITIONING = "Error: unexpected indexing state.  kMDConfigSearchLevelTransitioning"
UNKNOWN_STATE = "Error: unknown indexing state."
INVALID_OPERATION = "Error: invalid operation."
INVALID_PATH = "Error: invalid path `{path}'."
UNABLE = "Error: unable to perform operation.  (-1)"
CHANGE = "mdutil {doing} Spotlight: {volume} -> {level}"
LEVELS = {
    "enabled": ("enabling", "kMDConfigSearchLevelOn"),
    "disabled": ("disabling", "kMDConfigSearchLevelFSSearchOnly"),
    "search_disabled": ("disabling", "kMDConfigSearchLevelOff"),
}
STATES = {
    "enabled": ENABLED,
    "disabled": DISABLED,
    "search_disabled": SEARCH_DISABLED,
    "no_index": "No index.",
    "read_only": "Index is read-only.",
}
"""What a test may set a volume to; a change asks for the first three."""
USAGE = "Usage: mdutil -pEsa -i (on|off) -d volume ...\n       mdutil -t {volume-path | deviceid} fileid"
