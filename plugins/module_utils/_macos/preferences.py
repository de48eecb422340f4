# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Values in macOS preference domains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

DEFAULTS = "/usr/bin/defaults"

ABSENT = ("does not exist", "Could not find key")


_SWITCH = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


class PreferenceError(ClusterError):
    """A preference could not be changed."""


def read(commands: Commands, domain: str, key: str) -> str | None:
    """Return a value as `defaults` prints it, a boolean as 1 or 0; None where it is not set."""
    result = commands.run([DEFAULTS, "read", domain, key])
    if result.rc == 0 and result.out.strip():
        return result.out.strip()
    if result.rc != 0 and any(text in result.text for text in ABSENT):
        return None
    raise UnknownStateError("defaults", result.text, f"{domain} {key}")


def read_switch(commands: Commands, domain: str, key: str) -> bool | None:
    """Return a value that is on or off; None where it is not set."""
    value = read(commands, domain, key)
    if value is not None and value.lower() not in _SWITCH:
        raise UnknownStateError("defaults", value, f"{domain} {key}")
    return None if value is None else _SWITCH[value.lower()]
