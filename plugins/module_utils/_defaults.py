# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Values in macOS preference domains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

DEFAULTS = "/usr/bin/defaults"

ABSENT = ("does not exist", "Could not find key")


class PreferenceError(ClusterError):
    """A preference could not be read or changed."""


def read(commands: Commands, domain: str, key: str) -> str | None:
    """Return a value as `defaults` prints it, a boolean as 1 or 0; None where it is not set."""
    result = commands.run([DEFAULTS, "read", domain, key])
    if result.rc == 0:
        return result.out.strip()
    if any(text in result.text for text in ABSENT):
        return None
    raise PreferenceError(f"{domain} {key} cannot be read: {result.text or 'defaults printed nothing'}")
