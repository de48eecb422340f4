# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster upgrade`: one host after another drained, upgraded, proved, and back; the first that fails ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hybrid_cluster.command import apply, exits, gateway, output
from hybrid_cluster.command.apply import lock
from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.command.rotation import WITHIN, Rotation, person
from hybrid_cluster.command.upgrade import end, order
from hybrid_cluster.command.upgrade.turn import DONE, Turn, Way

if TYPE_CHECKING:
    from hybrid_cluster.command.inventory import Cluster

OWNER = "cluster upgrade"


@dataclass(frozen=True)
class Wish:
    """What somebody wants upgraded."""

    limit: str | None = None
    tags: tuple[str, ...] = ()
    within: float = WITHIN
    """Seconds that what runs on a host may take to end."""


def upgrade(cluster: Cluster, wish: Wish, address: str | None, *, as_json: bool) -> int:
    """Upgrade all of them, and return what the command ends with."""
    hosts = apply.hosts_of(cluster, wish.limit)
    apply.refuse_unknown_tags(apply.Wish(wish.tags))
    turns = [Turn(members) for members in order.turns(cluster, hosts)]
    path = lock.folder(cluster.sources)
    with lock.held(path):
        rotation, silence = _rotation(cluster, address)
        way = Way(cluster, rotation, wish.tags, wish.within, path, as_json)
        if silence is not None:
            way.say(f"{silence[0].upper()}{silence[1:]}: requests are not kept from hosts that are upgraded.")
        for number, turn in enumerate(turns, 1):
            way.say(f"{turn.name}: {number} of {len(turns)}")
            way.take(turn)
            if turn.state != DONE:
                break
            way.say(end.line(turn))
    document = end.describe(turns, silence)
    if as_json:
        output.show_json(document)
    else:
        output.console().print(end.render(document, turns))
    if document["sentence"]:
        output.say_error(document["sentence"])
    return int(document["exit_code"])


def _rotation(cluster: Cluster, address: str | None) -> tuple[Rotation | None, str | None]:
    """Return how hosts are taken out of rotation, or why that is not done."""
    try:
        return Rotation(gateway.find(cluster, address), f"{OWNER}, {person()}"), None
    except gateway.AbsentError as error:
        return None, str(error).rstrip(".")
    except ClusterError as error:
        # Where nobody answers, nobody is sent anywhere; a gateway that is another version has to be upgraded first.
        if error.exit_code != exits.GATEWAY or "another version" in str(error):
            raise
        return None, str(error).rstrip(".")
