# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The three names of a Mac, kept the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import apply_and_verify
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

SCUTIL = "/usr/sbin/scutil"
NAMES = ("ComputerName", "LocalHostName", "HostName")
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
"""What LocalHostName may be: one label of a domain name."""


class ComputerNameError(ClusterError):
    """The names could not be changed."""


def read(commands: Commands) -> dict[str, str | None]:
    """Return the names; `scutil` ends with 1 for one that is not set."""
    return {name: _read(commands, name) for name in NAMES}


def _read(commands: Commands, name: str) -> str | None:
    result = commands.run([SCUTIL, "--get", name])
    value = result.out.strip()
    if result.rc == 0 and value and "\n" not in value:
        return value
    if result.rc != 0 and (result.text == f"{name}: not set" or not result.text):
        return None
    raise UnknownStateError("scutil", result.text, f"the Mac's {name}")


def plan(current: Mapping[str, str | None], wanted: Mapping[str, str]) -> list[list[str]]:
    """Return one command for each name that differs."""
    return [[SCUTIL, "--set", name, value] for name, value in wanted.items() if current[name] != value]


def manage(call: Call) -> dict[str, object]:
    """Give the Mac its name."""
    name = call.options["name"]
    if not LABEL.fullmatch(name):
        raise ComputerNameError(
            f"{name!r} cannot be a Mac's name: use up to 63 letters, digits and hyphens, no hyphen at either end."
        )
    commands = call.commands
    current, wanted = read(commands), dict.fromkeys(NAMES, name)
    outcome = apply_and_verify(
        commands,
        current,
        plan(current, wanted),
        wanted,
        lambda: read(commands),
        check_mode=call.check_mode,
        error=ComputerNameError,
    )
    return {"changed": outcome.changed, "diff": outcome.diff, "names": outcome.after}
