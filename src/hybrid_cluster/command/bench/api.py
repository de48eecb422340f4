# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How fast APIs answer: the check of their health, and the list of models as often as it goes in a second."""

from __future__ import annotations

import contextlib
import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command.bench import asking
from hybrid_cluster.command.bench.figures import summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hybrid_cluster.command.bench.asking import Place
    from hybrid_cluster.command.inventory import Cluster

LISTING = "/v1/models"
BACKENDS = ("exo", "llama_cpp", "mlx_lm", "ollama", "vllm")
_AT_ONCE = 4


def places(cluster: Cluster, hosts: Iterable[str]) -> list[tuple[Place, str]]:
    """Return what is measured, with the path of its health."""
    wanted, found = list(hosts), []
    gateway = asking.gateway(cluster)
    if gateway and gateway.host in wanted:
        found.append((gateway, LISTING))
    for name in BACKENDS:
        path = cluster.services[name]["health"]["path"]
        found += [
            (asking.backend(cluster, name, host), path) for host in cluster.groups.get(name, ()) if host in wanted
        ]
    return found


def measure(place: Place, path: str, count: int) -> dict[str, Any]:
    """Measure one API: `count` requests over one connection, and a first one over a new connection, which is cold."""
    row: dict[str, Any] = {"host": place.host, "what": place.what, "path": path, "silence": None}
    row |= {"cold_ms": None, "warm_ms": None, "listing": None}
    try:
        with contextlib.closing(place.connect()) as connection:
            row["cold_ms"], status, _ = asking.get(connection, place, path)
            if status >= http.client.BAD_REQUEST:
                return {**row, "cold_ms": None, "silence": f"status {status}"}
            if path == LISTING and not asking.lists_models(connection, place, path):
                return {**row, "cold_ms": None, "silence": "what answers there is something else"}
            row["warm_ms"] = summary([asking.get(connection, place, path)[0] for _ in range(count)])
        row["listing"] = _listing(place, count)
    except (OSError, http.client.HTTPException, ValueError) as error:
        row["silence"] = asking.reason(error)
    return row


def _listing(place: Place, count: int) -> dict[str, Any]:
    """List the models `count` times over each of some connections at once."""

    def ask(_: int) -> list[tuple[float, int, int]]:
        with contextlib.closing(place.connect()) as connection:
            return [asking.get(connection, place, LISTING) for _ in range(count)]

    began = time.perf_counter()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = [answer for answers in pool.map(ask, range(_AT_ONCE)) for answer in answers]
    seconds = time.perf_counter() - began
    good = [answer for answer in answers if answer[1] < http.client.BAD_REQUEST]
    return {
        "path": LISTING,
        "connections": _AT_ONCE,
        "requests": len(answers),
        "failed": len(answers) - len(good),
        "requests_per_second": len(good) / seconds,
        "bytes_per_second": sum(size for _, _, size in good) / seconds,
        "ms": summary([milliseconds for milliseconds, _, _ in good]),
    }


def measure_all(found: Sequence[tuple[Place, str]], count: int) -> list[dict[str, Any]]:
    """Measure one after the other: at once they would measure each other."""
    return [measure(place, path, count) for place, path in found]
