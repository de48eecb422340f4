# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command line of the program: it knows serve and --version."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from . import VERSION
from .models import Store
from .web import Server

_PORT = 11434


def main() -> int:
    """Serve until a signal ends it."""
    if sys.argv[1:] in (["--version"], ["-v"]):
        print(f"ollama version is {VERSION}")
        return 0
    if sys.argv[1:] != ["serve"]:
        print("Error: this stand-in knows serve and --version only", file=sys.stderr)
        return 1
    home = os.environ.get("HOME")
    if not home:
        print("Error: $HOME is not defined", file=sys.stderr)
        return 1
    host, _, port = os.environ.get("OLLAMA_HOST", "127.0.0.1").partition(":")
    models = Path(os.environ.get("OLLAMA_MODELS") or Path(home, ".ollama/models"))
    try:
        # Its own key, which it makes at the first start.
        Path(home, ".ollama").mkdir(mode=0o755, exist_ok=True)
        (Path(home, ".ollama") / "id_ed25519").touch(mode=0o600)
        server = Server((host, int(port or _PORT)), Store(models))
    except OSError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"Listening on {host}:{port or _PORT} (version {VERSION})", file=sys.stderr, flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
