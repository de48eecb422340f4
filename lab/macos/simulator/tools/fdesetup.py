# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``fdesetup``: FileVault, with passwords checked against the host's real ones and stored nowhere."""

from __future__ import annotations

from .. import console, passwords
from . import fdesetup_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tool import Context

PATHS = ("/usr/bin/fdesetup",)
AREA = "filevault"
DECRYPTION_SECONDS = 6.0
RESTART = ("/sbin/shutdown", "-r", "now")


def main(context: Context) -> int:
    """Run one verb."""
    verbs = {
        "status": _status,
        "isactive": _is_active,
        "list": _list,
        "supportsauthrestart": _supports_authenticated_restart,
        "authrestart": _authenticated_restart,
        "disable": _disable,
        "enable": _enable,
    }
    verb = context.argv[0] if context.argv else ""
    if not verb:
        context.out(texts.USAGE)
        return texts.EXIT_PARAMETER
    if verb not in verbs:
        context.out(texts.UNKNOWN.format(verb=verb))
        return texts.EXIT_UNKNOWN
    if verb not in ("status", "isactive", "supportsauthrestart") and not context.is_root:
        context.err(texts.MUST_BE_ROOT.format(verb=verb))
        return texts.EXIT_PARAMETER
    return verbs[verb](context)


def _state(context: Context) -> dict[str, Any]:
    return context.state.read(AREA, {"enabled": False})


def _percent(state: dict[str, Any]) -> int | None:
    """How far the decryption has come, or None when none is under way."""
    import time

    seconds = float(state.get("decryption_seconds", DECRYPTION_SECONDS))
    passed = time.time() - float(state.get("decrypting_since", 0))
    return int(passed / seconds * 100) if passed < seconds else None


def _status(context: Context) -> int:
    state = _state(context)
    percent = None if state["enabled"] else _percent(state)
    context.out(texts.ON if state["enabled"] or percent is not None else texts.OFF)
    if percent is not None:
        context.out(texts.DECRYPTING.format(percent=percent))
    elif "encrypted_percent" in state:
        context.out(texts.ENCRYPTING.format(percent=state["encrypted_percent"]))
    if "deferred_user" in state:
        context.out(texts.DEFERRED.format(user=state["deferred_user"]))
    return 0


def _is_active(context: Context) -> int:
    state = _state(context)
    if not state["enabled"] and _percent(state) is not None:
        context.out("true")
        return texts.EXIT_BUSY
    context.out("true" if state["enabled"] else "false")
    return 0 if state["enabled"] else texts.EXIT_OFF


def _list(context: Context) -> int:
    import uuid

    if not _state(context)["enabled"]:
        context.out(texts.OFF)
        return texts.EXIT_OFF
    machine = str(context.profile.host.get("hardware_uuid", context.profile.name))
    for user in context.profile.host.get("users", ()):
        name = user["name"]
        context.out(f"{name},{str(uuid.uuid5(uuid.NAMESPACE_OID, machine + name)).upper()}")
    return 0


def _supports_authenticated_restart(context: Context) -> int:
    context.out("true")
    return 0


def _disable(context: Context) -> int:
    state = _state(context)
    if not state["enabled"] and "deferred_user" in state:
        # The disk is plain: nobody has to unlock it.
        with context.state.edit(AREA) as state:
            del state["deferred_user"]
        context.out(texts.DISABLED)
        return 0
    if not state["enabled"]:
        context.out(texts.OFF)
        return texts.EXIT_OFF
    if status := _authenticate(context):
        return status
    import time

    with context.state.edit(AREA) as state:
        # Nobody has to unlock the next start any more, though the volume is still being decrypted.
        state.update(enabled=False, authrestart=False, decrypting_since=time.time())
    context.out(texts.DISABLED)
    return 0


def _enable(context: Context) -> int:
    if _state(context)["enabled"]:
        context.out(texts.ALREADY_ON)
        return texts.EXIT_ALREADY_ON
    if status := _authenticate(context):
        return status
    import secrets
    import string

    with context.state.edit(AREA) as state:
        state.update(enabled=True, authrestart=False)
        state.pop("decrypting_since", None)
    alphabet = string.ascii_uppercase + string.digits
    groups = ("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(6))
    context.out(texts.RECOVERY_KEY.format(key="-".join(groups)))
    return 0


def _authenticated_restart(context: Context) -> int:
    if not _state(context)["enabled"]:
        context.out(texts.OFF)
        return texts.EXIT_OFF
    if status := _authenticate(context):
        return status
    with context.state.edit(AREA) as state:
        state["authrestart"] = True
    context.err(texts.RESTARTING)
    from .. import spawn

    spawn.run([context.path(RESTART[0]), *RESTART[1:]])
    return texts.EXIT_RESTARTING


def _authenticate(context: Context) -> int:
    """Get a user and a password from the property list on standard input, or from a person."""
    if "-inputplist" in context.argv:
        credentials = _read_plist(context)
        if credentials is None:
            context.out(texts.BAD_INPUT)
            return texts.EXIT_BAD_INPUT
    else:
        user = console.ask(context, texts.ASK_USER)
        credentials = user, console.ask(context, texts.ASK_PASSWORD.format(user=user))
    if not passwords.verify(context, *credentials):
        context.out(texts.NOT_AUTHENTICATED)
        return texts.EXIT_AUTHENTICATION
    return 0


def _read_plist(context: Context) -> tuple[str, str] | None:
    import plistlib
    from xml.parsers.expat import ExpatError

    try:
        data = plistlib.loads(context.stdin.read().encode())
        return str(data["Username"]), str(data["Password"])
    except (ExpatError, plistlib.InvalidFileException, KeyError, TypeError, ValueError):
        return None
