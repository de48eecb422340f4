# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""NVIDIA's driver: whether every card of the bus has it, and whether what is loaded is what is installed."""

from __future__ import annotations

import re

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import bus
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.branches import decide
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import read_cards
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.loaded import Module, loaded_module
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.next_boot import module_of
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

PARAMETERS = "/proc/driver/nvidia/params"
"""What the options of the module are, as the module says."""
KEEPING = r"(?:PreserveVideoMemoryAllocations|UseKernelSuspendNotifiers): (\d+)"
REBOOT = "Run playbooks/nvidia.yml, which reboots this host when it is idle; or reboot it."


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare what is loaded with the cards, with what is installed, and with the branch and flavour wanted."""
    branch = arguments.optional_text("branch")
    flavour = arguments.optional_text("flavour")
    cards = read_cards()
    expected = f"{'any branch' if branch is None else f'branch {branch}'} that serves {_count(len(cards))}"
    loaded = loaded_module()
    if loaded is None:
        who = sorted(set(bus.holders(cards).values()))
        measured = f"no driver is loaded for {_count(len(cards))}" + (f"; {' and '.join(who)} has them" if who else "")
        return Measurement(False, measured, expected, "Run playbooks/nvidia.yml.")
    running = context.commands.check_output(["uname", "-r"]).strip()
    installed = module_of(context.commands, running)
    without = [card.title for card in cards if bus.holders(cards).get(card.address) != "nvidia"]
    if installed is not None and installed != loaded:
        measured = f"{_name(loaded)} is loaded, and {_name(installed)} installed"
        return Measurement(False, measured, "the same", REBOOT)
    if without:
        measured = f"{_name(loaded)} without {' and '.join(without)}"
        return Measurement(False, measured, expected, "See `sudo dmesg | grep NVRM` for why it does not drive them.")
    if not _keeps_memory():
        measured = f"{_name(loaded)} with options that lose the memory of the cards in a suspend"
        return Measurement(False, measured, "options that keep it", REBOOT)
    try:
        wanted = decide(cards, None if branch is None else int(branch), flavour)
    except (ClusterError, ValueError) as error:
        return Measurement(False, _name(loaded), expected, str(error))
    of_branch = branch is None or loaded.version.startswith(f"{branch}.")
    return Measurement(
        of_branch and (branch is None or loaded.flavour == wanted.flavour),
        f"{_name(loaded)} for {_count(len(cards))}",
        expected,
        "Run playbooks/nvidia.yml.",
    )


def _keeps_memory() -> bool:
    """Tell whether the driver that is loaded keeps the memory over a suspend; one that does not say is believed."""
    said = _files.real(PARAMETERS)
    values = re.findall(KEEPING, said.read_text(encoding="utf-8", errors="replace")) if said.is_file() else []
    return not values or any(value != "0" for value in values)


def _name(module: Module) -> str:
    return f"{module.flavour} {module.version}"


def _count(number: int) -> str:
    return "one card" if number == 1 else f"{number} cards"


KIND = Kind("NVIDIA driver", measure)
