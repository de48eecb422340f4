# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Branches of NVIDIA's driver, and the one that serves all cards of a host.

The version of CUDA that nvidia-smi prints decides nothing: a V100 with branch 580 reports 13.0, which has no code for
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import cards
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import Card

OPEN, PROPRIETARY = "open", "proprietary"
DEFAULT = 580
"""With support until June 2028, it has every card from Volta on, and every distribution has it."""


class DriverError(ClusterError):
    """No driver can be chosen for a host, or not the one that is asked for."""


@dataclass(frozen=True)
class Branch:
    """What NVIDIA says of a branch."""

    ends: str | None
    """The month after which it gets no updates, where that is known."""
    flavours: tuple[str, ...] = (OPEN,)


BRANCHES = {
    535: Branch("2026-06", (OPEN, PROPRIETARY)),
    550: Branch(None, (OPEN, PROPRIETARY)),
    570: Branch(None, (OPEN, PROPRIETARY)),
    580: Branch("2028-06", (OPEN, PROPRIETARY)),
    # From here on no card is left that needs the proprietary modules.
    590: Branch(None),
    595: Branch("2027-03"),
    610: Branch("2026-08"),
    615: Branch(None),
    620: Branch("2029-09"),
}


@dataclass(frozen=True)
class Needs:
    """What the cards of a generation can be driven by."""

    flavours: tuple[str, ...]
    """The first is the better one."""
    first: int = 0
    last: int = 9999

    def __str__(self) -> str:
        """Say it in a sentence."""
        flavour = "" if len(self.flavours) > 1 else f"the {self.flavours[0]} modules of "
        if self.last < 9999:
            return f"{flavour}branch {self.last} or older"
        return f"{flavour}branch {self.first} or newer" if self.first else f"{flavour}any branch"


_OLD = Needs((PROPRIETARY,), last=580)
_BOTH = Needs((OPEN, PROPRIETARY))
NEEDS = {
    cards.MAXWELL: _OLD,
    cards.PASCAL: _OLD,
    cards.VOLTA: _OLD,
    cards.TURING: _BOTH,
    cards.AMPERE: _BOTH,
    cards.ADA: _BOTH,
    cards.HOPPER: _BOTH,
    cards.BLACKWELL: Needs((OPEN,), first=570),
}
_OF_DEVICES = {
    "0x2342": Needs((OPEN,)),
    "0x2348": Needs((OPEN,)),
    "0x2e12": Needs((OPEN,), first=580),
}
"""Devices that need more than their generation does."""


@dataclass(frozen=True)
class Decision:
    """The driver that a host gets."""

    branch: int
    flavour: str


def needs_of(card: Card) -> Needs | None:
    """Return what a card needs, or None where nobody knows."""
    if card.generation is None:
        return None
    return _OF_DEVICES.get(card.device_id, NEEDS[card.generation])


def decide(found: Sequence[Card], branch: int | None = None, flavour: str | None = None) -> Decision:
    """Return branch and flavour that serve all cards; what is asked for is checked against them."""
    if not found:
        raise DriverError(
            "There is no NVIDIA GPU on the PCI bus: take this host out of the group gpu; or look whether the card sits"
            " in its slot and has power, and in a virtual machine whether it is passed through."
        )
    if branch is not None and branch not in BRANCHES:
        known = enumerate_names(map(str, BRANCHES))
        raise DriverError(f"nvidia_driver_branch is {branch}, which is not a known branch: write one of {known}.")
    if branch is None or flavour is None:
        _refuse_unknown(found)
    needs = [(card, one) for card in found for one in [needs_of(card)] if one is not None]
    _refuse_mixes(needs)
    chosen = _branch(needs, branch)
    return Decision(chosen, _flavour(needs, chosen, flavour))


def _refuse_unknown(found: Sequence[Card]) -> None:
    unknown = [card.title for card in found if needs_of(card) is None]
    if unknown:
        raise DriverError(
            f"Nothing is known here of {enumerate_names(unknown)}, so no driver is chosen for it: look up which branch"
            " and which modules it needs, and set nvidia_driver_branch and nvidia_driver_flavour of this host."
        )


def _refuse_mixes(needs: Sequence[tuple[Card, Needs]]) -> None:
    if not needs or _common(needs):
        return
    first, need = needs[0]
    other, its = next((card, one) for card, one in needs if not _common([(first, need), (card, one)]))
    raise DriverError(
        f"No driver serves all cards of this host: {first.title} needs {need}, and {other.title} needs {its}. Move one"
        " of them to another host."
    )


def _common(needs: Sequence[tuple[Card, Needs]]) -> list[int]:
    """Return the branches with a flavour for all of them."""
    return [
        number
        for number, one in BRANCHES.items()
        if all(need.first <= number <= need.last for _, need in needs)
        and any(all(flavour in need.flavours for _, need in needs) for flavour in one.flavours)
    ]


def _branch(needs: Sequence[tuple[Card, Needs]], wanted: int | None) -> int:
    if wanted is None:
        common = _common(needs)
        return DEFAULT if DEFAULT in common else max(common)
    for card, need in needs:
        if not need.first <= wanted <= need.last:
            raise DriverError(
                f"nvidia_driver_branch is {wanted}, but {card.title} needs {need}: write such a branch, or nothing."
            )
    return wanted


def _flavour(needs: Sequence[tuple[Card, Needs]], branch: int, wanted: str | None) -> str:
    for card, need in needs:
        if wanted is not None and wanted not in need.flavours:
            raise DriverError(
                f"nvidia_driver_flavour is {wanted}, but {card.title} needs {need}: write {need.flavours[0]}, or"
                " nothing."
            )
    if wanted is not None and wanted not in BRANCHES[branch].flavours:
        raise DriverError(
            f"nvidia_driver_flavour is {wanted}, which branch {branch} does not have: write"
            f" {BRANCHES[branch].flavours[0]}, or nothing."
        )
    for flavour in (OPEN, PROPRIETARY) if wanted is None else (wanted,):
        if flavour in BRANCHES[branch].flavours and all(flavour in need.flavours for _, need in needs):
            return flavour
    # A branch that fits by its number has no modules of the one kind that the cards take.
    card, need = next((card, need) for card, need in needs if BRANCHES[branch].flavours[0] not in need.flavours)
    raise DriverError(
        f"nvidia_driver_branch is {branch}, but {card.title} needs {need}: write such a branch, or nothing."
    )
