# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is measured of the cluster now, with None for whatever nobody knows."""

from __future__ import annotations

import math
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hybrid_cluster.command import prometheus
from hybrid_cluster.command.prometheus import Sample, SilentError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hybrid_cluster.command.inventory import Cluster, Host

METRICS = (
    "ALERTS",
    "exo_keeper_model_ready",
    "instance:cpu_busy:ratio",
    "instance:memory_total:bytes",
    "instance:memory_used:bytes",
    "llamacpp:requests_processing",
    "mac_thunderbolt_connected",
    "mac_thunderbolt_link_bits_per_second",
    "mlx_lm_requests_running",
    "mlx_lm_up",
    "node_boot_time_seconds",
    "nvidia_smi_memory_free_bytes",
    "nvidia_smi_memory_total_bytes",
    "ollama_model_bytes",
    "ollama_up",
    "up",
    "vllm:num_requests_running",
)
"""What one question asks for; docs/command.md says what each becomes."""
CORES = 'count by (instance) (node_cpu_seconds_total{mode="idle"})'
_KNOCK_SECONDS = 1.0
_GREETING = b"SSH-"
_MOST_KNOCKS = 64


@dataclass
class Measured:
    """Figures by name, and what kept them from being had."""

    source: str | None = None
    """The address of the Prometheus that answered."""
    silence: str | None = None
    """Why none did."""
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def all(self, name: str, **labels: str) -> list[Sample]:
        """Return the figures of a name whose labels are these."""
        return [one for one in self.samples.get(name, ()) if labels.items() <= one.labels.items()]

    def one(self, name: str, **labels: str) -> float | None:
        """Return the first of them that is a number."""
        return next((one.value for one in self.all(name, **labels) if not math.isnan(one.value)), None)

    def total(self, name: str, **labels: str) -> float | None:
        """Return their sum; None where there is none."""
        found = [one.value for one in self.all(name, **labels) if not math.isnan(one.value)]
        return sum(found) if found else None

    def truth(self, name: str, **labels: str) -> bool | None:
        """Tell whether one of them is not 0; None where there is none."""
        found = [one.value for one in self.all(name, **labels)]
        return any(found) if found else None


class Source:
    """Prometheus, found once and asked again and again."""

    def __init__(self, cluster: Cluster, address: str | None = None, seconds: float | None = None) -> None:
        self._cluster = cluster
        self._address = address
        self._seconds = seconds
        """How long an answer may take; those over many days take longer than those of now."""
        self._found: prometheus.Prometheus | None = None

    def measure(self, names: Iterable[str], **expressions: str) -> Measured:
        """Return the figures with these names, and what the expressions are, each under its own name."""
        try:
            if self._found is None:
                self._found = prometheus.find(self._cluster, self._address)
                self._found.seconds = self._seconds or self._found.seconds
            samples: dict[str, list[Sample]] = {}
            for sample in self._found.samples(names):
                samples.setdefault(sample.name, []).append(sample)
            for name, expression in expressions.items():
                samples[name] = self._found.query(expression)
        except SilentError as error:
            return Measured(silence=str(error))
        return Measured(self._found.shown, samples=samples)


def answer_ssh(hosts: Iterable[Host]) -> dict[str, bool]:
    """Tell of hosts whether sshd greets this machine; those that cannot be asked are left out."""
    asked = {host.name: (host.address, host.ssh_port) for host in hosts if host.ssh_port is not None}
    if not asked:
        return {}
    with ThreadPoolExecutor(min(len(asked), _MOST_KNOCKS)) as pool:
        return dict(zip(asked, pool.map(_knock, asked.values()), strict=True))


def _knock(target: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(target, timeout=_KNOCK_SECONDS) as connection:
            # A connection alone proves nothing: a gateway on the way may take it.
            return connection.recv(len(_GREETING)) == _GREETING
    except OSError:
        return False
