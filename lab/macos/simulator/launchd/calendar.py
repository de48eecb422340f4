# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""StartCalendarInterval: when a job is due next."""

from __future__ import annotations

from datetime import datetime, timedelta

HORIZON = 366 * 4


def next_time(intervals: tuple[dict[str, int], ...], after: datetime) -> datetime | None:
    """Return the first minute after a moment that any of the intervals names."""
    moments = [moment for moment in (_next(interval, after) for interval in intervals) if moment]
    return min(moments, default=None)


def _next(interval: dict[str, int], after: datetime) -> datetime | None:
    start = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    hours = [interval["Hour"]] if "Hour" in interval else range(24)
    minutes = [interval["Minute"]] if "Minute" in interval else range(60)
    for days in range(HORIZON):
        day = start.replace(hour=0, minute=0) + timedelta(days=days)
        if not _day_matches(interval, day):
            continue
        for hour in hours:
            for minute in minutes:
                moment = day.replace(hour=hour, minute=minute)
                if moment >= start:
                    return moment
    return None


def _day_matches(interval: dict[str, int], day: datetime) -> bool:
    if interval.get("Month", day.month) != day.month:
        return False
    # Sunday is 0 and 7. A day of the month and a weekday together mean either, as in cron.
    wanted = [day.day == interval["Day"]] if "Day" in interval else []
    if "Weekday" in interval:
        wanted.append(interval["Weekday"] % 7 == day.isoweekday() % 7)
    return any(wanted) if wanted else True
