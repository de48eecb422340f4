# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Models that fit the machines, at the commit that the hub has now."""

from __future__ import annotations

import http.client
import json
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command.errors import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hybrid_cluster.command.init.machine import Machine

_SECONDS = 10.0
_MOST_BYTES = 8 << 20
_COMMIT_DIGITS = 40
_MEGABYTES_PER_GIGABYTE = 1024
_BESIDE, _MORE = 1.0, 1.2
"""What a model takes beside its weights, as a rule of thumb: one gigabyte and a fifth, for context and buffers."""


@dataclass(frozen=True)
class Offer:
    """A model that may be proposed."""

    name: str
    repository: str
    megabytes: int
    """Of its weights, in units of 2^20 bytes."""
    backend: str = "exo"
    format: str = "safetensors"
    files: tuple[str, ...] = ()

    @property
    def memory_gigabytes(self) -> float:
        """What it takes while it is served, in units of 2^30 bytes."""
        return round(self.megabytes / _MEGABYTES_PER_GIGABYTE * _MORE + _BESIDE, 1)


OFFERS = (
    # exo serves those that it has a card for; sizes are those of the cards of exo 1.0.71.
    Offer("qwen3.5-2b", "mlx-community/Qwen3.5-2B-MLX-8bit", 2539),
    Offer("qwen3.5-9b", "mlx-community/Qwen3.5-9B-4bit", 5674),
    Offer("qwen3.5-27b", "mlx-community/Qwen3.5-27B-4bit", 15311),
    Offer("qwen3.5-122b", "mlx-community/Qwen3.5-122B-A10B-4bit", 66369),
    Offer("qwen3.5-397b", "mlx-community/Qwen3.5-397B-A17B-4bit", 213490),
)


def room(machines: Mapping[str, Machine], members: Iterable[str]) -> float | None:
    """Return what hosts have for models together, in units of 2^30 bytes; None where one's memory is unknown."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._model_placement import usable_gigabytes

    total = 0.0
    for member in members:
        machine = machines.get(member)
        if machine is None or machine.memory_gigabytes is None:
            return None
        total += usable_gigabytes(machine.memory_gigabytes, is_mac=machine.is_mac)
    return total


def fitting(gigabytes: float | None) -> list[Offer]:
    """Return the offers that fit, the largest first; none where the room is unknown."""
    found = [offer for offer in OFFERS if gigabytes is not None and offer.memory_gigabytes <= gigabytes]
    return sorted(found, key=lambda offer: -offer.megabytes)


def default(fitting: Sequence[Offer], gigabytes: float) -> Offer:
    """Return the largest offer that leaves half of the room free, or the smallest."""
    return next((offer for offer in fitting if offer.memory_gigabytes <= gigabytes / 2), fitting[-1])


@dataclass(frozen=True)
class Taken:
    """What became of the offers that somebody took."""

    models: list[dict[str, Any]]
    """Entries of cluster_models."""
    notes: list[str]
    """Why others are not among them: sentences."""


def take(offers: Sequence[Offer], endpoint: str, accepted: Sequence[str]) -> Taken:
    """Ask the hub for the commit and the licence of each; `accepted` are licences that nobody has to be asked about."""
    models, notes = [], []
    for offer in offers:
        try:
            said = _ask(f"{endpoint.rstrip('/')}/api/models/{offer.repository}/revision/main")
        except (OSError, ValueError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", None)
            what = cause if isinstance(cause, OSError) else error
            why = f"{endpoint} does not say which commit it has now: {reason(what)}"
            notes.append(f"{offer.name} is left out, because {why}; run this again, or see docs/models.md.")
            continue
        commit, license_ = str(said.get("sha")), _license(said)
        if len(commit) != _COMMIT_DIGITS:
            notes.append(f"{offer.name} is left out, because {endpoint} names no commit of {offer.repository}.")
        elif said.get("gated") not in (False, None) or license_ not in accepted:
            terms = f"its licence is {license_}" if license_ not in accepted else "its owner asks for consent"
            notes.append(f"{offer.name} is left out, because {terms}; docs/models.md says how to accept that.")
        else:
            models.append(entry(offer, commit))
    return Taken(models, notes)


def entry(offer: Offer, commit: str) -> dict[str, Any]:
    """Return an offer as cluster_models has it."""
    source: dict[str, Any] = {"repository": offer.repository, "revision": commit}
    if offer.files:
        source["files"] = list(offer.files)
    return {
        "name": offer.name,
        "source": source,
        "format": offer.format,
        "backend": offer.backend,
        "memory_gigabytes": offer.memory_gigabytes,
    }


def _ask(url: str) -> dict[str, Any]:
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url} is not an address of a hub")
    request = urllib.request.Request(url, headers={"User-Agent": "hybrid_ai.cluster"})  # noqa: S310 - looked at above
    with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310 - looked at above
        document = json.loads(response.read(_MOST_BYTES))
    if not isinstance(document, dict):
        raise ValueError("its answer is not understood")
    return document


def _license(said: Mapping[str, Any]) -> str:
    card = said.get("cardData")
    named = card.get("license") if isinstance(card, dict) else None
    tags = said.get("tags") or []
    return str(
        named or next((str(tag).partition(":")[2] for tag in tags if str(tag).startswith("license:")), "unknown")
    )
