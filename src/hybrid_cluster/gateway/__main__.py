# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`python -m hybrid_cluster.gateway CONFIGURATION`: serve until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from hybrid_cluster.gateway import routes
from hybrid_cluster.gateway.keys import KeyFile
from hybrid_cluster.gateway.routes import Configuration, RouteError
from hybrid_cluster.gateway.server import Gateway
from hybrid_cluster.gateway.state_file import StateError


def main(arguments: list[str] | None = None) -> int:
    """Run the command; what is wrong with what it is told is one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m hybrid_cluster.gateway", description=__doc__)
    parser.add_argument("configuration", type=Path, help="a JSON file")
    parser.add_argument("--check", action="store_true", help="read the configuration and end")
    options = parser.parse_args(arguments)
    try:
        configuration = routes.load(options.configuration)
        if not options.check:
            KeyFile(configuration.keys).begin()
            uvloop.run(serve(configuration))
    except (RouteError, StateError, OSError) as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 1
    return 0


async def serve(configuration: Configuration) -> None:
    """Serve until a signal says to stop."""
    gateway = Gateway(configuration, lambda line: print(line, flush=True))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        await gateway.start()
        await stopped.wait()
    finally:
        await gateway.stop()


if __name__ == "__main__":
    sys.exit(main())
