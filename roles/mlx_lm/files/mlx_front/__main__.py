# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`python -m mlx_front --configuration FILE`: the keeper; with `--worker` one of its workers."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from . import settings as files


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; all but the file is for workers."""
    parser = argparse.ArgumentParser(prog="mlx_front")
    parser.add_argument("--configuration", type=Path, required=True)
    parser.add_argument("--worker", action="store_true")
    parser.add_argument("--revision", type=json.loads, help="what to load")
    parser.add_argument("--listen", type=int, help="the descriptor of the socket")
    parser.add_argument("--status", type=int, help="the descriptor of a pipe to the keeper")
    parser.add_argument("--keeper", help="what the keeper knows")
    parser.add_argument("--hold", action="store_true", help="take no connection before the keeper says so")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run one of the two."""
    options = parse(arguments)
    settings = files.read(options.configuration)
    if options.worker:
        from . import worker  # noqa: PLC0415 - it loads MLX

        worker.main(settings, files.Revision(**options.revision), options)
        return 0
    from .keeper import Keeper  # noqa: PLC0415 - as does nobody here

    command = [sys.executable, "-m", "mlx_front", "--worker"]
    return Keeper(settings, options.configuration, command).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
