# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the gateway is told of the table of models: who answers which name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._gateway_groups import group_of
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import service_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

KEY_FILE = "model-api-key"
"""Beside the gateway's configuration: what backends ask for that ask for anything."""
DIRECT = frozenset({"llama_cpp", "vllm"})
"""Backends some of whose answers need no change; which endpoints, the gateway says in direct.py."""
# What HAProxy's runtime API and its reader of JSON take as it is.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*")
_WITH_KEY = frozenset({"llama_cpp", "mlx_lm", "vllm"})


def gateway_models(
    models: Iterable[Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    services: Mapping[str, Mapping[str, Any]],
    addresses: Mapping[str, str],
    queue: int,
    *,
    sleeping: Sequence[Mapping[str, Any]] = (),
    direct: bool = False,
) -> list[dict[str, Any]]:
    """Return the gateway's models, for those of the table that are served by a host.

    With `direct`, those whose requests HAProxy may pass on by itself have the name of its backend for them.

    `addresses` has the IP address of each host, `queue` how many requests may wait for a place at a model, and
    `sleeping` the groups of `gateway_groups`: a member on a host of one is asked once its group is awake. A model
    of a backend that answers `parallel` requests at once has so many places on each of its hosts; how many others
    answer is not known, so they have no limit here.
    """
    found = [
        _model(model, groups, services, addresses, queue, sleeping=sleeping)
        for model in models
        if model["state"] == "present" and model["hosts"]
    ]
    for number, model in enumerate(found if direct else ()):
        (member, *others) = model["members"]
        # Who of several is asked is the gateway's choice.
        if not others and member["backend"] in DIRECT and _PLAIN.fullmatch(model["name"]):
            model["direct"] = f"direct_{number}"
    return found


def _model(
    model: Mapping[str, Any],
    groups: Mapping[str, Sequence[str]],
    services: Mapping[str, Mapping[str, Any]],
    addresses: Mapping[str, str],
    queue: int,
    *,
    sleeping: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    name, entry = model["backend"], services[model["backend"]]
    limited = "parallel" in BACKENDS[name].options
    found: dict[str, Any] = {
        "name": model["name"],
        "aliases": list(model["aliases"]),
        "context": model["context"],
        "slots": model["parallel"] * len(model["hosts"]) if limited else None,
        "queue": queue,
    }
    key = {"key_file": KEY_FILE} if name in _WITH_KEY else {}
    # Every node of exo answers for all of them, so all have to be awake; the other backends serve a copy on each host.
    found["members"] = [
        {
            "backend": name,
            "address": f"http://{service_address(entry, groups, addresses[host])}:{entry['port']}",
            "model": model["name"],
            "hosts": nodes,
            **key,
            **({"group": group} if group else {}),
        }
        for host in model["hosts"]
        for nodes in [list(model["hosts"]) if BACKENDS[name].spreads else [host]]
        for group in [group_of(sleeping, nodes)]
    ]
    return {field: value for field, value in found.items() if value is not None}
