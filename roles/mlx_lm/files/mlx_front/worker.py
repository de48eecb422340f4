# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The process that has the model: mlx_lm's server on the keeper's socket, until the keeper says otherwise."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from mlx_lm import server

from . import engine, listening
from .figures import Figures
from .handler import Handler
from .service import Service

if TYPE_CHECKING:
    import argparse

    from .settings import Revision, Settings

LOOK_SECONDS = 0.5


class Worker:
    """Runs from the start to the end."""

    def __init__(self, settings: Settings, revision: Revision, options: argparse.Namespace) -> None:
        self._settings, self._revision, self._options = settings, revision, options
        self._accepting = threading.Event()
        self._end = threading.Event()
        self._drain = False

    def run(self, provider: Any) -> None:
        """Serve until told to end, or until the engine has died."""
        settings = self._settings
        cache = server.LRUPromptCache(settings.prompt_cache_entries, settings.prompt_cache_bytes)
        figures = Figures(settings.name, self._revision.name, settings.parallel)
        device = engine.device()
        if not device["works"]:
            raise RuntimeError(f"{device['device']} computes wrongly")
        fingerprint = f"{self._revision.name[:12]}-{server.get_system_fingerprint()}"
        running = engine.Engine(provider, cache, settings.context)
        keeper = json.loads(self._options.keeper)
        service = Service(settings, self._revision, figures, keeper, running, device, settings.api_key(), fingerprint)
        httpd = listening.Server(self._options.listen, lambda *connection: Handler(service, *connection))
        signal.signal(signal.SIGTERM, lambda *_: self._end.set())
        threading.Thread(target=self._obey, daemon=True).start()
        threading.Thread(target=self._prove, args=(service,), daemon=True).start()
        status = self._watch(service, httpd)
        httpd.stop()
        if self._drain and status == 0:
            deadline = time.monotonic() + settings.drain_seconds
            while figures.running and time.monotonic() < deadline and not self._end.is_set():
                time.sleep(0.1)
        if status == 0:
            running.end()
        sys.stdout.flush()
        sys.stderr.flush()
        # Threads of connections may still wait for clients; there is nothing more to say to them.
        os._exit(status)

    def _watch(self, service: Service, httpd: listening.Server) -> int:
        while not self._end.wait(LOOK_SECONDS):
            if self._accepting.is_set():
                httpd.begin()
            if self._drain:
                return 0
            if not service.engine.is_healthy:
                self._tell(state="failed", reason="its engine died")
                return 1
        return 0

    def _prove(self, service: Service) -> None:
        try:
            engine.prove(service.engine, service.figures)
        except BaseException as error:
            self._tell(state="failed", reason=f"{type(error).__name__}: {error}")
            os._exit(1)
        self._tell(state="ready")

    def _tell(self, **words: str) -> None:
        os.write(self._options.status, json.dumps(words).encode() + b"\n")

    def _obey(self) -> None:
        """Follow the keeper's words; without a keeper there is nothing to serve for."""
        if not self._options.hold:
            self._accepting.set()
        for line in sys.stdin:
            if line.strip() == "accept":
                self._accepting.set()
            elif line.strip() == "drain":
                self._drain = True
        self._end.set()


def main(settings: Settings, revision: Revision, options: argparse.Namespace) -> None:
    """Let mlx_lm read its own options, and run instead of its server."""
    worker = Worker(settings, revision, options)
    server.run = lambda _host, _port, provider: worker.run(provider)
    sys.argv = [
        "mlx_lm.server",
        *("--model", revision.path),
        *("--log-level", "WARNING"),
        *("--max-tokens", str(settings.default_max_tokens)),
        *("--decode-concurrency", str(settings.parallel)),
        *("--prompt-concurrency", str(min(settings.parallel, 8))),
        *("--prompt-cache-size", str(settings.prompt_cache_entries)),
        *("--prompt-cache-bytes", str(settings.prompt_cache_bytes)),
        *settings.arguments,
    ]
    server.main()
