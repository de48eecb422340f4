# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Programs that keep pf's rules on a Mac, or take them back, without anybody's help."""

from __future__ import annotations

from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change, pf
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.undo_job import UndoJob

RULES = pf.RULES
KEEPER = f"{change.DIRECTORY}/keep"
TOKEN = f"{_names.STATE_DIRECTORY}/firewall-token"
UNDO = UndoJob(change.UNDO_NAME)
LOG = f"{_names.LOG_DIRECTORY}/firewall.log"
LABEL = _names.launchd_label(change.NAME)
KEEP_SECONDS = 60

# The log holds the last run only. References are asked before -E: each -E adds one more that nobody would release.
KEEP = f"""\
#!/bin/sh
# Keeps the packet filter as it was confirmed: after a start, an update, a flush, or `pfctl -d` by somebody else.
exec >{LOG} 2>&1
[ -e {UNDO.script} ] && exit 0
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


UNDO_LINES = [
    f"if [ -e {RULES} ]; then",
    f"    {pf.PFCTL} -a {pf.ANCHOR} -f {RULES} >/dev/null 2>&1",
    "else",
    f"    {pf.PFCTL} -a {pf.ANCHOR} -F all >/dev/null 2>&1",
    f'    read -r session token <{TOKEN} && {pf.PFCTL} -X "$token" >/dev/null 2>&1',
    f"    /bin/rm -f {TOKEN}",
    "fi",
]


def keeper_plist() -> dict[str, Any]:
    """Return the daemon that keeps the rules."""
    return {
        "Label": LABEL,
        "ProgramArguments": ["/bin/sh", KEEPER],
        "RunAtLoad": True,
        "StartInterval": KEEP_SECONDS,
    }


def undo_text(seconds: int) -> str:
    """Return the program that waits, and loads what was confirmed last or else leaves pf as it found it."""
    return UNDO.text("Takes back rules of the packet filter that nobody confirmed.", seconds, UNDO_LINES)
