# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which model answers where, as far as it is measured."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import hosts

if TYPE_CHECKING:
    from hybrid_cluster.command.inventory import Cluster
    from hybrid_cluster.command.measured import Measured

_SLEEPER = (
    *("state", "since", "waiting", "idle_for", "idle_after", "sleeps_at", "held_until", "last_wake"),
    *("in_flight", "last_wake_seconds", "seen_to_wake", "stayed_awake_for", "wakes"),
)
"""What the gateway says of hosts that sleep, each as its group."""
ANSWERS, ON_REQUEST, FAILS, UNKNOWN = "answers", "on request", "no answer", "unknown"
"""It would answer now; it is loaded when somebody asks; it would not; nobody knows."""


def models(cluster: Cluster, measured: Measured, told: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the models of the table, each with its hosts and what is known of it there."""
    speeds = _speeds(cluster, told)
    return [
        {
            "name": row["name"],
            "aliases": row["aliases"],
            "backend": row["backend"],
            "format": row["format"],
            "state": row["state"],
            "memory_gigabytes": row["memory_gigabytes"],
            "nodes": row["nodes"],
            "why": row["why"],
            "answers": {host: where(measured, row, host) for host in row["hosts"]} if row["state"] == "present" else {},
            "tokens_per_second": speeds.get(row["name"], {}),
        }
        for row in cluster.models
    ]


def _speeds(cluster: Cluster, told: dict[str, Any] | None) -> dict[str, dict[str, float]]:
    """Return how fast the gateway saw each model answer on each host, where it has."""
    return {
        model["name"]: {
            hosts.host_at(cluster, member["address"]): speed
            for member in model["members"]
            # An older gateway does not say.
            if (speed := member.get("tokens_per_second")) is not None
        }
        for model in (told or {"models": []})["models"]
    }


def sleepers(cluster: Cluster, told: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Return what the gateway says of each host that it knows, moments in seconds of Unix time.

    Of one that does not sleep that is the requests it has put to it; the state is None then.
    """
    if told is None:
        return {}
    groups = {host: group for group in told["groups"] for host in group["hosts"]}
    running: Counter[str] = Counter()
    for address, count in _counted(told).items():
        running[hosts.host_at(cluster, address)] += count
    return {
        host: {
            **dict.fromkeys(_SLEEPER),
            "group": None,
            "in_flight": running[host],
            **(
                {"group": group["name"]} | {key: group.get(key) for key in _SLEEPER}
                if (group := groups.get(host))
                else {}
            ),
        }
        for host in cluster.hosts
        if host in groups or host in running
    }


def through_gateway(told: dict[str, Any] | None) -> int | None:
    """Return how many requests the gateway has put to backends; None where it does not say."""
    return None if told is None else sum(_counted(told).values())


def _counted(told: dict[str, Any]) -> dict[str, int]:
    # By address: a backend is counted once, however many models it has.
    return {member["address"]: member["in_flight"] for model in told["models"] for member in model["members"]}


def where(measured: Measured, row: dict[str, Any], host: str) -> str:
    """Return what is known of a model on a host."""
    if measured.source is None:
        return UNKNOWN
    return _ASKED[row["backend"]](measured, row["name"], host)


def requests(measured: Measured, host: str) -> float | None:
    """Return at how many requests the backends of a host work; None where none of them counts."""
    found = [
        measured.total(name, instance=host)
        for name in ("llamacpp:requests_processing", "mlx_lm_requests_running", "vllm:num_requests_running")
    ]
    known = [count for count in found if count is not None]
    return sum(known) if known else None


def _told(truth: bool | None) -> str:
    return UNKNOWN if truth is None else ANSWERS if truth else FAILS


def _llama_cpp(measured: Measured, model: str, host: str) -> str:
    # A target is asked about one model without loading it, and refuses where that is not loaded.
    return _told(measured.truth("up", job="llama_cpp", instance=host, model=model))


def _mlx_lm(measured: Measured, model: str, host: str) -> str:
    if measured.truth("up", job="mlx_lm", instance=host) is False:
        return FAILS
    return _told(measured.truth("mlx_lm_up", instance=host, model=model))


def _vllm(measured: Measured, model: str, host: str) -> str:  # noqa: ARG001 - it serves one
    return _told(measured.truth("up", job="vllm", instance=host))


def _ollama(measured: Measured, model: str, host: str) -> str:
    runs = measured.truth("ollama_up", node=host)
    if not runs:
        return _told(runs)
    names = {model, f"{model}:latest"}
    loaded = {sample.labels.get("model") for sample in measured.all("ollama_model_bytes", node=host)}
    return ANSWERS if names & loaded else ON_REQUEST


def _exo(measured: Measured, model: str, host: str) -> str:  # noqa: ARG001 - it is one over all of its hosts
    return _told(measured.truth("exo_keeper_model_ready", model=model))


_ASKED = {"exo": _exo, "llama_cpp": _llama_cpp, "mlx_lm": _mlx_lm, "ollama": _ollama, "vllm": _vllm}
"""One for each backend of the table of models; tests/unit/command compares the two."""
