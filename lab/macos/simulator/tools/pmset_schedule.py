# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``pmset schedule`` and ``pmset repeat``: events that powerd keeps."""

from __future__ import annotations

from .. import power
from . import pmset_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context


def repeat(context: Context) -> int:
    """Store the repeating events, at most one of each kind, or cancel all of them."""
    words = context.argv[1:]
    events = [] if words == ["cancel"] else _groups(words)
    if events is None:
        context.out(texts.USAGE)
        return 1
    if not context.is_root:
        return _must_be_root(context)
    with context.state.edit(power.AREA) as data:
        data["repeat"] = events
    return 0


def _groups(words: list[str]) -> list[list[str]] | None:
    if not words or len(words) % 3:
        return None
    events = [words[start : start + 3] for start in range(0, len(words), 3)]
    for kind, days, moment in events:
        if kind not in texts.EVENT_TYPES or not days or set(days) - set("MTWRFSU"):
            return None
        if _clock(moment) is None:
            return None
    return events


def schedule(context: Context) -> int:
    """Store one event with a date, or cancel one or all of them."""
    words = context.argv[1:]
    if words == ["cancelall"]:
        words = ["cancel"]
    cancel = words[:1] == ["cancel"]
    event = words[1:] if cancel else words
    if not (cancel and not event) and not _is_event(event):
        context.out(texts.USAGE)
        return 1
    if not context.is_root:
        return _must_be_root(context)
    with context.state.edit(power.AREA) as data:
        events = data.setdefault("schedule", [])
        if cancel:
            data["schedule"] = [kept for kept in events if event and kept[:2] != event[:2]]
        else:
            events.append([event[0], event[1], event[2] if len(event) > 2 else "pmset"])
    return 0


def _is_event(event: list[str]) -> bool:
    import time

    if len(event) not in (2, 3) or event[0] not in texts.EVENT_TYPES:
        return False
    for year in ("%y", "%Y"):
        try:
            time.strptime(event[1], f"%m/%d/{year} %H:%M:%S")
        except ValueError:
            continue
        return True
    return False


def _must_be_root(context: Context) -> int:
    context.err(texts.SCHEDULE_MUST_BE_ROOT)
    return 1


def show(context: Context) -> None:
    """Print both lists, as ``pmset -g sched`` does."""
    data = context.state.read(power.AREA)
    repeating, scheduled = data.get("repeat", []), data.get("schedule", [])
    if not repeating and not scheduled:
        context.out(texts.NO_EVENTS)
    if repeating:
        context.out("Repeating power events:")
    for kind, days, moment in repeating:
        name = texts.EVENT_NAMES.get(kind, kind)
        context.out(f"  {name} at {_clock(moment)} {texts.DAYS.get(_sorted(days), _sorted(days))}")
    if scheduled:
        context.out("Scheduled power events:")
    for number, (kind, moment, owner) in enumerate(scheduled):
        context.out(f" [{number}]  {texts.EVENT_NAMES.get(kind, kind)} at {_long_year(moment)} by '{owner}'")


def _sorted(days: str) -> str:
    return "".join(day for day in "MTWRFSU" if day in days)


def _clock(moment: str) -> str | None:
    """Turn 23:30:00 into 11:30PM; None where it is no time of day."""
    parts = moment.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return None
    hour, minute, second = (int(part) for part in parts)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return f"{hour % 12 or 12}:{minute:02d}{'AM' if hour < 12 else 'PM'}"


def _long_year(moment: str) -> str:
    date, _, clock = moment.partition(" ")
    month, day, year = date.split("/")
    return f"{month}/{day}/{year if len(year) == 4 else f'20{year}'} {clock}"
