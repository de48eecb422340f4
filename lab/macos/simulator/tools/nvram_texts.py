# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Texts of ``nvram``."""

from __future__ import annotations

USAGE = """\
nvram [-x|-X] [-p] [-f filename] [-d name] [-c] name[=value] ...
\t-x         use XML format for printing or reading variables
\t           (must appear before -p or -f)
\t-X         print or read entries as hex
\t-p         print all firmware variables
\t-f         set firmware variables from a text file
\t-d         delete the named variable
\t-r         delete the named variable, returning an error if failed
\t-c         delete all variables
\tname=value set named variable
\tname       print variable
Note that arguments and options are executed in order."""
NOT_FOUND = ("(iokit/common) data was not found", 0xE00002F0)
NOT_PERMITTED = ("(iokit/common) not permitted", 0xE00002E2)
NOT_PRIVILEGED = ("(iokit/common) privilege violation", 0xE00002C1)
GETTING = "nvram: Error getting variable - '{name}': {text}"
SETTING = "Error setting variable - '{name}': {text}."
DELETING = "nvram: Error deleting variable - '{name}': {text} (0x{code:08x})"
SUBSTRING = "nvram: substring {part} not found in {value}"
DEFAULTS = {"SystemAudioVolume": "%80", "auto-boot": "true", "prev-lang:kbd": "en:0"}
# What the boot policy of Apple Silicon guards.
PROTECTED = ("boot-args", "csr-active-config")
