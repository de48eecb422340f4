# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about where models are served and kept: hosts, platforms, the store and the key."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import (
    INVENTORY,
    Problem,
    did_you_mean,
    enumerate_names,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._models_entries import models_of
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._paths import folder_fault
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import Model

_STORE, _KEY, _DIRECTORY = "cluster_model_store", "cluster_model_api_key", "cluster_models_directory"
_KEY_LENGTH = 16


def hosts(inventory: Inventory) -> Iterator[Problem]:
    """Check that each model is served by hosts that its backend runs on."""
    models = [model for model in models_of(inventory) if model.is_present]
    for model in models:
        if not model.hosts:
            yield Problem(INVENTORY, f"the model {model.name} {_nobody(model, inventory)}")
        yield from _host_faults(model, inventory)
        if 0 < len(model.hosts) < model.min_nodes and BACKENDS[model.backend].spreads:
            count = "one host" if len(model.hosts) == 1 else f"{len(model.hosts)} hosts"
            yield Problem(
                INVENTORY,
                f"the model {model.name} has min_nodes {model.min_nodes}, but {count} ({enumerate_names(model.hosts)});"
                f" write {len(model.hosts)} or less, or more hosts.",
            )
    yield from _crowds(models)


def _nobody(model: Model, inventory: Inventory) -> str:
    if inventory.groups.get(model.backend):
        return f"has no host in hosts; name some, or remove the line for all of the group {model.backend}."
    return f"is served by {model.backend}, but nobody is in the group {model.backend}; put a host into it."


def _host_faults(model: Model, inventory: Inventory) -> Iterator[Problem]:
    backend = BACKENDS[model.backend]
    for name in dict.fromkeys(model.hosts):
        host = inventory.hosts.get(name)
        if host is None:
            advice = did_you_mean(name, inventory.groups.get(backend.name) or inventory.hosts)
            yield Problem(INVENTORY, f"the model {model.name} has the host {name}, which there is not; {advice}")
            continue
        platform = next((one for one in ("macos", "linux") if one in host.groups), None)
        if backend.name not in host.groups:
            yield Problem(
                name,
                f"the model {model.name} is to be served here by {backend.name}, but the host is not in the group"
                f" {backend.name}; add it there, or take it out of the model's hosts.",
            )
        elif platform and platform not in backend.platforms:
            yield Problem(
                name,
                f"the model {model.name} is to be served here by {backend.name}, which does not run on {platform}; take"
                f" the host out of the group {backend.name}.",
            )
        if model.hosts.count(name) > 1:
            yield Problem(INVENTORY, f"the model {model.name} has the host {name} twice; keep one.")


def _crowds(models: list[Model]) -> Iterator[Problem]:
    for backend in BACKENDS.values():
        most = backend.models_per_host
        if most is None:
            continue
        served: dict[str, list[str]] = defaultdict(list)
        for model in models:
            for host in set(model.hosts) if model.backend == backend.name else ():
                served[host].append(model.name)
        for host, names in served.items():
            if len(names) > most:
                yield Problem(
                    host,
                    f"{backend.name} is to serve {enumerate_names(names)} here, but has room for {most}:"
                    f" {backend.one_because}; keep one of them on this host.",
                )


def store(inventory: Inventory) -> Iterator[Problem]:
    """Check that somebody fetches the models, and that each host's own lie at a whole path."""
    written = inventory.shared(_STORE)
    wrong = any(_STORE in host.names and _STORE not in host.values for host in inventory.hosts.values())
    if written is not None and written not in inventory.hosts:
        advice = did_you_mean(written, inventory.hosts)
        text = f"{_STORE} is {written or repr(written)}, which is not a host of the inventory; {advice}"
        yield Problem(INVENTORY, text)
    needing = [model.name for model in models_of(inventory) if model.is_present]
    if needing and written is None and not wrong and not inventory.groups.get("management"):
        yield Problem(
            INVENTORY,
            f"nobody fetches the models ({enumerate_names(needing)}), because the group management is empty; write one"
            f" of the hosts as {_STORE}.",
        )
    for host in inventory.hosts.values():
        path = host.given.get(_DIRECTORY)
        if path is not None and not re.fullmatch(r"(/(?!\.{1,2}(/|$))[^/\0]+)+/?", path):
            yield Problem(host.name, f"{_DIRECTORY} is {path!r}; write a whole path such as /srv/models.")
        elif path is not None and (fault := folder_fault(path)):
            yield Problem(host.name, f"{_DIRECTORY} is {path!r}, {fault}")


def api_key(inventory: Inventory) -> Iterator[Problem]:
    """Check a key of somebody's own without repeating it: files and headers end at blanks, commas and #."""
    for host in inventory.hosts.values():
        key = host.given.get(_KEY)
        if key is None:
            continue
        fault = ""
        if not re.fullmatch(r"[A-Za-z0-9._~+/=-]*", key):
            fault = "has a character that ends a key in a file or a header; write letters, digits and ._~+/=- alone"
        elif len(key) < _KEY_LENGTH:
            fault = f"has fewer than {_KEY_LENGTH} characters; write {_KEY_LENGTH} random ones or more"
        if fault:
            yield Problem(host.name, f"{_KEY} {fault}, or remove it, and one is made and kept.")
