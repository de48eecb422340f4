# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The keeper itself: looks, plans, and does what the plan says. What goes wrong is told, and tried again later."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from . import cards, client, plan, process, room
from .exo_placed import Placed
from .exo_state import mapping, sequence, tagged
from .look import Looker
from .view import View
from .watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from .plan import Action
    from .settings import Model, Settings

PLACEMENT_SECONDS = 60.0
"""exo looks at every ring of nodes there is, which takes a while on many."""
_WAY = {"sharding": "Pipeline", "instance_meta": "MlxRing"}


class NotYetError(Exception):
    """What is missing comes by itself."""


class NoRoomError(client.RefusedError):
    """exo places a model nowhere for want of memory; so many bytes have to be free for another try."""

    def __init__(self, refusal: str, enough: int) -> None:
        super().__init__(refusal)
        self.enough = enough


class Keeper:
    """Keeps the models of the table placed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.watch, self.counts = Watch(), Counter({"placements": 0, "deletions": 0, "restarts": 0, "errors": 0})
        self.view, self.error = View(time.monotonic()), ""
        self.lock = threading.Lock()
        """Held while anything of it changes."""
        self._models = {model.name: model for model in settings.models}
        self._looker = Looker(settings)

    def once(self) -> None:
        """Look, and do what there is to do."""
        if self.settings.exo_cards:
            cards.install(Path(self.settings.cards), Path(self.settings.exo_cards))
        view = self._looker.look()
        with self.lock:
            self.view = view
            self.watch.see(self.settings, view)
            actions = plan.plan(self.settings, view, self.watch)
        for action in actions:
            self._do(action, view)

    def run(self, stop: threading.Event, after: Callable[[], None] = lambda: None) -> None:
        """Do so until told to stop, with something after each look."""
        while not stop.is_set():
            try:
                self.once()
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                self._fail("", f"an answer of exo is not understood: {error!r}")
            except OSError as error:
                self._fail("", f"the cards of models cannot be written: {error}")
            after()
            stop.wait(self.settings.interval)

    def _do(self, action: Action, view: View) -> None:
        deeds = {plan.PLACE: self._place, plan.DELETE: self._delete, plan.READ: self._read, plan.RESTART: self._restart}
        try:
            deeds[action.kind](action, view)
        except NotYetError as error:
            with self.lock:
                self.watch.waits[action.model] = str(error)
        except (client.ClientError, process.ProcessError) as error:
            text = f"{action.kind} {action.model}: {error}".replace("  ", " ")
            self._fail(action.model, text, error.enough if isinstance(error, NoRoomError) else 0)

    def _fail(self, model: str, error: str, enough: int = 0) -> None:
        """Note what went wrong, and say it once."""
        with self.lock:
            self.counts["errors"] += 1
            if error != self.error:
                print(error, file=sys.stderr, flush=True)
            self.error = error
            if model in self._models:
                self.watch.failure(model).add(error, time.monotonic(), self.settings.pause, enough)

    def _delete(self, action: Action, view: View) -> None:
        """End an instance."""
        print(f"{action.model} is taken down: {action.reason}", flush=True)
        self._looker.exo(f"/instance/{action.instance}", method="DELETE")
        with self.lock:
            self.counts["deletions"] += 1
            first = action.instance not in self.watch.deleted
            self.watch.deleted[action.instance] = time.monotonic()
            hung = first and any(
                placed.identity == action.instance and not placed.is_ready(view.runners, view.nodes)
                for placed in view.instances
            )
            if hung and action.model in self._models:
                self.error = action.reason
                self.watch.failure(action.model).add(action.reason, time.monotonic(), self.settings.pause)

    def _restart(self, action: Action, _: View) -> None:
        """End exo on this node; its supervisor starts it again."""
        print(f"exo is started again on this node: {action.model}: {action.reason}", flush=True)
        with self.lock:
            self.watch.restarted = time.monotonic()
            self.watch.own.clear()
            self.counts["restarts"] += 1
        process.restart(self.settings.service)

    def _read(self, action: Action, view: View) -> None:
        """Have exo read the card of a model that it does not know yet; without one it would ask the internet."""
        model = self._models[action.model]
        with self.lock:
            self.watch.read[model.name] = time.monotonic()
        if not model.card or not Path(self.settings.exo_cards, model.card).is_file():
            raise NotYetError("exo has no card of it; run the role exo_models on this node")
        query = urlencode({"model_id": model.name})
        answer = mapping(self._looker.exo(f"/instance/previews?{query}", seconds=PLACEMENT_SECONDS))
        card = next(filter(None, map(_card, sequence(answer.get("previews")))), None)
        # It would look by itself, once a minute. What it does not find it would take from the internet.
        if card is not None and cards.is_whole(Path(self.settings.served, model.folder)):
            layers = card["nLayers"]
            whole = {"deviceRank": 0, "worldSize": 1, "startLayer": 0, "endLayer": layers, "nLayers": layers}
            shard = {"PipelineShardMetadata": {"modelCard": card, **whole}}
            self._looker.exo("/download/start", {"targetNodeId": view.node_id, "shardMetadata": shard})
            self._looker.forget_downloads()

    def _place(self, action: Action, view: View) -> None:
        """Place a model where its files are."""
        model = self._models[action.model]
        whole = replace(view, downloads=mapping(self._looker.state("downloads")))
        usable = view.ours & set(model.hosts) & whole.holders(model.name)
        if len(usable) < max(1, model.min_nodes):
            without = ", ".join(sorted((view.ours & set(model.hosts)) - usable)) or "no node"
            raise NotYetError(f"exo does not list all of its files on {without} yet")
        try:
            self._order(model, usable, view)
        except client.ClientError as error:
            with self.lock:
                if action.reason:
                    self.watch.crowded.add(model.name)
            enough = room.enough(model, usable, view, str(error)) if isinstance(error, client.RefusedError) else 0
            raise NoRoomError(str(error), enough) if enough else error from None

    def _order(self, model: Model, usable: frozenset[str], view: View) -> None:
        """Have exo do what it proposes."""
        entry = self._proposal(model, usable, view)
        (content,) = entry.values()
        identity, placed = str(content["instanceId"]), Placed.from_state("", entry)
        reason = room.why(model, len(placed.nodes), view.memory)
        print(f"{model.name} is placed on {', '.join(view.hosts_of(placed))}: {reason}", flush=True)
        with self.lock:
            self.watch.records[identity] = {"revision": model.revision, "why": reason}
            self.counts["placements"] += 1
        self._looker.exo("/instance", {"instance": entry}, seconds=PLACEMENT_SECONDS)

    def _proposal(self, model: Model, usable: frozenset[str], view: View) -> dict[str, Any]:
        """Return an instance that exo proposes, on nodes that may have it."""
        ids = {identity for identity, host in view.names.items() if host in usable}
        query = urlencode({"model_id": model.name, **_WAY, "min_nodes": model.min_nodes})
        refusal = "exo proposes no placement on the nodes that it may run on"
        try:
            entry: dict[str, Any] = self._looker.exo(f"/instance/placement?{query}", seconds=PLACEMENT_SECONDS)
            if ids.issuperset(Placed.from_state("", entry).nodes):
                return entry
        except client.RefusedError as error:
            refusal = str(error)
        for hosts in room.choices(model, usable, view.memory):
            found = self._preview(model, frozenset(node for node in ids if view.names[node] in hosts))
            if found is not None:
                return found
        free = ", ".join(f"{host} {view.memory.get(host, 0) / 2**30:.1f} GiB" for host in sorted(usable))
        raise client.RefusedError(f"{refusal} (it takes {model.size / 2**30:.1f} GiB; free are {free})")

    def _preview(self, model: Model, nodes: frozenset[str]) -> dict[str, Any] | None:
        """Return an instance on exactly these nodes."""
        query = urlencode([("model_id", model.name), *(("node_ids", node) for node in sorted(nodes))])
        answer = mapping(self._looker.exo(f"/instance/previews?{query}", seconds=PLACEMENT_SECONDS))
        for preview in map(mapping, sequence(answer.get("previews"))):
            entry = preview.get("instance")
            if {**preview, **_WAY} == preview and entry and nodes == frozenset(Placed.from_state("", entry).nodes):
                return mapping(entry)
        return None


def _card(preview: Any) -> dict[str, Any] | None:
    """Return the card of the model that a preview is about, as exo has read it."""
    _, content = tagged(mapping(preview).get("instance"))
    shards = mapping(mapping(content.get("shardAssignments")).get("runnerToShard"))
    cards_found = [mapping(tagged(shard)[1].get("modelCard")) for shard in shards.values()]
    return next((card for card in cards_found if "nLayers" in card), None)
