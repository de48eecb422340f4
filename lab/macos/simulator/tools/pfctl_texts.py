# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What ``pfctl`` says."""

from __future__ import annotations

ALTQ = "No ALTQ support in kernel\nALTQ related functions disabled"
FLUSH_NOTICE = """\
pfctl: Use of -f option, could result in flushing of rules
present in the main ruleset added by the system at startup.
See /etc/pf.conf for further details.
"""
PERMISSION = "pfctl: /dev/pf: Permission denied"
NOT_ENABLED = "pfctl: pf not enabled"
ALREADY_ENABLED = "pfctl: pf already enabled"
TOKEN_INVALID = "pfctl: pf: token invalid"  # noqa: S105 - a message
ENABLED = "pf enabled"
DISABLED = "pf disabled"
TOKEN = "Token : {token}"  # noqa: S105 - a message
REFERENCES_LEFT = "disable request successful. {count} more pf enable reference(s) remaining, pf still enabled."
NO_REFERENCES = "No pf starter references held"
REFERENCES_HEAD = "TOKENS:\nPID      Process Name                 TOKEN                    TIMESTAMP"
REFERENCE = "{pid:<8} {name:<28} {token:<24} {age}"
STATUS_ON = "Status: Enabled for {age}           Debug: Urgent"
STATUS_OFF = "Status: Disabled                              Debug: Urgent"
NOT_LOADED = "pfctl: Syntax error in config file: pf rules not loaded"
NO_FILE = (
    "pfctl: {file}: No such file or directory\npfctl: cannot open the main config file!: No such file or directory"
)
NO_ANCHOR_RULES = "pfctl: DIOCGETRULES: Invalid argument"
NO_ANCHOR = "Anchor '{anchor}' not found."
HIDDEN_ANCHOR = "pfctl: anchor names beginning with '_' cannot be modified from the command line"
NO_TABLE = "pfctl: Table does not exist."
BAD_ADDRESS = "no IP address found for {word}\npfctl: Invalid argument."
TABLE_CREATED = "1 table created."
ADDED = "{count} addresses added."
DELETED = "{count} addresses deleted."
UNCHANGED = "no changes."
FLUSHED = {
    "nat": "nat cleared",
    "dummynet": "dummynet cleared",
    "rules": "rules cleared",
    "states": "{states} states cleared",
    "Tables": "{tables} tables deleted.",
    "Reset": "pf: interface flags reset",
}
KILLED = "killed {states} states from {sources} sources and {targets} destinations"
USAGE = """\
usage: pfctl [-AdeEghmNnOqRrvz] [-a anchor] [-D macro=value] [-F modifier]
\t[-f file] [-i interface] [-K host | network]
\t[-k host | network | label | id] [-o level] [-p device]
\t[-s modifier] [-t table -T command [address ...]] [-x level] [-X token]"""
