# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The SSH host key, compared with the one that was pinned."""

from __future__ import annotations

import base64
import binascii
import hashlib

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    ReportError,
)

PATH = "/etc/ssh/ssh_host_ed25519_key.pub"


def measure(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - every kind is called alike
    """Compare the fingerprints of two public keys."""
    path = arguments.optional_text("path") or PATH
    wanted = fingerprint(arguments.text("expected"))
    content = _files.read(path)
    current = fingerprint(content.decode("utf-8", "replace")) if content else "no key"
    return Measurement(current == wanted, current, wanted, "If the machine was reinstalled, bootstrap it again.")


def fingerprint(key: str) -> str:
    """Return the fingerprint the way ssh prints it."""
    try:
        kind, text = key.split()[:2]
        digest = hashlib.sha256(base64.b64decode(text, validate=True)).digest()
    except (ValueError, binascii.Error):
        raise ReportError(f"{key[:40]!r} is no public key of the form ssh-ed25519 AAAA…") from None
    return f"{kind} SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


KIND = Kind("SSH host key", measure)
