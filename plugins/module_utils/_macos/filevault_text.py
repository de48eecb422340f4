# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `fdesetup status` says, read here alone: for the modules, the report and the measurements beside node_exporter.

It imports nothing of the collection, because a copy of it lies beside those measurements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEAD = re.compile(r"FileVault is (On|Off)(\.|, but needs to be restarted to finish\.)")
_AFTER_RESTART = "FileVault is Off, but will be enabled after the next restart."
_DEFERRED = re.compile(r"Deferred enablement appears to be active for user '.*'\.")
_PROGRESS = re.compile(r"(Encryption|Decryption) in progress(:.*|\.)?")
_HARMLESS = "FileVault master keychain appears to be installed."
_ACTIVITIES = {"Encryption": "encrypting", "Decryption": "decrypting"}


@dataclass(frozen=True)
class Status:
    """What is known of FileVault: on or off now, and what becomes of it."""

    text: str
    on: bool
    pending: bool
    """Off, and on by itself: after a restart, after the next login of a user, or once the disk is encrypted."""
    activity: str | None = None

    @property
    def off(self) -> bool:
        """Tell whether the disk is plain and stays so: nothing is left to do or to wait for."""
        return not self.on and not self.pending and self.activity is None

    @property
    def decrypting(self) -> bool:
        """Tell whether FileVault is on its way off."""
        return self.activity == "decrypting" and not self.pending


def parse_status(text: str) -> Status | None:
    """Read every line; None where one is missing or says something nobody knows, which might take the others back."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    head, *others = lines
    match = _HEAD.fullmatch(head)
    if match is None and head != _AFTER_RESTART:
        return None
    on, pending = match is not None and match[1] == "On", match is None
    activity = None
    for line in others:
        progress = _PROGRESS.fullmatch(line)
        if _DEFERRED.fullmatch(line):
            pending = not on
        elif progress and activity is None:
            activity = _ACTIVITIES[progress[1]]
        elif line != _HARMLESS:
            return None
    return Status(" ".join(lines), on, pending or (not on and activity == "encrypting"), activity)
