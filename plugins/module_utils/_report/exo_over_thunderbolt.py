# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether exo knows no other way than Thunderbolt between workers that it joins.

exo places a model's data connections on the addresses of its topology, so what is not there carries no data.
"""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import api
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import numbered
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

POLL_SECONDS = 2.0


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Look at the topology; one that is just changing is given `timeout` seconds."""
    members = api.members_from(arguments.mappings("members"))
    paths = {(path["source"], path["sink"]): set(path["addresses"]) for path in arguments.mappings("paths")}
    port, seconds = arguments.integer("port", 52415), arguments.integer("timeout", 0)
    deadline = _wait.now() + seconds
    while True:
        edges = api.look(members, port, context.fetch).edges
        known = {(edge["source"], edge["sink"]): set(edge["addresses"]) for edge in edges}
        missing = [f"{source} to {sink}" for source, sink in paths if not known.get((source, sink))]
        others = [
            f"{source} to {sink} at {', '.join(sorted(known[source, sink] - over))}"
            for (source, sink), over in paths.items()
            if known.get((source, sink), set()) - over
        ]
        if not (missing or others) or _wait.now() >= deadline:
            break
        _wait.sleep(POLL_SECONDS)
    over = sum(len(known.get(pair, set()) & addresses) for pair, addresses in paths.items())
    measured = f"{numbered(over, 'connection')} over Thunderbolt, {len(others)} elsewhere"
    wrong = [*(f"no connection from {pair}" for pair in missing), *(f"another way from {text}" for text in others)]
    return Measurement(not wrong, measured, "no other way", "; ".join(wrong))


KIND = Kind("exo over Thunderbolt", measure, slow=True)
