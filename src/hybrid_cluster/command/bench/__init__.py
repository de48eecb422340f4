# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster bench`: how fast APIs, links and models are, kept with the date, and compared with earlier runs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits, measured, output
from hybrid_cluster.command.apply import hosts_of
from hybrid_cluster.command.bench import api, kept, links, models, page
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from hybrid_cluster.command.inventory import Cluster

PARTS = ("api", "links", "models")
LEAST_REQUESTS = 10


@dataclass(frozen=True)
class Wish:
    """What somebody wants measured."""

    limit: str | None = None
    parts: tuple[str, ...] = PARTS
    names: tuple[str, ...] = ()
    """Models; all of them without."""
    how: models.Wish = field(default_factory=models.Wish)
    compare: str | None = None


def wish(limit: str | None, only: str | None, names: list[str] | None, how: models.Wish, compare: str | None) -> Wish:
    """Read what was written on the command line."""
    parts = tuple(word.strip() for word in (only or ",".join(PARTS)).split(",") if word.strip())
    if unknown := [part for part in parts if part not in PARTS]:
        raise ClusterError(f"--only {unknown[0]}: write some of {', '.join(PARTS)}.", exits.USAGE)
    return Wish(limit, parts, tuple(names or ()), how, compare)


def numbers(text: str) -> tuple[int, ...]:
    """Read how many requests at once."""
    found = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and 1 <= int(word) <= 256 for word in found):
        raise ClusterError(f"--at-once {text}: write numbers from 1 to 256 with commas between them.", exits.USAGE)
    return tuple(dict.fromkeys(int(word) for word in found))


def bench(cluster: Cluster, wanted: Wish, address: str | None, *, as_json: bool) -> int:
    """Measure, keep, show, and return what the command ends with."""
    hosts = hosts_of(cluster, wanted.limit)
    if unknown := [name for name in wanted.names if name not in {row["name"] for row in cluster.models}]:
        raise ClusterError(f"--model {unknown[0]} is not in cluster_models.", exits.USAGE)
    # Before this run is the last one itself.
    before = kept.load(cluster.sources, wanted.compare) if wanted.compare else None
    document = measure(cluster, hosts, wanted, measured.Source(cluster, address), is_silent=as_json)
    document["backends"] = kept.backends(document)
    document["kept"] = str(kept.save(cluster.sources, document))
    document["compared_with"] = before["began"] if before else None
    document["changes"] = kept.compare(document, before) if before else None
    if as_json:
        output.show_json(document)
    else:
        output.console().print(page.render(document))
    if not any(kept.figures(document)):
        output.say_error("nothing answered, so nothing was measured; `cluster doctor` says why.")
        return exits.HOSTS_FAILED
    return exits.OK


def measure(
    cluster: Cluster, hosts: list[str], wanted: Wish, source: measured.Source, *, is_silent: bool
) -> dict[str, Any]:
    """Measure the parts, one after the other: at once they would measure each other."""
    document: dict[str, Any] = {"kind": "bench", "began": time.time(), "hosts": hosts}
    document |= {"requests": wanted.how.requests, "tokens": wanted.how.tokens}
    document |= {"api": [], "links": [], "models": []}
    if "api" in wanted.parts:
        document["api"] = api.measure_all(api.places(cluster, hosts), wanted.how.requests)
    if "links" in wanted.parts and len(hosts) > 1:
        document["links"] = links.measure(cluster, hosts, wanted.how.requests, is_silent=is_silent)
    if "models" in wanted.parts:
        document["models"] = [
            models.measure(row, place, wanted.how, at_once, source)
            for row, place in models.places(cluster, wanted.names, wanted.how)
            if place.what == "gateway" or place.host in hosts
            for at_once in wanted.how.at_once
        ]
    return document
