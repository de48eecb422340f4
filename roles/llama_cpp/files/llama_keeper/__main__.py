# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program: runs the router that its arguments say."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .keeper import Keeper
from .router import Router


def main(argv: list[str] | None = None) -> int:
    """Run until the router ends."""
    parser = argparse.ArgumentParser(prog="llama_keeper", description="Run llama.cpp's router.")
    parser.add_argument("--models", type=Path, required=True, help="the file of models")
    parser.add_argument("--home", type=Path, required=True, help="a directory of its own")
    parser.add_argument("--url", required=True, help="where the router answers on this host")
    parser.add_argument("program", nargs="+")
    options = parser.parse_args(argv)
    router = Router(options.url, os.environ.get("LLAMA_API_KEY", ""))
    return Keeper(options.program, options.models, options.home, router).run()


if __name__ == "__main__":
    sys.exit(main())
