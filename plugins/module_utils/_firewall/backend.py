# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which packet filter a host has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.nft_firewall import LinuxFirewall
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.pf_firewall import MacFirewall

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.change import Backend, Wanted


def make_backend(commands: Commands, system: str, wanted: Wanted) -> Backend:
    """Return the packet filter of this host, to be brought to what is wanted."""
    return MacFirewall(commands, wanted) if system == "Darwin" else LinuxFirewall(commands, wanted)
