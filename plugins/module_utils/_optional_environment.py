# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Environment variables that name something on the host, such as a proxy, and would mislead where it is missing."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names

if TYPE_CHECKING:
    from collections.abc import Mapping

ARGUMENTS: dict[str, Any] = {
    "variables": {"type": "dict", "required": True},
    "services": {"type": "list", "elements": "str", "default": []},
    "paths": {"type": "list", "elements": "path", "default": []},
}
"""What a module is told of them."""


def variables(optional: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the variables while all that they need is on this host."""
    if not optional:
        return {}
    definitions = [
        _names.launchd_plist(_names.launchd_label(name))
        if platform.system() == "Darwin"
        else f"{_names.SYSTEMD_UNITS}/{_names.systemd_unit(name)}"
        for name in optional["services"]
    ]
    there = all(_files.exists(path) for path in [*definitions, *optional["paths"]])
    return dict(optional["variables"]) if there else {}
