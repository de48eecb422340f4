# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which NVIDIA cards a program sees, by PCI address: the numbers that CUDA gives change with the cards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

EXAMPLE = "0000:01:00.0"
_ADDRESS = re.compile(r"(?:([0-9A-Fa-f]{4,8}):)?([0-9A-Fa-f]{2}):([0-9A-Fa-f]{2})\.([0-7])")


class CudaDevicesError(Exception):
    """What an inventory says of cards cannot be."""


def address(text: Any) -> str | None:
    """Return a PCI address in the form of the kernel, or None where it is none; the driver writes longer domains."""
    found = _ADDRESS.fullmatch(str(text))
    if not found:
        return None
    domain, bus, device, function = found.groups()
    return f"{int(domain or '0', 16):04x}:{bus}:{device}.{function}".lower()


def faults(wanted: Iterable[Any] | None, variable: str) -> list[str]:
    """Say of each entry of a list of cards why it cannot be."""
    return [
        f"{variable} has {card}, which is not a PCI address, and any other name of a card may mean another one"
        f" tomorrow; write one such as {EXAMPLE}, as lspci -D shows it."
        for card in wanted or ()
        if address(card) is None
    ]


def environment(
    facts: Mapping[str, Any] | None, wanted: Sequence[Any] | None, variable: str, host: str
) -> dict[str, str]:
    """Return the environment of a program that is to see these cards alone, or all where none are named.

    `facts` is what the proof of the cards has left on the host. They are None in check mode alone, where no card
    computes yet: what the program will see is known when they do.

    :raises CudaDevicesError: a card is not there, or nobody knows what CUDA calls it
    """
    found = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    if not wanted:
        return found
    wrong = faults(wanted, variable)
    if wrong:
        raise CudaDevicesError(" ".join(wrong))
    if facts is None:
        return found
    cards = {address(card.get("address")): card for card in facts.get("cards") or ()}
    missing = [str(card) for card in wanted if address(card) not in cards]
    if missing:
        there = enumerate_names(sorted(filter(None, cards))) or "no card"
        raise CudaDevicesError(
            f"{variable} has {enumerate_names(missing)}, but {host} has {there}; write one of those, or remove it."
        )
    chosen = [str(address(card)) for card in wanted]
    return {**found, "CUDA_VISIBLE_DEVICES": ",".join(_names(cards, chosen, variable, host))}


def _names(cards: Mapping[str | None, Mapping[str, Any]], chosen: Sequence[str], variable: str, host: str) -> list[str]:
    """Return what CUDA calls the cards: by their own numbers, or by their place in the order of the bus."""
    if all(cards[card].get("uuid") for card in chosen):
        return [str(cards[card]["uuid"]) for card in chosen]
    lost = sorted(str(card) for card, values in cards.items() if not values.get("computes"))
    if lost:
        raise CudaDevicesError(
            f"{variable} cannot be obeyed on {host}, because {enumerate_names(lost)} of its cards does not compute, and"
            " the others have other numbers now; repair it, or leave the variable alone."
        )
    order = sorted(str(card) for card in cards)
    return [str(order.index(card)) for card in chosen]
