# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Machines in an exo cluster that are not hosts of the inventory.

An identity is new after every start, and the one before stays beside it for up to 52 seconds. So an identity that no
host answers to is watched for a minute before it is called a stranger.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import api
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import Fetch

WATCH_SECONDS = 60.0
CURE = (
    "end exo there; if that machine is not yours, take it off the network and give the cluster another namespace: "
    "remove the file exo_namespace in cluster_secrets_directory, or change exo_namespace where you set it, and run "
    "site.yml --tags exo without a limit"
)


@dataclass(frozen=True)
class Stranger:
    """An identity in the cluster that no host of the inventory answers to."""

    node_id: str
    addresses: list[str]
    """Where the members reach it, or else where it says that it is."""
    seen_by: list[str]
    may_be: list[str]
    """Hosts of the inventory that do not answer, where it may be one of them."""
    certain: bool
    """Whether it has been watched for long enough to be no node that has just ended."""
    surplus: bool = False
    """Whether there are more such identities than hosts that do not answer."""
    names: dict[str, str] = field(default_factory=dict)
    """The hosts whose addresses it has."""

    def as_result(self) -> dict[str, Any]:
        """Return it as a task returns it."""
        shown = ("node_id", "addresses", "seen_by", "may_be", "certain")
        return {**{name: getattr(self, name) for name in shown}, "sentence": self.sentence}

    @property
    def sentence(self) -> str:
        """Say what it is and what to do."""
        where = enumerate_names(
            f"{address} ({self.names[address]})" if address in self.names else address for address in self.addresses
        )
        subject = (
            f"{self.node_id} at {where or 'an unknown address'} is in the exo cluster, seen by "
            f"{enumerate_names(self.seen_by)}, and no host of the inventory answers to that identity"
        )
        if self.may_be:
            names = enumerate_names(self.may_be)
            verb = "do" if len(self.may_be) > 1 else "does"
            subject = f"{subject}: it may be {names}, which {verb} not answer"
            if self.surplus:
                return f"{subject}, but there are more such identities than silent hosts; {CURE}."
            return f"{subject}; look at exo there, then here again."
        if not self.certain:
            return f"{subject}: unless a node has started again within the last minute, it is a stranger; {CURE}."
        return f"{subject}: it is a stranger, and sees every prompt; {CURE}."


class Watch:
    """Remembers, while a cluster is waited for, since when an identity is there and which ones were ours."""

    def __init__(self) -> None:
        self._first: dict[str, float] = {}
        self._last: dict[str, tuple[float, api.Picture]] = {}
        self._ours: set[str] = set()

    def see(self, picture: api.Picture, moment: float) -> None:
        """Take a look into account."""
        self._ours.update(picture.node_ids.values())
        for node_id in picture.unknown:
            self._first.setdefault(node_id, moment)
            self._last[node_id] = moment, picture

    @property
    def _certain(self) -> set[str]:
        """Identities that were there for too long for a node that ended; one that comes and goes is no better."""
        return {
            node_id
            for node_id, (moment, _) in self._last.items()
            if moment - self._first[node_id] >= WATCH_SECONDS and node_id not in self._ours
        }

    def leaving(self, picture: api.Picture) -> bool:
        """Tell whether there are identities that may still be those of nodes that have just ended."""
        return bool(picture.unknown - self._certain)

    def strangers(self, picture: api.Picture, fetch: Fetch, *, patient: bool) -> list[Stranger]:
        """Describe the strangers; those that may yet be nodes that have just ended only where nobody waits for them."""
        certain = self._certain
        found = sorted(certain if patient else certain | picture.unknown - self._ours)
        return [
            _describe(self._last[node_id][1], node_id, fetch, node_id in certain, len(found) > len(picture.silent))
            for node_id in found
        ]


def _describe(picture: api.Picture, node_id: str, fetch: Fetch, certain: bool, surplus: bool) -> Stranger:
    """Find out where an identity is."""
    names = {member.address: member.name for member in picture.members}
    witnesses = [
        (member.name, view)
        for member, view in zip(picture.members, picture.views)
        if node_id in view.nodes | view.others
    ]
    reached = {
        address
        for _, view in witnesses
        for (_, sink), addresses in view.addresses.items()
        if sink == node_id
        for address in addresses
    }
    claims = (_claimed(view.base, node_id, fetch) for _, view in witnesses)
    addresses = sorted(reached) or next(filter(None, claims), [])
    return Stranger(
        node_id,
        addresses,
        sorted(name for name, _ in witnesses),
        picture.silent,
        certain,
        surplus,
        {address: names[address] for address in addresses if address in names},
    )


def _claimed(base: str, node_id: str, fetch: Fetch) -> list[str]:
    """Return the addresses that a node says it has, without those that mean nothing elsewhere."""
    node = api.state(base, fetch, "nodeNetwork").get(node_id)
    interfaces = node.get("interfaces") if isinstance(node, dict) else None
    found = set()
    for interface in interfaces if isinstance(interfaces, list) else []:
        text = str(interface.get("ipAddress", "") if isinstance(interface, dict) else "")
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            continue
        if not (address.is_loopback or address.is_link_local or address.is_unspecified):
            found.add(text)
    return sorted(found)
