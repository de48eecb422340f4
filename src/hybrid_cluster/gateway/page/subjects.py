# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the page tells of, each collected by the code of the command that prints the same with `--json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import energy, inventory, status, topology
from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.command.measured import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from hybrid_cluster.command.inventory import Cluster

ENERGY_DAYS = 7.0
# Shorter than the gateway may take to stop.
_ENERGY_SECONDS = 20.0


@dataclass(frozen=True)
class Subject:
    """Something that is collected again and again."""

    name: str
    every: float
    """Seconds from the end of one time to the next."""
    collect: Callable[[dict[str, Any]], dict[str, Any]]
    """Makes a document of what the gateway says; it blocks, and nobody else calls it meanwhile."""


@dataclass(frozen=True)
class _Told:
    told: dict[str, Any]

    def look(self) -> tuple[dict[str, Any] | None, str | None]:
        return self.told, None


def subjects(content: dict[str, Any]) -> tuple[Subject, ...]:
    """Return those of an inventory."""
    cluster = inventory.from_content(content)
    return (
        Subject("status", 2.0, _status(cluster, Source(cluster))),
        Subject("topology", 5.0, _careful(lambda source: topology.collect(cluster, source), Source(cluster))),
        Subject("energy", 600.0, _careful(lambda source: _energy(cluster, source), _patient(cluster))),
    )


def _patient(cluster: Cluster) -> Source:
    return Source(cluster, seconds=_ENERGY_SECONDS)


def _energy(cluster: Cluster, source: Source) -> dict[str, Any]:
    return energy.collect(cluster, source, ENERGY_DAYS, None, None)


def _status(cluster: Cluster, source: Source) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda told: _said(lambda: status.collect(cluster, source, _Told(told)))


def _careful(collect: Callable[[Source], dict[str, Any]], source: Source) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda _told: _said(lambda: collect(source))


def _said(collect: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return a document, or the sentence of an expected failure."""
    try:
        return collect()
    except ClusterError as error:
        return {"error": str(error)}
