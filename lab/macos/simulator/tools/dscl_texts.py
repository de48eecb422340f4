# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What ``dscl`` says. Its exit status is the error number, negated, modulo 256 (dscl.m)."""

from __future__ import annotations

ERRORS = {
    -14009: "eDSUnknownNodeName",
    -14120: "eDSPermissionError",
    -14135: "eDSRecordAlreadyExists",
    -14136: "eDSRecordNotFound",
    -14140: "eDSInvalidRecordType",
    -14134: "eDSAttributeNotFound",
}
ERROR = "<dscl_cmd> DS Error: {number} ({name})"
ATTRIBUTE = "<main> attribute status: {name}"
NO_KEY = "No such key: {key}"
BAD_NODE = "Data source ({node}) is not valid."
USAGE = """\
dscl (v200.10)
usage: dscl [options] [<datasource> [<command>]]
datasource:
    localhost                    (default)
    localonly
    <nodename>
commands:
    -read       [<path> [<key>...]]
    -create     <record path> [<key> [<val>...]]
    -delete     <path> [<key> [<val>...]]
    -list       <path> [<key>]
    -append     <record path> <key> <val>...
    -merge      <record path> <key> <val>...
    -change     <record path> <key> <old value> <new value>
    -search     <path> <key> <val>
    -passwd     <user path> [<new password> | <old password> <new password>]"""
