# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Times as people write them: 90m, 24h, 30d, 2027-12-31, never."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

NEVER = "never"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class TimeProblem(Exception):  # noqa: N818  Its message is the sentence for the operator.
    """A text is no time."""


def seconds(text: str) -> float:
    """Return the seconds of a number with its unit."""
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    if found is None:
        raise TimeProblem(f"{text!r} is not a valid time; write a number with s, m, h or d, such as 24h.")
    return float(int(found[1]) * _UNITS[found[2]])


def end(text: str | None, now: float) -> float | None:
    """Return when something ends, in seconds of Unix time: after a time, or with the last moment of a day of UTC.

    None is never.
    """
    if text is None or text == NEVER:
        return None
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return now + seconds(text)
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise TimeProblem(f"{text!r} is not a valid day ({error}).") from error
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)).timestamp()


def moment(when: float) -> str:
    """Write a time of Unix for people, in UTC."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M UTC")
