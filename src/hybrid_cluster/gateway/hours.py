# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Times of the day, as the clock on the wall of the gateway shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hybrid_cluster.gateway.fields import wrong

if TYPE_CHECKING:
    from datetime import datetime

    from hybrid_cluster.gateway.fields import Fields

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_DAY = 24 * 60


@dataclass(frozen=True)
class Hours:
    """From a time until another, on some days of the week; past midnight they belong to the day on which they began."""

    start: int
    """Minutes since midnight."""
    end: int
    days: frozenset[int] = frozenset(range(7))
    """0 is Monday."""

    def left(self, now: datetime) -> float | None:
        """Return for how many seconds they last still; None outside of them."""
        for back in (0, 1):
            day = now - timedelta(days=back)
            if day.weekday() not in self.days:
                continue
            passed = (now.hour * 60 + now.minute + back * _DAY) * 60 + now.second
            end = self.end if self.end > self.start else self.end + _DAY
            if self.start * 60 <= passed < end * 60:
                return float(end * 60 - passed)
        return None


def read(fields: Fields, place: str) -> Hours:
    """Read them from an object with from, to and days."""
    days = fields.texts("days", DAYS)
    for day in days:
        if day not in DAYS:
            wrong(f"{place}: {day!r} is not a valid day; there are {', '.join(DAYS)}")
    start, end = _minutes(fields.text("from"), place), _minutes(fields.text("to"), place)
    return Hours(start, end, frozenset(DAYS.index(day) for day in days))


def _minutes(text: str, place: str) -> int:
    found = _TIME.fullmatch(text)
    if not found:
        wrong(f"{place}: {text!r} is not a valid time; write one like 07:30")
    return int(found[1]) * 60 + int(found[2])
