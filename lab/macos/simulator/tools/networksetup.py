# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``networksetup``: services, addresses, proxies, locations. Everything is printed on standard output, errors too.

macOS lets administrators write without sudo through a privileged helper; here only root can change interfaces, so an
administrator without sudo is told that the change could not be committed.
"""

from __future__ import annotations

from ..network.lag import apply_or_lag
from ..network.verbs import addressing, locations, ports, proxies, services
from ..network.verbs.call import (
    NOT_COMMITTED,
    NOT_PRIVILEGED,
    PARAMETERS,
    Call,
    Refused,
    editing,
    open_call,
)
from . import networksetup_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..network.verbs.call import Verb
    from ..tool import Context

PATHS = ("/usr/sbin/networksetup",)
VERBS: dict[str, Verb] = {
    **services.VERBS,
    **ports.VERBS,
    **addressing.VERBS,
    **proxies.VERBS,
    **locations.VERBS,
}


def main(context: Context) -> int:
    """Run one verb."""
    name, *arguments = context.argv or [""]
    verb = VERBS.get(name)
    if verb is None:
        context.out(texts.HELP_HEAD)
        for known, described in VERBS.items():
            context.out(_usage(known, described))
        return 0 if name == "-help" else PARAMETERS
    if len(arguments) < verb.needs:
        context.out(_usage(name, verb))
        return PARAMETERS
    if verb.writes and not _is_administrator(context):
        context.out(texts.NOT_PRIVILEGED)
        return NOT_PRIVILEGED
    try:
        _act(context, verb, arguments)
    except Refused as refused:
        for line in refused.lines:
            context.out(line)
        return refused.status
    except PermissionError:
        context.out(texts.NOT_COMMITTED)
        return NOT_COMMITTED
    return 0


def _usage(name: str, verb: Verb) -> str:
    return f"Usage: networksetup {name} {verb.usage}".rstrip()


def _act(context: Context, verb: Verb, arguments: list[str]) -> None:
    if not verb.writes:
        verb.action(open_call(context, arguments))
        return
    if not context.is_root:
        raise PermissionError
    with editing(context) as preferences:
        verb.action(Call(context, arguments, preferences))
    apply_or_lag(context)


def _is_administrator(context: Context) -> bool:
    administrators = [int(user["uid"]) for user in context.profile.host.get("users", [])]
    return context.is_root or context.uid in administrators
