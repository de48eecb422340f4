# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Texts and exit statuses of ``fdesetup``."""

from __future__ import annotations

OFF = "FileVault is Off."
ON = "FileVault is On."
DEFERRED = "Deferred enablement appears to be active for user '{user}'."
ENCRYPTING = "Encryption in progress: Percent completed = {percent}"
DECRYPTING = "Decryption in progress: Percent completed = {percent}"
ASK_USER = "Enter the user name:"
ASK_PASSWORD = "Enter the password for user '{user}':"  # noqa: S105 - a prompt
DISABLED = "FileVault has been disabled."
NOT_AUTHENTICATED = "Error: User authentication failed."
RESTARTING = "System is being restarted"
RECOVERY_KEY = "Recovery key = '{key}'"
# No capture of these was found: nothing may depend on their wording.
MUST_BE_ROOT = "fdesetup: {verb} must be run as root"
BAD_INPUT = "Error: Unable to read the input property list."
ALREADY_ON = "Error: FileVault is already On."
UNKNOWN = "Error: Unknown command: {verb}."
USAGE = "Usage: fdesetup <verb> [options]"

EXIT_OFF = 1
EXIT_BUSY = 2
EXIT_AUTHENTICATION = 11
EXIT_PARAMETER = 12
EXIT_UNKNOWN = 13
EXIT_BAD_INPUT = 15
EXIT_ALREADY_ON = 24
# munki saw `authrestart` fail although the machine was already going down.
EXIT_RESTARTING = 1
