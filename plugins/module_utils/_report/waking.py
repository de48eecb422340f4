# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether a magic packet wakes this host: what its card was told, and whether it ever did."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake import linux_card, linux_keeper, proof

EXPECTED = "a magic packet wakes it, after the next boot too"
REPEAT = "Run playbooks/power.yml."


def measure_card(arguments: Arguments, context: Context) -> Measurement:
    """Ask the driver of a Linux host's card, and what tells it at every boot."""
    address = arguments.text("mac_address")
    interface = linux_card.find(address)
    card = linux_card.read(context.commands, interface)
    keeper = linux_keeper.find(context.commands, interface, address)
    kept = keeper.read() == keeper.wanted()
    told = "wakes it" if card.is_armed else "does not wake it"
    later = "the same after a boot" if kept == card.is_armed else f"{'not ' if card.is_armed else ''}after a boot"
    return Measurement(card.is_armed and kept, f"{interface}: a magic packet {told}, {later}", EXPECTED, REPEAT)


def note_proof(arguments: Arguments, context: Context) -> Measurement:
    """Say whether it was proved; no line is false because of it, for such a host is not sent to sleep."""
    why = proof.missing(context.system, arguments.text("mac_address"))
    found = proof.read(context.system)
    measured = f"not sent to sleep: {why}" if why or not found else f"woke after {found.seconds:g} s"
    return Measurement(True, measured, "sent to sleep only where it was proved to wake")


KIND = Kind("wake on LAN", measure_card)
PROOF_KIND = Kind("proof that it wakes", note_proof)
