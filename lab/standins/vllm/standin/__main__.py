# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command line: serve, for a folder with a model, on the cards of the simulated host."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from . import VERSION
from .web import Server

NVIDIA = Path("/run/hybrid-lab-nvidia.json")
CARDS = "VLLM_STANDIN_CARDS"
"""How many cards to pretend, where no host is simulated."""
_LENGTH = 2048


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line; what it does not know ends it, as with the real one."""
    parser = argparse.ArgumentParser(prog="vllm")
    parser.add_argument("-v", "--version", action="version", version=VERSION)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", allow_abbrev=False)
    serve.add_argument("model", type=Path)
    serve.add_argument("--host", default="0.0.0.0")  # noqa: S104 - the real one's own
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--served-model-name", nargs="+")
    serve.add_argument("--dtype", default="auto", choices=("auto", "half", "float16", "bfloat16", "float", "float32"))
    serve.add_argument("--gpu-memory-utilization", type=float, default=0.9)
    serve.add_argument("--tensor-parallel-size", "-tp", type=int, default=1)
    serve.add_argument("--max-num-seqs", type=int)
    serve.add_argument("--max-model-len", type=int)
    serve.add_argument("--api-key")
    return parser.parse_args(words)


def cards() -> int:
    """Return how many cards a program sees."""
    if CARDS in os.environ:
        return int(os.environ[CARDS])
    try:
        state: dict[str, Any] = json.loads(NVIDIA.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    driver = state.get("driver") or {}
    if state.get("fault") or not driver.get("loaded") or state.get("library") != driver.get("version"):
        return 0
    there = sum(card.get("state") == "ok" for card in state.get("cards", []))
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return there if visible is None else min(there, len([name for name in visible.split(",") if name]))


def main() -> int:
    """Serve until a signal ends it; the port opens when the model is loaded."""
    options = parse(sys.argv[1:])
    seen = cards()
    if seen == 0:
        print("RuntimeError: Failed to infer device type", file=sys.stderr)
        return 1
    if options.tensor_parallel_size > seen:
        print(
            f"ValueError: World size ({options.tensor_parallel_size}) is larger than the cards ({seen})",
            file=sys.stderr,
        )
        return 1
    try:
        config = json.loads((options.model / "config.json").read_text(encoding="utf-8"))
        length = options.max_model_len or int(config.get("max_position_embeddings", _LENGTH))
        names = options.served_model_name or [str(options.model)]
        key = options.api_key or os.environ.get("VLLM_API_KEY")
        server = Server((options.host, options.port), names, str(options.model), length, key)
    except (OSError, ValueError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
