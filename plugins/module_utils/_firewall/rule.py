# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One rule of a packet filter, and the addresses that it names, in the one spelling that firewalls print."""

from __future__ import annotations

import ipaddress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOPBACK = "loopback"
IN, OUT = "in", "out"


class FirewallRulesError(ClusterError):
    """No rules can be derived from the inventory as written."""


@dataclass(frozen=True)
class Rule:
    """One rule: who may, or may not, reach a port; a field that is empty matches everything."""

    action: str
    """pass, or reset: answer a TCP connection like a closed port, and drop everything else."""
    direction: str = IN
    """in, or out: what a process of this host sends by itself, which is not an answer to somebody else's connection."""
    interface: str = ""
    protocol: str = ""
    port: int = 0
    """Of this host for what comes in, of the other end for what goes out."""
    source: str = ""
    """The name of a table of addresses, for what comes in."""
    destination: str = ""
    """The same for what goes out."""
    user: str = ""
    """Whose process sends it: a name or a number."""

    def as_dict(self) -> dict[str, Any]:
        """Return what says something, the way a module takes it."""
        return {key: value for key, value in asdict(self).items() if value and (key, value) != ("direction", IN)}


def addresses(found: Iterable[str], purpose: str) -> list[str]:
    """Return addresses and networks in the one spelling and order that firewalls print."""
    networks = {_network(text, purpose) for text in found}
    return [spelling(network) for version in (4, 6) for network in sorted(_only(networks, version))]


def _network(text: str, purpose: str) -> Any:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise FirewallRulesError(
            f"{text!r} is to reach {purpose} but is not a valid IP address; write addresses, since a firewall"
            " resolves no names."
        ) from None


def spelling(network: Any) -> str:
    """Write a network, a single address without its prefix length."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _only(networks: Iterable[Any], version: int) -> list[Any]:
    """Return the networks of one IP version, without those that lie in another: not every firewall keeps both."""
    found = [network for network in networks if network.version == version]
    return [one for one in found if not any(one != other and one.subnet_of(other) for other in found)]
