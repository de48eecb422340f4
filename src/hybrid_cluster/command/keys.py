# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster keys`: the keys of the gateway's clients."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits, output
from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.command.output import BAD, FAINT, words
from hybrid_cluster.gateway import times
from hybrid_cluster.gateway.times import TimeProblem

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hybrid_cluster.command.gateway import Gateway

NONE = "none"
"""Ends a limit."""
_SHORT = {
    "requests_per_minute": "a minute",
    "concurrent_requests": "at once",
    "body_bytes": "bytes",
    "tokens_per_day": "tokens a day",
}


def fields(name: str, limits: dict[str, str | None]) -> dict[str, Any]:
    """Return what the gateway is told of limits; one that is not given is not among them."""
    return {"name": name} | {key: _limit(key, text) for key, text in limits.items() if text is not None}


def _limit(key: str, text: str) -> Any:
    if text == NONE:
        return None
    if key == "models":
        return [name.strip() for name in text.split(",") if name.strip()]
    if not re.fullmatch(r"[1-9][0-9]{0,14}", text):
        option = f"--{key.replace('_', '-')}"
        raise ClusterError(f"{option} {text}: write a number above 0, or {NONE}.", exits.USAGE)
    return int(text)


def end(text: str) -> float | None:
    """Return when a key ends, in seconds of Unix time; None is never."""
    try:
        return times.end(text, time.time())
    except TimeProblem as error:
        raise ClusterError(str(error), exits.USAGE) from None


def seconds(text: str) -> float:
    """Return the seconds of a time."""
    try:
        return times.seconds(text)
    except TimeProblem as error:
        raise ClusterError(str(error), exits.USAGE) from None


def show_secret(gateway: Gateway, word: str, given: dict[str, Any], *, as_json: bool) -> int:
    """Have a secret made and print it, which nobody can do again: alone on standard output, so that it can be piped."""
    made = gateway.administer(word, given)
    if as_json:
        output.show_json(made)
        return exits.OK
    if sys.stderr.isatty():
        print(f"The secret of {output.clean(made['key']['name'])}, which is shown this once:", file=sys.stderr)
    print(output.clean(made["secret"]), flush=True)
    return exits.OK


def show(document: dict[str, Any], *, as_json: bool) -> int:
    """Print keys, or one of them."""
    if as_json:
        output.show_json(document)
    else:
        output.console().print(render(document["keys"] if "keys" in document else [document["key"]]))
    return exits.OK


def render(keys: list[dict[str, Any]]) -> RenderableType:
    """Draw them for a terminal of 80 columns."""
    if not keys:
        return words("The gateway has no key.")
    table = output.table("key", "made", "ends", "tokens today", "may", right=(3,))
    for key in keys:
        ended = key["expires"] is not None and key["expires"] <= time.time()
        ends = "never" if key["expires"] is None else "has ended" if ended else output.until(key["expires"])
        table.add_row(
            words(output.shortened(key["name"], 24)),
            words(output.ago(key["created"]) + " ago", FAINT),
            words(ends, BAD if ended else ""),
            words(key["tokens_today"]),
            words(_may(key)),
        )
    return table


def _may(key: dict[str, Any]) -> str:
    if key["kind"] == "administrator":
        return "administer"
    limits = key["limits"]
    said = [f"{limits[name]} {text}" for name, text in _SHORT.items() if limits[name] is not None]
    models = "ask every model" if limits["models"] is None else f"ask {', '.join(limits['models']) or 'no model'}"
    return "; ".join([models, *said])
