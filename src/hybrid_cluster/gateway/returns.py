# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Members that answered nothing come back when they answer a token, for which no client's request is spent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hybrid_cluster.gateway.outside import Outside
    from hybrid_cluster.gateway.rotation import Rotation
    from hybrid_cluster.gateway.routes import Configuration, Member, Model
    from hybrid_cluster.gateway.waking import Waking

_EVERY = 1.0
_WITHIN = 60.0


async def watch(configuration: Configuration, rotation: Rotation, waking: Waking, outside: Outside) -> None:
    """Ask those that are out, each when its time has come, until cancelled."""
    hosts = {group.name: len(group.hosts) for group in configuration.groups}
    asking: dict[str, asyncio.Task[None]] = {}

    async def ask(member: Member, model: Model) -> None:
        if not waking.serves(member):
            # It is asked for a token when its hosts wake.
            rotation.back(member)
        elif not await outside.complaint(member, model, hosts.get(member.group or "", 0), _WITHIN):
            rotation.back(member)
        else:
            rotation.failed(member, unreachable=True)

    try:
        while True:
            for model in configuration.models:
                for member in model.members:
                    before = asking.get(member.key_of_model)
                    if rotation.due(member) and (before is None or before.done()):
                        asking[member.key_of_model] = asyncio.create_task(ask(member, model))
            await asyncio.sleep(_EVERY)
    finally:
        for task in asking.values():
            task.cancel()
        await asyncio.gather(*asking.values(), return_exceptions=True)
