# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Texts of ``softwareupdate``."""

from __future__ import annotations

HEAD = "Software Update Tool\n\nFinding available software"
INSTALL_HEAD = "Software Update Tool\n\nFinding available software\n"
FOUND = "Software Update found the following new or updated software:"
ITEM = "* Label: {label}\n\tTitle: {title}, Version: {version}, Size: {size}KiB, Recommended: YES, "
NOTHING = "No new software available."
NO_SUCH = "{label}: No such update\nNo updates are available."
DOWNLOADING = "Downloading {title}"
DOWNLOADED = "Downloaded {title}"
INSTALLING = "Installing {title}"
DONE_WITH = "Done with {title}"
DONE = "Done."
# Seen during the installation of Homebrew, whose installer went on: the exit status is 0.
FAILED = (
    "Error downloading {title}: The operation couldn\N{RIGHT SINGLE QUOTATION MARK}t be completed. "
    "(PKDownloadError error 8.)\nDone.\n\nError downloading updates."
)
SCHEDULE = "Automatic checking for updates is turned {state}"
# No capture of this was found: nothing may depend on its wording.
NOT_ROOT = "softwareupdate: Must be run as root to install updates."
USAGE = "usage: softwareupdate <cmd> [<args> ...]"
EXIT_USAGE = 64
SIZE = 707501
