# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is wrong with an inventory, as one sentence for the person who wrote it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

INVENTORY = "inventory"
"""The subject of a problem that belongs to no single host."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to correct: whose it is (a host, or the inventory) and what to write instead."""

    subject: str
    text: str

    @property
    def sentence(self) -> str:
        """The line a person reads."""
        return f"{self.subject}: {self.text}"


def numbered(count: int, thing: str) -> str:
    """Return how many of a thing there are: "1 host", "2 hosts"."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def enumerate_names(names: Iterable[str]) -> str:
    """Join names the way a sentence does: "a, b and c"."""
    listed = list(names)
    if len(listed) < 2:
        return "".join(listed)
    return f"{', '.join(listed[:-1])} and {listed[-1]}"


def written(value: object) -> str:
    """Return a value as a person has written it, in the words of YAML; what has members only as what it is."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def closest(word: str, candidates: Iterable[str], cutoff: float = 0.75) -> str | None:
    """Return the candidate a misspelt word was probably meant to be."""
    return _closest(str(word), tuple(sorted(map(str, candidates))), cutoff)


# Each host of an inventory has the same names in it.
@lru_cache(maxsize=4096)
def _closest(word: str, candidates: tuple[str, ...], cutoff: float) -> str | None:
    matches = difflib.get_close_matches(word, candidates, n=1, cutoff=cutoff)
    return matches[0] if matches else next((one for one in candidates if _is_slip(word, one)), None)


def _is_slip(word: str, meant: str) -> bool:
    """Tell whether two words differ in capital letters and separators alone, or have two neighbours exchanged."""
    if word == meant or not word:
        return False
    first, second = (re.sub(r"[^a-z0-9]", "", one.lower()) for one in (word, meant))
    if first == second:
        return True
    swapped = (first[:at] + first[at + 1] + first[at] + first[at + 2 :] for at in range(len(first) - 1))
    return len(first) == len(second) > 2 and second in swapped


def did_you_mean(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> str:
    """Advise the closest candidate, or list the few there are."""
    known = sorted(map(str, candidates))
    suggestion = closest(word, known, cutoff)
    if suggestion:
        return f"did you mean {suggestion}?"
    return f"write one of {enumerate_names(known)}." if known else "remove it."
