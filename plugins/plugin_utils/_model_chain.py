# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who gets which folder of a model from whom.

The store's host has it first. The hosts that need it form a chain, in which each asks the one before it, so that the
store sends one copy however many there are. The chain follows Thunderbolt cables where there are any, and the order of
the inventory elsewhere. A host that has the folder already is asked where a cable leads to it, and when the one before
dies. A host on which libtorrent does not run copies from the store's host, and hands nothing on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True)
class Site:
    """What of the inventory decides about the way."""

    hosts: Sequence[str]
    """All of them, in the order of the inventory."""
    addresses: Mapping[str, str]
    """The LAN address of each host."""
    plans: Mapping[str, Mapping[str, Any]]
    """The Thunderbolt plan of each host."""

    def cabled(self, host: str) -> set[str]:
        """Return the hosts at the other ends of a host's cables."""
        return {port["peer"] for port in self.plans.get(host, {}).get("ports", ())}

    def way(self, here: str, there: str) -> list[str]:
        """Return the addresses at which one host finds another, those over cables or their bridge first."""
        links = self.plans.get(here, {}).get("neighbours", ())
        over = [link["address"] for link in links if link["host"] == there]
        return list(dict.fromkeys([*over, self.addresses[there]]))

    def own(self, host: str) -> list[str]:
        """Return the addresses that a host has: on the LAN and over Thunderbolt."""
        plan = self.plans.get(host, {})
        bridge = plan.get("bridge")
        over = [bridge["address"]] if bridge else [port["address"] for port in plan.get("ports", ())]
        return [self.addresses[host], *(address for address in over if address)]


@dataclass(frozen=True)
class Step:
    """A host that needs a folder, and whom it turns to, in this order."""

    host: str
    holders: tuple[str, ...]


def chain(site: Site, holders: Sequence[str], needs: Iterable[str]) -> list[Step]:
    """Order the hosts that need a folder; `holders` have it already, the store's host first."""
    waiting = [host for host in site.hosts if host in set(needs)]
    before: dict[str, str] = {}
    tail = holders[0]
    while waiting:
        host, from_whom = _next(site, waiting, [tail, *reversed(before), *holders], tail)
        before[host] = from_whom
        waiting.remove(host)
        tail = host
    return [Step(host, _line(host, before, holders)) for host in before]


def _next(site: Site, waiting: Sequence[str], placed: Sequence[str], tail: str) -> tuple[str, str]:
    """Return the next host of a chain and the one that it follows."""
    for one in placed:
        joined = [host for host in waiting if host in site.cabled(one)]
        if joined:
            return _end(site, joined, waiting), one
    group = _group(site, waiting[0], waiting)
    return _end(site, group, waiting), tail


def _group(site: Site, host: str, among: Sequence[str]) -> list[str]:
    """Return the hosts that cables join with a host, itself among them, in the order of the inventory."""
    found, queue = {host}, [host]
    for one in queue:
        new = (site.cabled(one) & set(among)) - found
        found |= new
        queue += sorted(new)
    return [one for one in among if one in found]


def _end(site: Site, candidates: Sequence[str], waiting: Sequence[str]) -> str:
    """Return the candidate with the fewest cables to hosts that wait: a chain that begins there skips nobody."""
    return min(candidates, key=lambda host: len(site.cabled(host) & set(waiting)))


def _line(host: str, before: Mapping[str, str], holders: Sequence[str]) -> tuple[str, ...]:
    """Return whom a host turns to: those before it, the nearest first, then the others that have it from the start."""
    line = []
    while host in before:
        host = before[host]
        line.append(host)
    return tuple(dict.fromkeys([*line, *holders]))


def plan(
    site: Site,
    store: str | None,
    hosts: Mapping[str, Mapping[str, Any]],
    models: Iterable[Mapping[str, Any]],
    *,
    fetched: bool = True,
) -> dict[str, Any]:
    """Return what each host has to do, the chains, and what cannot be done.

    `hosts` are those that take part in this run; of each: `found` (digest and revision of complete folders) and `plain`
    (why libtorrent does not run there, or nothing). `models` is the table, which says who needs what. Before the host
    of the store has `fetched` what it lacks, as in check mode, it is taken to have it.
    """
    made = Plan(site, store, hosts, fetched=fetched)
    present = [model for model in models if model["state"] == "present"]
    for folder in dict.fromkeys(model["folder"] for model in present):
        alike = [model for model in present if model["folder"] == folder]
        wanting = {host for model in alike for host in model["hosts"]}
        made.add(folder, [host for host in hosts if host in wanting], alike[0]["source"].get("revision"))
    return made.as_dict()


class Plan:
    """What grows folder by folder."""

    def __init__(
        self, site: Site, store: str | None, hosts: Mapping[str, Mapping[str, Any]], *, fetched: bool = True
    ) -> None:
        self._site, self._store, self._hosts, self._fetched = site, store, hosts, fetched
        self._jobs: dict[str, list[dict[str, Any]]] = {}
        self._chains: dict[str, list[dict[str, str]]] = {}
        self._problems: list[dict[str, str]] = []

    def add(self, folder: str, wanting: Sequence[str], revision: str | None) -> None:
        """Plan who gets a folder from whom."""
        stored = self._stored(folder, revision)
        have = [host for host in self._site.hosts if host in self._hosts and self._has(host, folder, stored, revision)]
        needs = [host for host in wanting if host not in have]
        if not needs:
            return
        if self._store is None or stored is None:
            self._problems += [{"host": host, "sentence": self._missing(folder, host)} for host in needs]
            return
        steps = self._steps(self._store, have, needs)
        self._chains[folder] = [{"host": step.host, "from": step.holders[0]} for step in steps]
        for step in steps:
            holders = [{"host": one, "addresses": self._site.way(step.host, one)} for one in step.holders]
            self._jobs.setdefault(step.host, []).append({"folder": folder, "holders": holders})
        for host in dict.fromkeys(one for step in steps for one in step.holders if one in have):
            self._jobs.setdefault(host, []).append({"folder": folder, "holders": []})

    def _stored(self, folder: str, revision: str | None) -> Mapping[str, Any] | None:
        """Return what the store's host has, or will have: of that nobody knows the digest yet."""
        if self._store is None or self._store not in self._hosts:
            return None
        found: Mapping[str, Any] | None = self._hosts[self._store]["found"].get(folder)
        if self._fetched or (found is not None and revision in (None, found["revision"])):
            return found
        return {"digest": None, "revision": revision}

    def _has(self, host: str, folder: str, stored: Mapping[str, Any] | None, revision: str | None) -> bool:
        """Tell whether a host has what the store's host has, or at least the revision that the table wants."""
        found = self._hosts[host]["found"].get(folder)
        if stored is None or stored["digest"] is None:
            on_its_way = stored is not None and host == self._store
            return on_its_way or (found is not None and revision in (None, found["revision"]))
        if found is None:
            return False
        return bool(found["digest"] == stored["digest"])

    def _steps(self, store: str, have: Sequence[str], needs: Sequence[str]) -> list[Step]:
        copying = [host for host in needs if self._hosts[host]["plain"] or self._hosts[store]["plain"]]
        holders = [store, *(host for host in have if host != store and not self._hosts[host]["plain"])]
        swarm = chain(self._site, holders, [host for host in needs if host not in copying])
        return [*swarm, *(Step(host, (store,)) for host in copying)]

    def as_dict(self) -> dict[str, Any]:
        """Return the whole plan."""
        allowed = [address for host in self._jobs for address in self._site.own(host)]
        plain = {host: bool(self._hosts[host]["plain"] or self._plain_store) for host in self._jobs}
        jobs = {
            host: {
                "folders": folders,
                "listen": self._site.own(host),
                "allowed": allowed,
                "plain": plain[host],
                # Where a host gives copies, or asks for them.
                "copies": plain[host] or (host == self._store and any(plain.values())),
                "lines": [self._line(host, folder, copies=plain[host]) for folder in folders if folder["holders"]],
            }
            for host, folders in self._jobs.items()
        }
        return {"hosts": jobs, "chains": self._chains, "problems": self._problems}

    def _line(self, host: str, folder: Mapping[str, Any], *, copies: bool) -> str:
        """Say whom a host gets a folder from."""
        first, others = folder["holders"][0], [holder["host"] for holder in folder["holders"][1:]]
        way = f"{host} gets {folder['folder']} from {first['host']}"
        if copies:
            reason = self._hosts[host]["plain"] or self._hosts[str(self._store)]["plain"]
            return f"{way} as a plain copy and hands nothing on: {reason}"
        over = f" at {first['addresses'][0]}"
        return f"{way}{over}, or else from {' or '.join(others)}" if others else f"{way}{over}"

    @property
    def _plain_store(self) -> bool:
        return bool(self._store and self._store in self._hosts and self._hosts[self._store]["plain"])

    def _missing(self, folder: str, host: str) -> str:
        store = self._store
        if store is None:
            return f"{host} needs {folder} and no host stores models: set cluster_model_store to the name of one."
        if store not in self._hosts:
            return (
                f"{host} needs {folder}, which {store} has, and {store} takes no part in this run: it could not be "
                f"reached or is outside of --limit; add it, as in --limit {host},{store}."
            )
        return f"{host} needs {folder}, which {store} does not have complete: apply the role model_store first."
