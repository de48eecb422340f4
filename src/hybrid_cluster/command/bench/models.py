# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How fast models answer: seconds to the first token, tokens a second, and tokens per joule where power is measured."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command.bench import asking
from hybrid_cluster.command.bench.figures import summary
from hybrid_cluster.command.bench.power import Meter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hybrid_cluster.command.bench.asking import Place
    from hybrid_cluster.command.inventory import Cluster
    from hybrid_cluster.command.measured import Source

CHAT = "/v1/chat/completions"
PROMPT = "Write a story about a lighthouse, and do not stop."
SECONDS = 600.0
_PREFIX = "data:"


@dataclass(frozen=True)
class Answer:
    """One answer; the seconds count from the request."""

    first: float | None = None
    last: float = 0.0
    tokens: int = 0
    counted: bool = False
    """Whether the backend counted the tokens; else they are pieces of text, of which a token may be none or several."""
    error: str | None = None


@dataclass(frozen=True)
class Wish:
    """How models are asked."""

    requests: int = 10
    tokens: int = 64
    at_once: tuple[int, ...] = (1, 4)
    direct: bool = False


def ask(place: Place, model: str, tokens: int) -> Answer:
    """Ask once, and read the answer as it comes."""
    question = {
        "model": model,
        "messages": [{"role": "user", "content": PROMPT}],
        "max_tokens": tokens,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    headers = {"Content-Type": "application/json", **place.headers}
    began = time.perf_counter()
    try:
        with contextlib.closing(place.connect(SECONDS)) as connection:
            connection.request("POST", CHAT, json.dumps(question), headers)
            response = connection.getresponse()
            if response.status != http.client.OK:
                return Answer(error=f"status {response.status}")
            return _read(response, began)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(error=asking.reason(error))


def _read(response: http.client.HTTPResponse, began: float) -> Answer:
    first, last, pieces, counted, error = None, 0.0, 0, 0, None
    for raw in response:
        line = raw.decode("utf-8", "replace").strip()
        content = line.removeprefix(_PREFIX).strip()
        if not line.startswith(_PREFIX) or content == "[DONE]":
            continue
        event = json.loads(content)
        if event.get("error"):
            error = "the model failed while it answered"
        counted = int((event.get("usage") or {}).get("completion_tokens") or counted)
        if any(_text(choice) for choice in event.get("choices") or ()):
            last = time.perf_counter() - began
            first = last if first is None else first
            pieces += 1
    if first is None and error is None:
        error = "no token came"
    return Answer(first, last, counted or pieces, bool(counted), error)


def _text(choice: dict[str, Any]) -> bool:
    delta = choice.get("delta") or {}
    return bool(delta.get("content") or delta.get("reasoning_content") or delta.get("reasoning"))


def places(cluster: Cluster, names: Sequence[str], wish: Wish) -> list[tuple[dict[str, Any], Place]]:
    """Return each model with where it is asked: the gateway, or each host that serves it; exo is one over all."""
    gateway = None if wish.direct else asking.gateway(cluster)
    found = []
    for row in cluster.models:
        if row["state"] != "present" or (names and row["name"] not in names):
            continue
        hosts = row["hosts"][:1] if row["backend"] == "exo" else row["hosts"]
        if gateway and hosts:
            found.append((row, gateway))
        else:
            found += [(row, asking.backend(cluster, row["backend"], host)) for host in hosts]
    return found


def measure(row: dict[str, Any], place: Place, wish: Wish, at_once: int, source: Source) -> dict[str, Any]:
    """Measure one model at one place, so many requests at once; the first request, which may load it, is cold."""
    hosts = row["hosts"] if place.what in ("gateway", "exo") else [place.host]
    result: dict[str, Any] = {
        "model": row["name"],
        "backend": row["backend"],
        "by": place.what if place.what == "gateway" else place.host,
        "at_once": at_once,
        "cold_first_token_seconds": None,
        "first_token_seconds": None,
        "tokens_per_second_of_one": None,
        "tokens_per_second": None,
        "tokens": None,
        "counted_by_backend": None,
        "joules": None,
        "tokens_per_joule": None,
        "failed": 0,
        "silence": None,
    }
    cold = ask(place, row["name"], wish.tokens)
    if cold.error:
        return {**result, "silence": cold.error}
    result["cold_first_token_seconds"] = cold.first
    with Meter(source, hosts) as meter:
        began = time.perf_counter()
        with ThreadPoolExecutor(at_once) as pool:
            count = max(wish.requests, at_once)
            answers = list(pool.map(lambda _: ask(place, row["name"], wish.tokens), range(count)))
        seconds = time.perf_counter() - began
    good = [answer for answer in answers if not answer.error]
    tokens = sum(answer.tokens for answer in good)
    joules = meter.joules(seconds)
    speeds = [
        (answer.tokens - 1) / (answer.last - answer.first)
        for answer in good
        if answer.first is not None and answer.tokens > 1 and answer.last > answer.first
    ]
    return {
        **result,
        "first_token_seconds": summary([answer.first for answer in good if answer.first is not None]),
        "tokens_per_second_of_one": summary(speeds),
        "tokens_per_second": tokens / seconds if good else None,
        "tokens": tokens,
        "counted_by_backend": all(answer.counted for answer in good) if good else None,
        "joules": joules,
        "tokens_per_joule": tokens / joules if joules and tokens else None,
        "failed": len(answers) - len(good),
        "silence": answers[0].error if not good else None,
    }
