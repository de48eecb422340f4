# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about room for models: the memory and the disk that the inventory says its hosts have.

What it does not say is measured by the roles. Gigabytes are units of 2^30 bytes.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem, enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._models_entries import (
    models_of,
    source_faults,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._model_placement import (
    kept_gigabytes,
    shown,
    usable_gigabytes,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import Model

MEMORY, DISK = "memory_gigabytes", "disk_gigabytes"
_STORE = "cluster_model_store"
KEPT = "macos_headless_system_memory_gigabytes"


def declared(inventory: Inventory) -> Iterator[Problem]:
    """Check what hosts say of themselves."""
    for host in inventory.hosts.values():
        for variable in (MEMORY, DISK):
            value = host.get(variable)
            if value is not None and value <= 0:
                host.forget(variable)
                yield Problem(host.name, f"{variable} is {value}; write what the host has, in gigabytes.")


def memory(inventory: Inventory) -> Iterator[Problem]:
    """Check that the models of each host fit into its memory together, and spread ones into that of their hosts."""
    models = [model for model in models_of(inventory) if model.is_present and (model.memory_gigabytes or 0) > 0]
    alone = [model for model in models if not BACKENDS[model.backend].spreads or len(set(model.hosts)) == 1]
    taken: dict[str, float] = {}
    for host in inventory.hosts.values():
        if host.get(MEMORY) is not None:
            here = list(_served(model for model in alone if host.name in model.hosts))
            faults = list(_host_faults(host, here))
            if not faults:
                # What is too much for a host alone says nothing of what is spread over it.
                taken[host.name] = sum(map(_size, here)) + sum(_caches(host, here).values())
            yield from faults
    yield from _spread_faults(inventory, [model for model in models if model not in alone], taken)


def _served(models: Iterable[Model]) -> Iterator[Model]:
    """Return those that a host can have; that there are too many for their backend is told elsewhere."""
    count: dict[str, int] = defaultdict(int)
    for model in models:
        count[model.backend] += 1
        most = BACKENDS[model.backend].models_per_host
        if most is None or count[model.backend] <= most:
            yield model


def _size(model: Model) -> float:
    return float(model.memory_gigabytes or 0)


def _sizes(models: Iterable[Model]) -> str:
    return enumerate_names(f"{model.name} ({shown(_size(model))} GB)" for model in models)


def _room(host: Host) -> float:
    return usable_gigabytes(host.get(MEMORY), is_mac=host.is_mac, kept=host.get(KEPT))


def _caches(host: Host, models: Iterable[Model]) -> dict[str, float]:
    """Return what the backends of some models keep prompts in beside them, by the variables that say so."""
    variables = dict.fromkeys(BACKENDS[model.backend].cache_variable for model in models)
    return {variable: float(value) for variable in variables if (value := host.get(variable))}


def _host_faults(host: Host, models: list[Model]) -> Iterator[Problem]:
    room, total = _room(host), host.get(MEMORY)
    kept = shown(kept_gigabytes(total, is_mac=host.is_mac, kept=host.get(KEPT)))
    has = f"but the host has {shown(room)} for models: of its {shown(total)} ({MEMORY}) it keeps {kept} for itself"
    large = [model for model in models if _size(model) > room]
    for model in large:
        yield Problem(
            host.name, f"the model {model.name} needs {shown(_size(model))} GB here, {has}; take a smaller one."
        )
    rest = [model for model in models if model not in large]
    caches = _caches(host, rest)
    needed = sum(_size(model) for model in rest) + sum(caches.values())
    if needed > room:
        what = [f"the model{'s' if len(rest) > 1 else ''} {_sizes(rest)}"]
        what += [f"{variable} ({shown(value)})" for variable, value in caches.items()]
        verb = "needs" if len(rest) == 1 and not caches else "need"
        yield Problem(
            host.name,
            f"{' with '.join(what)} {verb} {shown(needed)} GB here, {has}; take one of them off this host, or a smaller"
            " one.",
        )


def _spread_faults(inventory: Inventory, models: list[Model], taken: dict[str, float]) -> Iterator[Problem]:
    """Compare models that several hosts hold together with what those have left."""
    sharing: dict[frozenset[str], list[Model]] = defaultdict(list)
    for model in models:
        if all(name in taken for name in model.hosts):
            sharing[frozenset(model.hosts)].append(model)
    for names, together in sharing.items():
        room = sum(max(0.0, _room(inventory.hosts[name]) - taken[name]) for name in names)
        large = [model for model in together if _size(model) > room]
        rest = [model for model in together if model not in large]
        for group in [*([model] for model in large), rest]:
            needed = sum(_size(model) for model in group)
            if needed > room:
                what = f"the models {_sizes(group)} need" if len(group) > 1 else f"the model {_sizes(group)} needs"
                yield Problem(
                    INVENTORY,
                    f"{what} {shown(needed)} GB, but {enumerate_names(sorted(names))} have room for {shown(room)}"
                    " together, after what each keeps for itself; add a host, or take a smaller one.",
                )


def disk(inventory: Inventory) -> Iterator[Problem]:
    """Check that the cache, the metrics and the models fit on a host's disk together."""
    models = [model for model in models_of(inventory) if model.is_present and not source_faults(model)]
    for host in inventory.hosts.values():
        total = host.get(DISK)
        if total is None:
            continue
        stores = _is_store(inventory, host)
        parts = {**_management_parts(host), **_model_parts(host, models, stores=stores)}
        needed = sum(parts.values())
        if needed > total:
            listed = enumerate_names(f"{name} {shown(size)}" for name, size in parts.items())
            yield Problem(
                host.name,
                f"its disk has {shown(total)} GB ({DISK}), but {listed} are {shown(needed)} together; make one of them"
                " smaller.",
            )


def _is_store(inventory: Inventory, host: Host) -> bool:
    if _STORE in host.names and inventory.shared(_STORE) not in inventory.hosts:
        return False  # its name is reported, and whose disk is meant nobody knows
    store = inventory.shared(_STORE)
    return host.name == store if store else host.name in inventory.groups.get("management", ())


def _management_parts(host: Host) -> dict[str, float]:
    if "management" not in host.groups:
        return {}
    sizes = {}
    if host.get("squid_state") == "present" and _shares_a_disk(host, "squid_cache_directory"):
        sizes["squid_cache_gigabytes"] = host.get("squid_cache_gigabytes")
    if host.get("prometheus_state") == "present":
        sizes["prometheus_retention_gigabytes"] = host.get("prometheus_retention_gigabytes")
    return {name: float(size) for name, size in sizes.items() if size}


def _shares_a_disk(host: Host, variable: str) -> bool:
    """Tell whether a directory is where everything is; another one may be on a disk of its own."""
    return str(host.get(variable)).startswith(f"{host.get('cluster_directory')}/")


def _model_parts(host: Host, models: list[Model], *, stores: bool) -> dict[str, float]:
    """Return the sizes of the model folders on a host that somebody has said."""
    if not _shares_a_disk(host, "cluster_models_directory"):
        return {}
    # What lies on the store's host already need not be copied there.
    held = [model for model in models if host.name in model.hosts or (stores and "path" not in model.source)]
    folders: dict[str, dict[str, tuple[float, str]]] = defaultdict(dict)
    for model in held:
        size = model.disk_gigabytes or model.memory_gigabytes or 0
        files = str(sorted(model.source.get("files", ())))
        folders[model.folder][files] = max(folders[model.folder].get(files, (0.0, "")), (float(size), model.name))
    return {f"the model {name}": size for files in folders.values() for size, name in files.values() if size > 0}
