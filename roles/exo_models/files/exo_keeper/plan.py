# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is to be done now, from what is wanted, seen and remembered: data in, data out, and nothing is asked or changed.

Each keeper looks after its own node. For all of them, the first node of the inventory's order that answers places what
is missing, ends what hangs and replaces what is not as wanted. What the table does not name is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import room
from .exo_placed import state_of
from .view import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .exo_placed import Placed
    from .settings import Model, Settings
    from .view import View
    from .watch import Watch

PLACE, DELETE, READ, RESTART = "place", "delete", "read", "restart"
SLOWEST_LOAD = 100e6
"""Bytes each second at which weights are loaded at least, from a slow disk."""
RESTART_PAUSE, READ_PAUSE, DELETE_PAUSE = 60.0, 30.0, 15.0
TURN_SECONDS = 6.0
"""How much later each further node places, where those before it run exo but do not say that they look after it."""
_LOADING = frozenset({"RunnerLoading", "RunnerLoaded", "RunnerWarmingUp"})


@dataclass(frozen=True)
class Action:
    """One thing to do."""

    kind: str
    model: str = ""
    instance: str = ""
    reason: str = ""


def leader(settings: Settings, view: View, model: Model | None = None) -> str | None:
    """Return the first node in the inventory's order whose keeper and exo answer, of those that may run a model.

    The others lack its files, and with them its card.
    """
    for host in settings.hosts if model is None else model.hosts:
        node_id = view.node_id if host == settings.node else getattr(view.peers.get(host), "node_id", None)
        if node_id is not None:
            return host
    return None


def plan(settings: Settings, view: View, watch: Watch) -> list[Action]:
    """Return what this node has to do."""
    if view.node_id is None:
        return []
    return [*_own(settings, view, watch), *_for_all(settings, view, watch)]


def _own(settings: Settings, view: View, watch: Watch) -> Iterator[Action]:
    """Yield what concerns this node alone: a runner that holds it up, and cards that exo has not read."""
    for own in watch.own.values():
        if own.gone is not None and view.now - own.gone >= settings.blocked_after and _may_restart(view, watch):
            state = state_of(view.runners, own.runner)
            yield Action(
                RESTART, own.model, reason=f"the runner of a placement that is gone holds this node up ({state})"
            )
            return
    known = listed(view.downloads.get(view.node_id))
    if not known:
        return
    for model in settings.models:
        if settings.node not in model.hosts:
            continue
        found = known.get(model.name)
        other = found is not None and found.is_custom and (found.layers, found.size) != (model.layers, model.size)
        if found is None and view.now - watch.read.get(model.name, float("-inf")) >= READ_PAUSE:
            yield Action(READ, model.name)
        elif other and _may_restart(view, watch):
            yield Action(RESTART, model.name, reason="exo has read another card of this model, and reads it once only")
            return


def _may_restart(view: View, watch: Watch) -> bool:
    return view.now - watch.restarted >= RESTART_PAUSE


def _for_all(settings: Settings, view: View, watch: Watch) -> Iterator[Action]:
    """Yield what this node does for everybody, where it leads."""
    told = {identity for identity, when in watch.deleted.items() if view.now - when < DELETE_PAUSE}
    for name in settings.removed if leader(settings, view) == settings.node else ():
        for placed in view.of_model(name):
            if placed.identity not in told:
                yield Action(DELETE, name, placed.identity, "the table does not serve it any more")
    busy = False
    ours = [model for model in settings.models if leader(settings, view, model) == settings.node]
    for model in settings.models:
        instances = view.of_model(model.name)
        for placed in instances:
            reason = hangs(settings, model, placed, view, watch) if model in ours else ""
            if reason and placed.identity not in told:
                yield Action(DELETE, model.name, placed.identity, reason)
        busy = busy or any(not placed.is_ready(view.runners, view.nodes) for placed in instances)
    # One after the other: what one takes shows in the free memory only when it is loaded.
    if busy:
        return
    for model in ours:
        action = _place(settings, model, view, watch)
        if action is not None and action.instance not in told:
            yield action
            if action.kind == PLACE:
                return


def hangs(settings: Settings, model: Model, placed: Placed, view: View, watch: Watch) -> str:
    """Say why an instance is given up, or nothing; what exo itself removes with a lost node is left to it."""
    if placed.is_ready(view.runners, view.nodes) or not view.nodes.issuperset(placed.nodes):
        return ""
    stalled = watch.stalled(placed, view.now)
    if stalled < patience(settings, model, placed, view):
        return ""
    states = ", ".join(
        f"{view.names.get(node, node)} {state_of(view.runners, runner)}"
        for node, runner in sorted(placed.nodes.items())
    )
    return f"the placement has come no nearer to answering for {stalled:.0f} seconds ({states})"


def patience(settings: Settings, model: Model, placed: Placed, view: View) -> float:
    """Return how long an instance may stay as it is; large weights take longer, and not all tell their layers."""
    if not _LOADING & set(placed.states(view.runners).values()):
        return settings.deadline
    return settings.deadline + model.size / max(1, len(placed.nodes)) / SLOWEST_LOAD


def _place(settings: Settings, model: Model, view: View, watch: Watch) -> Action | None:
    """Return how a model comes nearer to what is wanted, or None."""
    instances = view.of_model(model.name)
    if not instances:
        wait = waits_for(settings, model, view, watch)
        return None if wait else Action(PLACE, model.name)
    faults = {placed.identity: fault(model, placed, view, watch) for placed in instances}
    good = [identity for identity, text in faults.items() if not text]
    bad = [identity for identity, text in faults.items() if text]
    if not bad:
        return None
    if good:
        return Action(DELETE, model.name, bad[0], faults[bad[0]])
    if waits_for(settings, model, view, watch):
        return None
    if model.name not in watch.crowded and room.has_room(model, view):
        return Action(PLACE, model.name, reason=faults[bad[0]])
    return Action(DELETE, model.name, bad[0], faults[bad[0]])


def fault(model: Model, placed: Placed, view: View, watch: Watch) -> str:
    """Say what of an instance that answers is not as wanted, or nothing."""
    revision = watch.records.get(placed.identity, {}).get("revision", model.revision)
    hosts = view.hosts_of(placed)
    strange = [host for host in hosts if host in view.names.values() and host not in model.hosts]
    if revision != model.revision:
        return "the table has another revision"
    if len(hosts) < model.min_nodes:
        return f"it is on {len(hosts)} node{'s' * (len(hosts) != 1)}, and the table wants {model.min_nodes}"
    return f"{strange[0]} is not one of its hosts" if strange else ""


def waits_for(settings: Settings, model: Model, view: View, watch: Watch) -> str:
    """Say what keeps a model from being placed now, or nothing."""
    failure = watch.failures.get(model.name)
    if failure is not None and view.now < failure.until and not room.is_back(model, view, failure):
        return f"{failure.error}; it is tried again in {failure.until - view.now:.0f} seconds"
    usable = view.ours & set(model.hosts)
    if len(usable) < max(1, model.min_nodes):
        return f"it needs {max(1, model.min_nodes)} of its nodes, and {len(usable)} are there"
    missing = view.now - watch.missing.get(model.name, view.now)
    turn = TURN_SECONDS * sum(host in view.ours for host in model.hosts[: _place_of(settings.node, model)])
    # Nodes that start again leave their old identity behind for a while.
    whole = not view.strangers and view.is_meshed and view.ours.issuperset(model.hosts)
    if not whole and missing < settings.grace:
        return "the cluster is not whole"
    if view.now - watch.held < settings.settle or missing < turn:
        return "the cluster has not settled"
    return ""


def _place_of(host: str, model: Model) -> int:
    return model.hosts.index(host) if host in model.hosts else len(model.hosts)
