# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which CUDA a host's llama.cpp is made with: by what its cards can, never by the number that nvidia-smi prints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cuda_devices import address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Version = tuple[int, ...]

ARCHITECTURES: dict[Version, str] = {
    (7, 0): "70",
    (7, 5): "75",
    (8, 0): "80",
    (8, 6): "86",
    (8, 7): "87",
    (8, 9): "89",
    (9, 0): "90",
    (10, 0): "100",
    (10, 3): "103",
    (12, 0): "120a-real",
    (12, 1): "121a-real",
}
"""What CMake calls the cards that llama.cpp is built for here, by their capability."""
_OLDEST_FOR_13: Version = (7, 5)
"""CUDA 13 has nothing for older cards."""
_NEWEST_FOR_12: dict[Version, Version] = {(12, 8): (12, 0), (12, 9): (12, 1)}
"""The newest cards that a toolkit of CUDA 12 knows."""
_OLDEST_DRIVER = {12: 525, 13: 580}
_TOOLKITS: tuple[Version, ...] = ((13, 4), (12, 9))
"""Those that the source is built with, the first that fits."""
_PACKAGES = ("cuda-nvcc", "cuda-cudart-dev", "libcublas-dev")
"""A compiler and two libraries: no driver comes with them."""


class CudaError(Exception):
    """Cards and what is pinned do not fit; the text follows the name of the host."""


@dataclass(frozen=True)
class Cards:
    """The cards of a host that compute, as far as llama.cpp uses them."""

    capabilities: tuple[Version, ...]
    driver: int | None
    """The first number of its version."""

    def fits(self, toolkit: Version) -> bool:
        """Tell whether what a toolkit made runs on each of them, with their driver."""
        oldest, newest = min(self.capabilities), max(self.capabilities)
        if self.driver is not None and self.driver < _OLDEST_DRIVER.get(toolkit[0], 0):
            return False
        if toolkit[0] >= 13:
            return oldest >= _OLDEST_FOR_13
        return newest <= _NEWEST_FOR_12.get(toolkit, (12, 0))

    @property
    def text(self) -> str:
        """Their capabilities for people."""
        listed = sorted({".".join(map(str, one)) for one in self.capabilities})
        return f"cards of capability {' and '.join(listed)}" + (f" and driver {self.driver}" if self.driver else "")


def read(facts: Mapping[str, Any], wanted: Iterable[Any] | None) -> Cards | None:
    """Return the cards that compute, those with the wanted addresses alone where some are wanted; None: there is none.

    :raises CudaError: what one of them can is not known
    """
    chosen = {address(card) for card in wanted or ()}
    cards = [
        card
        for card in facts.get("cards") or ()
        if card.get("computes") and (not chosen or address(card.get("address")) in chosen)
    ]
    if not cards:
        return None
    found = []
    for card in cards:
        capability = _numbers(card.get("capability"))
        if len(capability) != 2:
            raise CudaError(f"has a card at {card.get('address')} of which nobody knows what it can")
        found.append(capability)
    driver = _numbers(facts.get("driver_version"))
    return Cards(tuple(found), driver[0] if driver else None)


def best(labels: Iterable[str], cards: Cards) -> str | None:
    """Return the newest of some versions of CUDA, such as 12.8, that runs on the cards."""
    fitting = [label for label in labels if cards.fits(_numbers(label))]
    return max(fitting, key=_numbers, default=None)


def build_options(cards: Cards) -> tuple[str, list[str], list[str]]:
    """Return for a build of the source what names it, its options for CMake, and the packages that it needs.

    :raises CudaError: nothing is known to build it for these cards
    """
    unknown = sorted(set(cards.capabilities) - set(ARCHITECTURES))
    toolkit = next((one for one in _TOOLKITS if cards.fits(one)), None)
    if unknown or toolkit is None:
        raise CudaError(f"has {cards.text}, for which nobody has built llama.cpp here")
    architectures = [ARCHITECTURES[one] for one in sorted(set(cards.capabilities))]
    number, dashed = ".".join(map(str, toolkit)), "-".join(map(str, toolkit))
    options = [
        "-DGGML_CUDA=ON",
        f"-DCMAKE_CUDA_ARCHITECTURES={';'.join(architectures)}",
        f"-DCMAKE_CUDA_COMPILER=/usr/local/cuda-{number}/bin/nvcc",
    ]
    name = "-".join(re.sub(r"\D", "", one) for one in architectures)
    return f"cuda-sm{name}", options, [f"{package}-{dashed}" for package in _PACKAGES]


def packages() -> list[str]:
    """Return every package that a build may have brought."""
    return [f"{package}-{'-'.join(map(str, toolkit))}" for toolkit in _TOOLKITS for package in _PACKAGES]


def _numbers(text: Any) -> Version:
    parts: Sequence[Any] = text if isinstance(text, (list, tuple)) else str(text or "").split(".")
    try:
        return tuple(int(part) for part in parts)
    except ValueError:
        return ()
