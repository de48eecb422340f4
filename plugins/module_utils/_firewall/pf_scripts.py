# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Programs that keep pf's rules on a Mac, or take them back, without anybody's help."""

from __future__ import annotations

from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change, pf

RULES = f"{change.DIRECTORY}/pf.anchor"
KEEPER = f"{change.DIRECTORY}/keep"
TOKEN = f"{_names.STATE_DIRECTORY}/firewall-token"
UNDO = f"{_names.STATE_DIRECTORY}/{change.UNDO_NAME}"
LOG = f"{_names.LOG_DIRECTORY}/firewall.log"
LABEL = _names.launchd_label(change.NAME)
UNDO_LABEL = _names.launchd_label(change.UNDO_NAME)
KEEP_SECONDS = 60

# The log holds the last run only. References are asked before -E: each -E adds one more that nobody would release.
KEEP = f"""\
#!/bin/sh
# Keeps the packet filter as it was confirmed: after a start, an update, a flush, or `pfctl -d` by somebody else.
exec >{LOG} 2>&1
[ -e {UNDO} ] && exit 0
{pf.PFCTL} -a {pf.ANCHOR} -f {RULES} || exit 1
session=$({" ".join(pf.SESSION)})
held=$({pf.PFCTL} -s References)
if [ -r {TOKEN} ] && read -r known token <{TOKEN} && [ "$known" = "$session" ]; then
    case "$held" in *" $token "*) exit 0 ;; esac
fi
said=$({pf.PFCTL} -E 2>&1)
token=$(printf '%s\\n' "$said" | /usr/bin/sed -n 's/^Token : \\([0-9][0-9]*\\)$/\\1/p')
[ -n "$token" ] || exit 1
umask 077
printf '%s %s\\n' "$session" "$token" >{TOKEN}.new
/bin/mv {TOKEN}.new {TOKEN}
"""


def keeper_plist() -> dict[str, Any]:
    """Return the daemon that keeps the rules."""
    return {
        "Label": LABEL,
        "ProgramArguments": ["/bin/sh", KEEPER],
        "RunAtLoad": True,
        "StartInterval": KEEP_SECONDS,
    }


def undo_plist() -> dict[str, Any]:
    """Return the daemon that takes rules back that nobody confirmed; a start of the Mac begins it anew."""
    return {
        "Label": UNDO_LABEL,
        "ProgramArguments": ["/bin/sh", UNDO],
        "RunAtLoad": True,
        "ProcessType": "Interactive",
    }


def undo_script(seconds: int) -> bytes:
    """Return the program that waits, loads what was confirmed last or else leaves pf as it found it, and goes."""
    plist = _names.launchd_plist(UNDO_LABEL)
    return f"""\
#!/bin/sh
# Takes back rules of the packet filter that nobody confirmed.
/bin/sleep {seconds}
if [ -e {RULES} ]; then
    {pf.PFCTL} -a {pf.ANCHOR} -f {RULES} >/dev/null 2>&1
else
    {pf.PFCTL} -a {pf.ANCHOR} -F all >/dev/null 2>&1
    read -r session token <{TOKEN} && {pf.PFCTL} -X "$token" >/dev/null 2>&1
    /bin/rm -f {TOKEN}
fi
/bin/rm -f {plist} {UNDO}
/bin/launchctl bootout system/{UNDO_LABEL}
""".encode()
