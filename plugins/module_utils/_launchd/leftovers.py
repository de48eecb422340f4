# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is left of a launchd daemon that must be gone: its job, its files and its network location."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Launchd
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

LIST_LOCATIONS = ["/usr/sbin/networksetup", "-listlocations"]


def find(commands: Commands, label: str, paths: Iterable[str], location: str | None) -> list[str]:
    """Name everything that is left."""
    left = [f"{label} is loaded"] if Launchd(commands).job(label).loaded else []
    left += [path for path in [_names.launchd_plist(label), *paths] if _files.exists(path)]
    if location and location in _locations(commands):
        left.append(f"network location {location}")
    return left


def _locations(commands: Commands) -> list[str]:
    names = commands.check_output(LIST_LOCATIONS).splitlines()
    if not names:
        raise UnknownStateError("networksetup", "", "which network locations there are")
    return names
