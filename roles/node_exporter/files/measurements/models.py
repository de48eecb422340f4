# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Models of llama.cpp that a host with cards computes beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError, Commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import smi

from .command import MeasurementError

if TYPE_CHECKING:
    from .exposition import Metrics

PROCESSES = Path("/proc")
_SERVER = "llama-server"
_FOR_CARDS = "-cuda-"
"""In the name of the folder of a version that was made for cards."""


def measure(metrics: Metrics, commands: Commands | None = None) -> None:
    """Ask the driver about the processes that were made for its cards; without such processes nobody is asked."""
    servers = _servers()
    if not servers:
        return
    try:
        said = (commands or Commands()).check_output(smi.PROCESSES, timeout=30)
    except CommandError as error:
        if "is not installed" in str(error):
            return
        raise MeasurementError(str(error)) from None
    # How much a process has may be a secret of the driver's; that it has something is none.
    found = smi.processes(said)
    for pid, model in sorted(servers.items()):
        description = "Whether a model is computed by the processor of a host that has a card."
        metrics.add("model_beside_card", description, pid not in found, backend="llama_cpp", model=model)


def _servers() -> dict[int, str]:
    """Return the file of the model of each process, by its number."""
    found = {}
    for process in PROCESSES.glob("[0-9]*"):
        try:
            program = (process / "exe").resolve()
            words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue  # it has ended meanwhile
        if program.name == _SERVER and _FOR_CARDS in program.parent.name and "--model" in words[:-1]:
            found[int(process.name)] = Path(words[words.index("--model") + 1]).name
    return found
