# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``security``: whether the system trusts a certificate. Over SSH nobody can make it trust one.

What a person or a device management would have added is the area ``trust`` of the state: SHA-256 values.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/security",)
AREA = "trust"
TRUSTED = "...certificate verification successful."
NOT_TRUSTED = "Cert Verify Result: CSSMERR_TP_NOT_TRUSTED"
DENIED = "SecTrustSettingsSetTrustSettings: The authorization was denied since no user interaction was possible."
UNREADABLE = "Error reading file {path}"
USAGE = "Usage: security [-h] [-i] [-l] [-p prompt] [-q] [-v] [command] [opt ...]"
USAGE_STATUS = 2


def main(context: Context) -> int:
    """Run one command."""
    commands = {"verify-cert": _verify, "add-trusted-cert": _add}
    command = commands.get(context.argv[0]) if context.argv else None
    if command is None:
        context.err(USAGE)
        return USAGE_STATUS
    return command(context)


def _verify(context: Context) -> int:
    path = context.argv[context.argv.index("-c") + 1] if "-c" in context.argv[:-1] else ""
    digest = _digest(context, path)
    if digest is None:
        context.err(UNREADABLE.format(path=path))
        return 1
    if digest in context.state.read(AREA).get("certificates", []):
        context.out(TRUSTED)
        return 0
    context.err(NOT_TRUSTED)
    return 1


def _add(context: Context) -> int:
    context.err(DENIED)
    return 1


def _digest(context: Context, path: str) -> str | None:
    """Return the SHA-256 of the first certificate of a file."""
    import base64
    import hashlib
    import re

    try:
        with open(context.path(path), encoding="ascii") as file:
            text = file.read()
        found = re.search("-----BEGIN CERTIFICATE-----(.+?)-----END", text, re.DOTALL)
        return hashlib.sha256(base64.b64decode(found.group(1), validate=False)).hexdigest() if found else None
    except (OSError, ValueError):
        return None
