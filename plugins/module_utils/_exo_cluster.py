# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Waiting for an exo cluster to be whole and to stay so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _exo_api, _wait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import Fetch

POLL_SECONDS = 1.0
GONE_SECONDS = 45.0
"""An identity without a host disappears after 31 to 36 seconds when its node has ended; later it is another machine."""


@dataclass(frozen=True)
class Answer:
    """What the cluster looked like at the end, and what was still missing."""

    picture: _exo_api.Picture
    missing: list[str]
    seconds: float

    @property
    def formed(self) -> bool:
        """Tell whether every member sees and reaches every other."""
        return not self.missing


def wait_for_cluster(
    members: Sequence[_exo_api.Member], port: int, fetch: Fetch, timeout: float, settle_seconds: float
) -> Answer:
    """Look until the cluster is whole and the same picture has held for `settle_seconds`, or `timeout` has passed."""
    start = _wait.now()
    deadline = start + timeout
    strangers: dict[str, float] = {}
    held: _exo_api.Picture | None = None
    since = start
    while True:
        picture = _exo_api.look(members, port, fetch)
        moment = _wait.now()
        strangers = {node: strangers.get(node, moment) for node in picture.unknown}
        missing = picture.missing(port)
        missing += _leaving(strangers, moment) if settle_seconds else []
        if missing or held is None or picture.node_ids != held.node_ids:
            held, since = (None if missing else picture), moment
        if not missing and moment - since >= settle_seconds:
            return Answer(picture, [], round(moment - start, 1))
        if moment >= deadline:
            return Answer(picture, missing or [_unsettled(moment - since, settle_seconds)], round(moment - start, 1))
        _wait.sleep(POLL_SECONDS)


def _leaving(strangers: dict[str, float], moment: float) -> list[str]:
    """Say which identities may still belong to nodes that ended a short while ago."""
    young = sorted(node for node, first in strangers.items() if moment - first < GONE_SECONDS)
    if not young:
        return []
    return [
        f"Nodes that no member is are still in the topology ({', '.join(young)}): they have just ended, or are new."
    ]


def _unsettled(seconds: float, wanted: float) -> str:
    return f"The cluster has been whole for {seconds:.0f} seconds only, not for {wanted:g}: allow more time."
