# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Measuring all checks of a host: one that cannot be measured is a false line and stops no other."""

from __future__ import annotations

import string
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Measurement,
    ReportError,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._registry import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import Kind

Line = dict[str, Any]


def measure_all(checks: Sequence[Mapping[str, Any]], context: Context) -> list[Line]:
    """Return a line for each check, in their order; those that wait for others are measured at once."""
    kinds = [KINDS.get(str(check.get("check"))) for check in checks]
    waiting = [index for index, kind in enumerate(kinds) if kind and kind.slow]
    lines: dict[int, Line] = {}
    with ThreadPoolExecutor(max_workers=max(1, min(16, len(waiting)))) as pool:
        tasks = {index: pool.submit(_line, checks[index], kinds[index], context) for index in waiting}
        lines.update(
            (index, _line(check, kinds[index], context)) for index, check in enumerate(checks) if index not in tasks
        )
        lines.update((index, task.result()) for index, task in tasks.items())
    return [lines[index] for index in range(len(checks))]


def sentence(line: Line) -> str:
    """Say in one sentence what a false line means."""
    text = f"{line['title']}: {line['measured']}, expected {line['expected']}."
    return f"{text} {line['advice']}".rstrip()


def _line(check: Mapping[str, Any], kind: Kind | None, context: Context) -> Line:
    measurement = _measure(check, kind, context)
    line: Line = {
        "capability": str(check.get("capability", "")),
        "check": str(check.get("check", "")),
        "title": _title(check, kind),
        "ok": measurement.ok,
        "measured": measurement.measured,
        "expected": measurement.expected,
        "advice": "" if measurement.ok else measurement.advice,
    }
    if check.get("model"):
        line["model"] = str(check["model"])
    if check.get("model") or measurement.values:
        line["values"] = dict(measurement.values or {})
    return line


def _measure(check: Mapping[str, Any], kind: Kind | None, context: Context) -> Measurement:
    try:
        if kind is None:
            raise ReportError(f"there is no kind of check called {check.get('check')}, known are {', '.join(KINDS)}.")
        arguments = Arguments(check)
        measurement = kind.measure(arguments, context)
        arguments.refuse_unused()
    except ClusterError as error:
        return Measurement(False, f"not measured: {error}".rstrip("."), "a measurement")
    except Exception as error:  # whatever happens in one check, the others are still reported
        return Measurement(False, f"not measured: {type(error).__name__}: {error}", "a measurement")
    return measurement


def _title(check: Mapping[str, Any], kind: Kind | None) -> str:
    """Return the title given or made of the check's arguments."""
    if check.get("title"):
        return str(check["title"])
    if kind is None:
        return str(check.get("check"))
    if callable(kind.title):
        return kind.title(check)
    fields = {name for _, name, _, _ in string.Formatter().parse(kind.title) if name}
    return kind.title.format(**{name: check.get(name, "?") for name in fields})
