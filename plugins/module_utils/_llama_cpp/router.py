# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The router of llama.cpp: which models it has, with which settings, and whether they are loaded.

Made for b11434. A reload unloads the models whose settings have changed, except where only aliases have, and loads
none. Each model of ours bears a tag made of all its settings, so that it is seen which ones it runs with.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import quote

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _local_api, _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOADED = ("loaded", "sleeping")
REQUEST_SECONDS = 120.0
"""A reload waits until a model has ended, on a Mac for 80 seconds, before it is killed."""
POLL_SECONDS = 0.5


class RouterError(ClusterError):
    """The router did not do what it was asked for."""


@dataclass(frozen=True)
class Model:
    """One model of the router."""

    name: str
    tags: frozenset[str]
    status: str
    exit_code: int | None = None

    @property
    def is_loaded(self) -> bool:
        """Tell whether it can answer; one that sleeps wakes by itself."""
        return self.status in LOADED

    @property
    def has_failed(self) -> bool:
        """Tell whether it has ended by itself."""
        return self.status == "unloaded" and bool(self.exit_code)


Ask = Callable[[str, str, "dict[str, Any] | None"], str]
"""Method, path with query, and body, giving the text that was answered."""


def asker(url: str, api_key: str | None) -> Ask:
    """Return what asks the router at an address, never through a proxy; the key is in no sentence."""

    def ask(method: str, path: str, body: dict[str, Any] | None = None) -> str:
        return _local_api.request(url, method, path, body, seconds=REQUEST_SECONDS, api_key=api_key)

    return ask


def models(ask: Ask, *, reload: bool = False) -> dict[str, Model]:
    """Return the models by name, after the router has read its file again where that is wanted."""
    found = {}
    text = ask("GET", "/models?reload=1" if reload else "/models", None)
    try:
        listed = json.loads(text)["data"]
    except (ValueError, KeyError, TypeError):
        raise RouterError(f"llama.cpp lists its models in a way that is not known: {text[:80]!r}.") from None
    for entry in listed:
        status = entry.get("status") or {}
        found[entry["id"]] = Model(
            entry["id"], frozenset(entry.get("tags") or ()), str(status.get("value")), status.get("exit_code")
        )
    return found


def differs(found: Mapping[str, Model], wanted: Mapping[str, str]) -> bool:
    """Tell whether the router has other models, or some with other settings; `wanted` has the tag of each."""
    return set(found) != set(wanted) or any(tag not in found[name].tags for name, tag in wanted.items())


def changed(found: Mapping[str, Model], wanted: Mapping[str, str]) -> list[str]:
    """Return the loaded models that a reload would end."""
    return [name for name, model in found.items() if model.is_loaded and wanted.get(name) not in model.tags]


def wait_for_answers(ask: Ask, names: Iterable[str], seconds: float) -> bool:
    """Wait for a moment without an answer of these models, which a reload would cut; tell whether it came."""

    def idle() -> bool:
        return all(
            _sum(ask("GET", f"/metrics?autoload=false&model={quote(name, safe='')}", None), counts) == 0
            for name in names
        )

    counts = ("llamacpp:requests_processing", "llamacpp:requests_deferred")
    return _wait.wait_until(idle, seconds, POLL_SECONDS)


def resting(path: str | None) -> list[str]:
    """Return what the program that runs the router says of what rests, a sentence each."""
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8")) if path else {"sentences": []}
        return [str(sentence) for sentence in told["sentences"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _sum(text: str, names: tuple[str, ...]) -> float:
    lines = (line.split() for line in text.splitlines())
    return sum(float(words[1]) for words in lines if len(words) == 2 and words[0] in names)


def load(ask: Ask, names: Iterable[str], seconds: float) -> list[str]:
    """Load the models that are not, one after the other, and return a sentence for each that does not get loaded."""
    faults = []
    for name in names:
        deadline, asked = _wait.now() + seconds, False
        while True:
            model = models(ask).get(name)
            if model is None:
                faults.append(f"llama.cpp does not know {name}, which stands in its file.")
            elif model.has_failed and asked:
                faults.append(
                    f"{name} ends with exit status {model.exit_code} while it is loaded; the log of llama-cpp says why."
                )
            elif model.status == "unloaded" and not asked:
                ask("POST", "/models/load", {"model": name})
                asked = True
                continue
            elif not model.is_loaded:
                if _wait.now() < deadline:
                    _wait.sleep(POLL_SECONDS)
                    continue
                faults.append(f"{name} is not loaded after {seconds:g} seconds; it is {model.status}.")
            break
    return faults
