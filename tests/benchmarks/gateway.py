# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gateway costs a request that goes past its control plane, beside nginx and HAProxy that only pass it on.

All of it runs on loopback: a proxy on one processor, its clients and a backend that answers at once on another one. The
proxies take turns, and each figure is the median of its rounds.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks import gateway_load as load
from tests.benchmarks import gateway_proxies as proxies
from tests.benchmarks.measurements import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.benchmarks.gateway_proxies import Proxy
    from tests.site.cluster import Cluster

ROUNDS = 5
SIZES = (1600, 12_000)
FEW, MANY = 10, 10_000
STREAMS = 1000
RATE, LATENCY, CHUNK_MS, CPU, TIMES, MEGABYTES = 0.85, 1.3, 1.0, 1.1, 20, 200
_NEEDED = ("haproxy", "nginx", "wrk", "openssl", "taskset")


def measure(cluster: Cluster) -> Iterator[Measurement]:
    """Measure: warm requests, streams, keys, and LiteLLM where it can be installed."""
    del cluster
    if missing := [program for program in _NEEDED if not shutil.which(program)]:
        sys.exit(f"This needs {', '.join(missing)}: apt-get install haproxy nginx-light wrk openssl util-linux.")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as ended:
        folder = Path(name)
        backend = ended.enter_context(proxies.backend(folder / "backend"))
        for tls in (False, True):
            yield from _warm(folder / f"warm-{tls}", backend, tls=tls)
        yield from _keys(folder / "keys", backend)
        yield from _streams(folder / "streams")
        yield from _litellm(folder / "litellm", backend)


def _warm(folder: Path, backend: int, *, tls: bool) -> Iterator[Measurement]:
    with contextlib.ExitStack() as ended:
        ours = ended.enter_context(proxies.gateway(folder / "gateway", backend, FEW, tls=tls))
        plain = {
            "nginx": ended.enter_context(proxies.nginx(folder / "nginx", backend, tls=tls)),
            "haproxy": ended.enter_context(proxies.haproxy(folder / "haproxy", backend, tls=tls)),
        }
        for size in SIZES:
            found = _rounds({"gateway": ours, **plain}, size)
            where = f"{size / 1000:g} kB{', TLS' if tls else ''}"
            key = f"{size}{'_tls' if tls else ''}"
            # The goal is about short bodies in the clear; the others are rows for a reader.
            goal = size == SIZES[0] and not tls
            for name, rounds in found.items():
                yield Measurement(
                    f"gateway_{name}_{key}_rate", median(one.rate for one in rounds), "1/s", f"{name}, {where}"
                )
                yield Measurement(
                    f"gateway_{name}_{key}_cpu", median(one.cpu for one in rounds), "CPU us", f"  processor, {where}"
                )
            for name in plain:
                pairs = list(zip(found["gateway"], found[name], strict=True))
                rate = median(one.rate / other.rate for one, other in pairs)
                yield Measurement(
                    *(f"gateway_{key}_rate_to_{name}", rate, "ratio", f"gateway / {name}, requests, {where}"),
                    goal=RATE if goal else None,
                    less_is_better=False,
                )
                # Where other programs want the processors too, this says more than the rates.
                cpu = median(one.cpu / other.cpu for one, other in pairs)
                yield Measurement(f"gateway_{key}_cpu_to_{name}", cpu, "ratio", f"gateway / {name}, processor, {where}")
                for at in ("p50", "p99"):
                    ratio = median(getattr(one, at) / getattr(other, at) for one, other in pairs)
                    title = f"gateway / {name}, {at}, {where}"
                    yield Measurement(
                        f"gateway_{key}_{at}_to_{name}", ratio, "ratio", title, goal=LATENCY if goal else None
                    )


def _rounds(compared: dict[str, Proxy], size: int) -> dict[str, list[load.Load]]:
    found: dict[str, list[load.Load]] = {name: [] for name in compared}
    for number in range(ROUNDS):
        for name in sorted(compared, reverse=number % 2 == 1):
            found[name].append(load.run(compared[name], size))
    return found


def _keys(folder: Path, backend: int) -> Iterator[Measurement]:
    with contextlib.ExitStack() as ended:
        gateways = {
            str(count): ended.enter_context(proxies.gateway(folder / str(count), backend, count))
            for count in (FEW, MANY)
        }
        found = _rounds(gateways, SIZES[0])
    ratio = median(many.cpu / few.cpu for few, many in zip(found[str(FEW)], found[str(MANY)], strict=True))
    yield Measurement("gateway_keys_cpu", ratio, "ratio", f"{FEW} to {MANY} keys, processor of a request", goal=CPU)


def _streams(folder: Path) -> Iterator[Measurement]:
    added = []
    with proxies.speaker(folder / "speaker") as port, proxies.gateway(folder / "gateway", port, FEW) as ours:
        for _ in range(ROUNDS):
            straight, through = asyncio.run(load.chunk_delays(port, ours))
            added.append((through - straight) * 1000)
        yield Measurement("gateway_chunk_ms", median(added), "ms", "added to a chunk of a stream, p99", goal=CHUNK_MS)
        size = asyncio.run(load.idle(ours, STREAMS))
        yield Measurement("gateway_idle_mb", size, "MB", f"{STREAMS} idle streams, all processes", goal=MEGABYTES)


def _litellm(folder: Path, backend: int) -> Iterator[Measurement]:
    with contextlib.ExitStack() as ended:
        ours = ended.enter_context(proxies.gateway(folder / "gateway", backend, FEW))
        other = proxies.litellm(folder / "litellm", backend)
        if other is None:
            print("LiteLLM could not be installed, so it is not compared.")
            return
        found = _rounds({"gateway": ours, "litellm": ended.enter_context(other)}, SIZES[0])
        rates = [one.rate / two.rate for one, two in zip(found["gateway"], found["litellm"], strict=True)]
        yield Measurement(
            *("gateway_litellm_rate", median(one.rate for one in found["litellm"]), "1/s", "LiteLLM, one worker"),
        )
        yield Measurement(
            *("gateway_rate_to_litellm", median(rates), "times", "gateway / LiteLLM, requests"),
            goal=TIMES,
            less_is_better=False,
        )
