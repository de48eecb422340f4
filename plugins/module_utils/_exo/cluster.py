# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Waiting for an exo cluster to be whole and to stay so, with nobody else in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import api
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo.strangers import WATCH_SECONDS, Stranger, Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import Fetch

POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Answer:
    """What the cluster looked like at the end, and what was still wrong."""

    picture: api.Picture
    missing: list[str]
    """What keeps the required members from being one cluster."""
    apart: list[str]
    """What keeps the other members that answer from being part of it."""
    strangers: list[Stranger]
    seconds: float

    @property
    def formed(self) -> bool:
        """Tell whether every required member sees and reaches every other."""
        return not self.missing

    @property
    def base(self) -> str:
        """Where a member answers that is part of the cluster."""
        answering = [
            (member.required, view.base) for member, view in zip(self.picture.members, self.picture.views) if view.base
        ]
        return max(answering, default=(False, ""), key=lambda entry: entry[0])[1]


def wait_for_cluster(
    members: Sequence[api.Member], port: int, fetch: Fetch, timeout: float, settle_seconds: float
) -> Answer:
    """Look until the cluster is whole and the same picture has held for `settle_seconds`, or `timeout` has passed.

    An identity that nobody answers to when that time is over is watched for longer, until it has gone or is a stranger.
    """
    start = _wait.now()
    limit, patient = start + timeout, bool(timeout)
    watch = Watch()
    held: api.Picture | None = None
    since = start
    while True:
        picture = api.look(members, port, fetch)
        moment = _wait.now()
        watch.see(picture, moment)
        missing, apart, leaving = picture.missing(port), picture.apart(port), watch.leaving(picture)
        whole = not (missing or apart or leaving)
        if not whole or held is None or picture.node_ids != held.node_ids:
            held, since = (picture if whole else None), moment
        settled = whole and moment - since >= settle_seconds
        if patient and moment >= limit and leaving and not missing:
            # Once only: identities that come and go would keep this here for ever.
            limit, patient = moment + WATCH_SECONDS + settle_seconds, False
        if settled or moment >= limit:
            break
        _wait.sleep(POLL_SECONDS)
    if whole and not settled:
        missing = [_unsettled(moment - since, settle_seconds)]
    strangers = watch.strangers(picture, fetch, patient=bool(missing and timeout))
    return Answer(picture, missing, apart, strangers, round(moment - start, 1))


def _unsettled(seconds: float, wanted: float) -> str:
    return f"The cluster has been whole for {seconds:.0f} seconds only, not for {wanted:g}: allow more time."
