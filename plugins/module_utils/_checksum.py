# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Checksums as a person pins them: digits, which reach every host over Ansible's own connection."""

from __future__ import annotations

import re

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError


class ChecksumError(ClusterError):
    """A checksum that pins nothing."""


def fault(checksum: str) -> str | None:
    """Say what is wrong with a checksum and what to write, or nothing."""
    if re.fullmatch(r"sha256:[0-9a-fA-F]{64}", checksum):
        return None
    if "://" in checksum:
        address = checksum.removeprefix("sha256:")
        return (
            f"is an address, {address}, and whoever serves a file can change its list too; write sha256: and the 64 "
            f"hexadecimal digits of the file, which `curl -fsSL {address}` shows"
        )
    return f"is {checksum!r}; write sha256: and 64 hexadecimal digits"


def digits(checksum: str) -> str:
    """Return the digits of a checksum."""
    wrong = fault(checksum)
    if wrong:
        raise ChecksumError(f"checksum {wrong}.")
    return checksum.rpartition(":")[2].lower()
