# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Run the hub by itself: `python -m lab.standins.model_hub --port 8090`."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from lab.standins.model_hub import server
from lab.standins.model_hub.faults import Faults


def main() -> None:
    """Serve until the end, and say which commits there are."""
    parser = argparse.ArgumentParser(prog="python -m lab.standins.model_hub", description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--control", type=Path, help="a JSON file that says what goes wrong")
    arguments = parser.parse_args()
    state = server.State(faults=Faults(arguments.control))
    hub = server.start(arguments.address, arguments.port, state)
    print(hub.url)
    for name, repository in state.catalogue.items():
        print(name, repository.head)
    threading.Event().wait()


if __name__ == "__main__":
    main()
