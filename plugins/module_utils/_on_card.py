# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How much of a model is in the memory of a card: what a backend says of it, or what the driver says of its processes.

A backend that finds no card computes on the processor without a word, and answers all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._llama_cpp import files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import smi

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

PROCESSES = Path("/proc")
_LEFT_OUT = 0.1
"""The share of a model that may be beside the card and is not worth a word: the driver counts in MiB."""


@dataclass(frozen=True)
class Placed:
    """Where a model's memory is, in bytes; None where nobody can say."""

    size: int
    on_card: int | None

    @property
    def computes_beside(self) -> bool:
        """Whether no part of it is known to be on a card."""
        return self.on_card == 0

    def sentence(self, model: str) -> str:
        """Say it for people."""
        whole = text.size(self.size)
        if self.on_card is None:
            return f"nobody can say whether {model} ({whole}) is in the memory of a card."
        if self.on_card == 0:
            return f"{model} ({whole}) is in the memory of the host alone, and computed by its processor."
        if self.on_card < self.size * (1 - _LEFT_OUT):
            return (
                f"{model} has {text.size(self.on_card)} of {whole} in the memory of the card; the processor computes"
                " the rest."
            )
        return f"{model} is in the memory of the card ({text.size(self.on_card)})."


def has_card(commands: Commands) -> bool:
    """Tell whether the driver lists a card; a driver that does not answer lists none."""
    try:
        said = commands.run(smi.LIST, timeout=30)
    except CommandError:
        return False
    return said.rc == smi.OK and bool(smi.listed(said.out))


def of_files(commands: Commands | None, directory: str, folder: str) -> Placed:
    """Return where a model of ours is that llama.cpp has loaded; without commands it was not made for cards.

    :raises ModelError: it is not on the host
    """
    manifest = manifests.read(directory, folder)
    if manifest is None:
        raise ModelError(f"{directory} has no whole copy of {folder}.")
    chosen = files.choose(directory, manifest)
    return of_processes(commands, chosen.path, chosen.bytes) if commands else Placed(chosen.bytes, 0)


def of_processes(commands: Commands, path: str, size: int) -> Placed:
    """Add up what the driver says of the processes that have the file of a model among their arguments.

    Weights, context and what a process itself needs count, so that this may be more than the file.
    """
    pids = _with_argument(path)
    try:
        said = commands.run(smi.PROCESSES, timeout=30)
    except CommandError:
        return Placed(size, 0)
    if said.rc != smi.OK or not pids:
        return Placed(size, None)
    amounts = [amount for pid, amount in smi.processes(said.out).items() if pid in pids]
    known = [amount for amount in amounts if amount is not None]
    return Placed(size, sum(known) if len(known) == len(amounts) else None)


def _with_argument(path: str) -> set[int]:
    found = set()
    for process in PROCESSES.glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended meanwhile
        if path.encode() in arguments:
            found.add(int(process.name))
    return found
