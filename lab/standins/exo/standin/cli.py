# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command line of exo 1.0.71 and the life of its process."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import resource
import signal
import sys

from . import clock
from .log import Log
from .node import Node
from .paths import Paths

_OPEN_FILES = 65535
_BANNER = "Distributed AI Inference Cluster\n\n  Dashboard & API Ready\n\n  http://localhost:{port}\n"


def _peers(text: str) -> list[str]:
    return [peer for peer in text.split(",") if peer]


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the arguments; there is no --version and no way to choose the address to listen on."""
    environment = os.environ
    parser = argparse.ArgumentParser(prog="EXO")
    parser.add_argument("-q", "--quiet", action="store_const", const=-1, dest="verbosity", default=0)
    parser.add_argument("-v", "--verbose", action="count", dest="verbosity", default=0)
    parser.add_argument("-m", "--force-master", action="store_true", dest="force_master")
    parser.add_argument("--no-api", action="store_false", dest="spawn_api")
    parser.add_argument("--api-port", type=int, dest="api_port", default=52415)
    parser.add_argument("--no-worker", action="store_true")
    parser.add_argument("--no-downloads", action="store_true", help="Do not download models on this node")
    parser.add_argument(
        "--offline",
        action="store_true",
        default=environment.get("EXO_OFFLINE", "false").lower() == "true",
        help="Use only the models that are on disk",
    )
    parser.add_argument("--no-batch", action="store_true", help="Answer one request after the other")
    parser.add_argument(
        "--bootstrap-peers",
        type=_peers,
        default=_peers(environment.get("EXO_BOOTSTRAP_PEERS", "")),
        help="Comma-separated libp2p multiaddresses to dial (env: EXO_BOOTSTRAP_PEERS)",
    )
    parser.add_argument("--libp2p-port", type=int, default=0, help="TCP port to listen on (0: chosen by the system)")
    synchronisation = parser.add_mutually_exclusive_group()
    synchronisation.add_argument("--fast-synch", action="store_true", dest="fast_synch", default=None)
    synchronisation.add_argument("--no-fast-synch", action="store_false", dest="fast_synch")
    return parser.parse_args(argv)


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, _OPEN_FILES), hard), hard))


def _greet(arguments: argparse.Namespace, paths: Paths, log: Log) -> None:
    """Print the banner; the first start of a user would open a browser."""
    print(_BANNER.format(port=arguments.api_port), file=sys.stderr, flush=True)
    marker = paths.config / ".dashboard_opened"
    if not marker.exists():
        if not os.environ.get("EXO_RUNTIME_DIR"):
            log.info(
                "First run detected — opening dashboard in browser", where="exo.utils.banner:print_startup_banner:1"
            )
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()


async def _run(arguments: argparse.Namespace, paths: Paths, log: Log) -> None:
    """Run a node; the first signal ends it in a few seconds, the second at once."""
    loop = asyncio.get_running_loop()
    node = Node(arguments, paths, log)
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if stopping:
            os._exit(1)
        stopping = True
        node.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    await clock.sleep(clock.START_API)
    if arguments.spawn_api:
        _greet(arguments, paths, log)
    await node.run()
    await clock.sleep(clock.STOP)


def main(argv: list[str] | None = None) -> int:
    """Run exo."""
    arguments = parse(argv)
    _raise_file_limit()
    paths = Paths.from_environment()
    log = Log(arguments.verbosity)
    log.open(paths.log)
    for line in ("=" * 40, f"Starting EXO | pid={os.getpid()}", "=" * 40):
        log.info(line, where="exo.main:main:1")
    log.info(f"EXO_LIBP2P_NAMESPACE: {os.environ.get('EXO_LIBP2P_NAMESPACE')}", where="exo.main:main:1")
    if arguments.offline:
        log.info("Running in OFFLINE mode — no internet checks, local models only", where="exo.main:main:1")
    if arguments.bootstrap_peers:
        log.info(f"Bootstrap peers: {arguments.bootstrap_peers}", where="exo.main:main:1")
    try:
        asyncio.run(_run(arguments, paths, log))
    except Exception as failure:
        log.critical("EXO terminated due to unhandled exception", exception=failure)
        log.info("EXO Shutdown complete", where="exo.main:main:1")
        raise
    log.info("EXO Shutdown complete", where="exo.main:main:1")
    return 0
