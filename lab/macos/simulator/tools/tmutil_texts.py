# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Texts of ``tmutil``."""

from __future__ import annotations

NOT_ROOT = "tmutil: {verb} requires root privileges."
NO_ACCESS = """\
tmutil: {verb} requires Full Disk Access privileges.
To allow this operation, select Full Disk Access in the Privacy
tab of the Security & Privacy preference pane, and add Terminal
to the list of applications which are allowed Full Disk Access."""
NO_DESTINATIONS = "tmutil: No destinations configured."
DESTINATION = """\
====================================================
Name          : {name}
Kind          : {kind}
Mount Point   : {mount_point}
ID            : {id}"""
NOT_MOUNTED = "Failed to mount backup destination, error: Error Domain=com.apple.backupd.ErrorDomain Code=17"
IDLE = """\
Backup session status:
{
    ClientID = "com.apple.backupd";
    Percent = "-1";
    Running = 0;
}"""
USAGE = "Usage: tmutil help <verb>"
# No capture of these statuses was found: nothing may depend on them.
EXIT_NOT_ROOT = 1
EXIT_NO_ACCESS = 80
EXIT_USAGE = 64
