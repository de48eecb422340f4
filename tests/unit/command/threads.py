# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A gateway in a thread of its own, with keys in the files where the command looks for them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway.keys import KeyKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

FIRST, SECOND = "hc-" + "a" * 40, "hc-" + "c" * 40
"""The keys of the administrator and of the cluster."""


@contextlib.contextmanager
def in_thread(gateway: AbstractAsyncContextManager[Any], secrets: Path, made: Callable[..., Any]) -> Iterator[Any]:
    """Run a gateway until the end of the context; yield what `made` makes of it and of its loop."""
    ready: concurrent.futures.Future[Any] = concurrent.futures.Future()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    secrets.mkdir(exist_ok=True)

    async def serve() -> None:
        async with gateway as gate:
            gate.keys.adopt("administrator", FIRST, kind=KeyKind.ADMINISTRATOR)
            gate.keys.adopt("cluster", SECOND)
            (secrets / "gateway_admin_key").write_text(f"{FIRST}\n")
            (secrets / "gateway_key").write_text(f"{SECOND}\n")
            ready.set_result(made(gate, loop))
            await stop.wait()

    def work() -> None:
        try:
            loop.run_until_complete(serve())
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
            raise

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield ready.result(20)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
