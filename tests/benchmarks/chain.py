# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a model takes to 1, 3 and 6 hosts over links of 200 Mbit/s, handed on in a chain and copied one by one.

Hosts are network namespaces with disks in memory, so that links are what is measured. They share the processors of this
machine, which on hosts of their own would each hash and pass on by itself.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.measurements import Measurement
from tests.chain.hosts import COPIES_PORT, FOLDER, Host, write_model
from tests.chain.network import network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import Manifest

    from tests.chain.network import Network
    from tests.site.cluster import Cluster

SIZES = (1, 3, 6)
MEGABITS = 200
SHARD, SHARDS = 128 << 20, 4
GOAL_TIME, GOAL_SENT = 1.35, 1.05
NAMES = ("store", *(f"host{number}" for number in range(1, max(SIZES) + 1)))


def measure(cluster: Cluster) -> Iterator[Measurement]:
    """Measure: first the copies, one after the other, then each chain on hosts that have nothing."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name, network("bench", NAMES, MEGABITS) as joined:
        folder = Path(name)
        store = Host(joined, "store", folder / "store")
        content = {f"model-{number}.safetensors.bin": os.urandom(SHARD) for number in range(SHARDS)}
        manifest = write_model(store.models, content)
        del content
        copies = copied(joined, store, manifest, folder)
        one = copies[1]
        yield Measurement(
            "chain_copy_seconds", one, "s", f"one plain copy of {manifest.bytes >> 20} MiB, {MEGABITS} Mbit/s"
        )
        for size in SIZES:
            seconds, sent = chained(joined, store, manifest, folder, size)
            hosts = f"{size} host{'s' if size > 1 else ''}"
            yield Measurement(
                f"chain_{size}_serial_seconds", copies[size], "s", f"{hosts}: copies, one after the other"
            )
            yield Measurement(f"chain_{size}_seconds", seconds, "s", f"{hosts}: chain, each file compared")
            yield Measurement(f"chain_{size}_ratio", seconds / one, "ratio", "  chain / one copy", goal=GOAL_TIME)
            yield Measurement(f"chain_{size}_sent", sent, "copies", "  sent by the store", goal=GOAL_SENT)
        yield Measurement("chain_load", os.getloadavg()[0], "load", "load of this machine at the end")


def copied(joined: Network, store: Host, manifest: Manifest, folder: Path) -> dict[int, float]:
    """Copy to one host after the other with curl, and return after how many seconds each had it."""
    store.start(manifest, idle_seconds=3600)
    store.wait("complete", 60)
    top = f"http://{store.address}:{COPIES_PORT}/{FOLDER}@{manifest.revision}"
    begin, seconds = time.monotonic(), {}
    for number in itertools.count(1):
        target = folder / f"copy{number}"
        target.mkdir()
        for file in manifest.files:
            words = ("curl", "-sSf", "-o", str(target / file.path), f"{top}/{file.path}")
            subprocess.run(joined.argv(NAMES[number], *words), check=True)
        seconds[number] = time.monotonic() - begin
        shutil.rmtree(target)
        if number == max(SIZES):
            break
    store.stop()
    return seconds


def chained(joined: Network, store: Host, manifest: Manifest, folder: Path, size: int) -> tuple[float, float]:
    """Hand the model on to so many hosts; return the seconds, and how many copies the store has sent."""
    with contextlib.ExitStack() as ended:
        ended.callback(store.stop)
        store.start(manifest)
        torrent = store.torrent(60)
        hosts = [store, *(Host(joined, name, folder / f"{size}-{name}") for name in NAMES[1 : size + 1])]
        sent, begin = joined.sent("store"), time.monotonic()
        for place, host in enumerate(hosts[1:], 1):
            ended.callback(host.stop)
            host.start(manifest, list(reversed(hosts[:place])), torrent)
        for host in hosts[1:]:
            host.wait("complete", 600)
        seconds, sent = time.monotonic() - begin, joined.sent("store") - sent
        for host in hosts[1:]:
            if wrong := host.wrong(manifest):
                sys.exit(f"{host.name} has another model than the store: {' '.join(wrong)}")
    for host in hosts[1:]:
        shutil.rmtree(host.models.parent)
    return seconds, sent / manifest.bytes
