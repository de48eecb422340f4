# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the keeper tells: a status for people and other keepers, and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import plan, room
from .exposition import Metrics
from .view import listed

if TYPE_CHECKING:
    from .keeper import Keeper
    from .settings import Model

STATES = ("ready", "waiting", "failing")


def status(keeper: Keeper) -> dict[str, Any]:
    """Return everything that is known."""
    with keeper.lock:
        view, watch, settings = keeper.view, keeper.watch, keeper.settings
        leads = plan.leader(settings, view)
        others = [placed for placed in view.instances if placed.model not in settings.names]
        return {
            "version": 1,
            "node": settings.node,
            "node_id": view.node_id,
            "leader": leads,
            "leads": leads == settings.node,
            "nodes": sorted(view.ours),
            "models": [_model(keeper, model) for model in settings.models],
            "leaving": sorted({placed.model for placed in view.instances if placed.model in settings.removed}),
            "others": [{"model": placed.model, "nodes": view.hosts_of(placed)} for placed in others],
            "records": watch.records,
            "counts": dict(keeper.counts),
            "held": view.held,
            "error": keeper.error,
        }


def _model(keeper: Keeper, model: Model) -> dict[str, Any]:
    """Return what is known of one model; what comes of it is known to the leader only."""
    view, watch = keeper.view, keeper.watch
    instances = view.of_model(model.name)
    ready = [placed for placed in instances if placed.is_ready(view.runners, view.nodes)]
    failure = watch.failures.get(model.name)
    shown = next(iter(ready or instances), None)
    record = watch.records.get(shown.identity, {}) if shown is not None else {}
    known = listed(view.downloads.get(view.node_id)).get(model.name)
    waits = "" if instances else plan.waits_for(keeper.settings, model, view, watch) or watch.waits.get(model.name, "")
    return {
        "name": model.name,
        "state": "ready" if ready else "failing" if failure is not None else "waiting",
        "instances": len(instances),
        "nodes": view.hosts_of(shown) if shown is not None else [],
        "wanted": not any(plan.fault(model, placed, view, watch) for placed in ready),
        "why": record.get("why", ""),
        "download": known.kind if known is not None else "unknown",
        "seconds": round(view.now - watch.unready.get(model.name, view.now), 1),
        "failures": failure.count if failure is not None else 0,
        "error": failure.error if failure is not None else waits,
        "refusal": "" if instances else _refusal(keeper, model),
    }


def _refusal(keeper: Keeper, model: Model) -> str:
    """Say why no waiting gives a model its place, which its leader knows, or nothing."""
    settings, view, watch = keeper.settings, keeper.view, keeper.watch
    leads = plan.leader(settings, view, model)
    if leads == settings.node:
        return room.shortage(model, view, watch.failures.get(model.name))
    return view.peers[leads].refusals.get(model.name, "") if leads in view.peers else ""


def metrics(keeper: Keeper) -> Metrics:
    """Return the page for Prometheus."""
    page, now = Metrics(), status(keeper)
    page.add("exo_keeper_leads", "Whether this node places models for all.", now["leads"])
    page.add("exo_keeper_exo_answers", "Whether exo on this node answers.", now["node_id"] is not None)
    for model in now["models"]:
        name = model["name"]
        ready = model["state"] == "ready"
        page.add("exo_keeper_model_ready", "Whether a model of the table can answer.", ready, model=name)
        text = "How long a model of the table cannot answer."
        page.add("exo_keeper_model_unready_seconds", text, model["seconds"], model=name)
        page.add("exo_keeper_model_nodes", "Nodes that a model is spread over.", len(model["nodes"]), model=name)
        text = "Failed tries to place a model since it last answered; the leader counts."
        page.add("exo_keeper_model_failures", text, model["failures"], model=name)
    for kind, count in now["counts"].items():
        page.add(f"exo_keeper_{kind}_total", f"How many {kind} this keeper has made.", count, counter=True)
    page.add("exo_keeper_other_instances", "Placed models that the table does not name.", len(now["others"]))
    return page
