# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command line of the program."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path

from . import VERSION, configuration, refusals
from .auth import Doorkeeper
from .journal import Journal
from .resolver import Resolver
from .server import BindError, Server
from .upstream import UpstreamError
from .web import Pages, serve

_FIRST = "this is the first launch of adguard home; you must run it as administrator."


def log(level: str, text: str) -> None:
    """Write a line as the program does."""
    print(f"{time.strftime('%Y/%m/%d %H:%M:%S.000000')} [{level}] {text}", file=sys.stderr, flush=True)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="AdGuardHome")
    parser.add_argument("-c", "--config", type=Path, default=Path("AdGuardHome.yaml"))
    parser.add_argument("-w", "--work-dir", type=Path, default=Path())
    parser.add_argument("--check-config", action="store_true")
    parser.add_argument("--no-check-update", action="store_true")
    parser.add_argument("--web-addr")
    parser.add_argument("--version", action="version", version=f"AdGuard Home, version {VERSION}")
    return parser.parse_args(arguments)


def check(path: Path) -> int:
    """Check the file, which stays as it is unless its schema is an older one."""
    try:
        configuration.load(path)
    except configuration.ConfigurationError as error:
        log("error", f"configuration file is not valid: {error}")
        return 1
    log("info", "configuration file is ok")
    return 0


def run(options: argparse.Namespace, path: Path) -> int:
    """Serve until a signal ends it."""
    settings = configuration.load(path)
    refusals.refuse(settings)
    if options.web_addr:
        settings["http"]["address"] = options.web_addr
    configuration.store(path, settings)
    configuration.protect(options.work_dir, path)
    journal = Journal(settings, options.work_dir / "data")
    resolver = Resolver(settings)
    pages = Pages(settings, journal, lambda: configuration.store(path, settings))
    web = serve(settings["http"]["address"], pages, Doorkeeper(settings))
    server = Server(settings, resolver, journal)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    # A reload does not read the rewrites again.
    signal.signal(signal.SIGHUP, lambda *_: log("info", "reconfiguring"))
    server.start()
    threading.Thread(target=web.serve_forever, daemon=True).start()
    log("info", f"AdGuard Home, version {VERSION}")
    ended.wait()
    return 0


def main() -> int:
    """Run the program."""
    options = parse(sys.argv[1:])
    options.work_dir = options.work_dir.resolve()
    path = options.config if options.config.is_absolute() else options.work_dir / options.config
    if options.check_config:
        return check(path)
    if not path.exists():
        log("fatal", _FIRST if os.geteuid() != 0 else f"the stand-in has no first-run wizard: write {path}")
        return 1
    try:
        return run(options, path)
    except (configuration.ConfigurationError, UpstreamError, BindError) as error:
        log("fatal", str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
