# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Hardware ports of a Mac: which device belongs to which port, in names that are not translated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.hardware_ports_text import parse_ports
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.hardware_ports_text import Port

VERB = "-listallhardwareports"
LIST = ["/usr/sbin/networksetup", VERB]


def read(commands: Commands) -> list[Port]:
    """Return the ports of this Mac."""
    result = commands.run(LIST)
    if result.rc != 0:
        raise UnknownStateError("networksetup", result.text, "which hardware ports there are")
    return known(result.out)


def known(text: str) -> list[Port]:
    """Return the ports in the tool's answer; every Mac has some."""
    ports = parse_ports(text)
    if not ports:
        raise UnknownStateError("networksetup", text, "which hardware ports there are")
    return ports
