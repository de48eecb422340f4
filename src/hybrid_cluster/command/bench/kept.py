# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Runs that are kept with their date, and what has changed since."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits
from hybrid_cluster.command.apply import lock
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LAST = "last"
_FOLDER = "bench"
_OF_BACKENDS = ("at_once", "backend", "model", "by", "tokens_per_second", "tokens_per_joule")


def save(sources: Sequence[str], document: dict[str, Any]) -> Path:
    """Keep a run for its owner alone, and return where."""
    folder = lock.folder(sources) / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{time.strftime('%Y-%m-%dT%H-%M-%S', time.gmtime(document['began']))}.json"
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(document, file)
    new.replace(path)
    return path


def load(sources: Sequence[str], name: str) -> dict[str, Any]:
    """Read an earlier run: a file, or the last one of this inventory."""
    if name == LAST:
        kept = sorted((lock.folder(sources) / _FOLDER).glob("*.json"))
        if not kept:
            raise ClusterError("there is no earlier run of this inventory to compare with.", exits.USAGE)
        path = kept[-1]
    else:
        path = Path(name)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ClusterError(f"{path} cannot be read: {error.strerror}.", exits.USAGE) from error
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("kind") != "bench":
        raise ClusterError(f"{path} is no run of `cluster bench`.", exits.USAGE)
    return document


def figures(document: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], float, bool]]:
    """Yield what two runs are compared by: what it is, its value, and whether more is better."""
    for row in document.get("api") or ():
        if row["warm_ms"]:
            yield ("api", row["host"], row["what"], "median ms"), row["warm_ms"]["median"], False
        if row["listing"]:
            yield ("api", row["host"], row["what"], "lists/s"), row["listing"]["requests_per_second"], True
    for row in document.get("links") or ():
        if row["ms"]:
            link = ("link", row["from"], row["to"], row["medium"], row["address"], "median ms")
            yield link, row["ms"]["median"], False
    for row in document.get("models") or ():
        where = ("model", row["model"], row["backend"], row["by"], f"{row['at_once']} at once")
        if row["first_token_seconds"]:
            yield (*where, "first token s"), row["first_token_seconds"]["median"], False
        if row["tokens_per_second"]:
            yield (*where, "tokens/s"), row["tokens_per_second"], True
        if row["tokens_per_joule"]:
            yield (*where, "tokens/J"), row["tokens_per_joule"], True


def compare(now: dict[str, Any], before: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what both runs have, with the change in percent."""
    known = {key: value for key, value, _ in figures(before)}
    return [
        {
            "what": list(key),
            "before": known[key],
            "now": value,
            "percent": round((value / known[key] - 1) * 100, 1),
            "better": value == known[key] or (value > known[key]) == more,
        }
        for key, value, more in figures(now)
        if known.get(key)
    ]


def backends(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fastest model of each backend for each number of requests at once."""
    best: dict[tuple[int, str], dict[str, Any]] = {}
    for row in document.get("models") or ():
        key = (row["at_once"], row["backend"])
        if row["tokens_per_second"] and row["tokens_per_second"] > best.get(key, {}).get("tokens_per_second", 0):
            best[key] = {name: row[name] for name in _OF_BACKENDS}
    return [best[key] for key in sorted(best)]
