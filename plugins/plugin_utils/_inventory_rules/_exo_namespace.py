# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rule about exo's namespace, the only key to its cluster: nobody can guess it. No sentence repeats it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

NAME = "exo_namespace"
BUILT_IN = "v0.0.1"
"""What exo takes where it is told none."""
MINIMUM = 16
_FRESH, _DISTINCT = 9, 6
_WORDS = (
    *("cluster", "default", "exo", "hybrid-ai", "hybrid", "mini", "namespace", "password", "secret", "test"),
    *("qwerty", "uiop", "asdfgh", "zxcvb"),
)


def guessable(inventory: Inventory) -> Iterator[Problem]:
    """Find a namespace that somebody outside could try."""
    for host in inventory.members("exo"):
        namespace = host.get(NAME)
        reason = _reason(namespace.strip().casefold(), inventory) if isinstance(namespace, str) else None
        if reason is None:
            continue
        if NAME in host.given:
            advice = "remove it, and a random one is made and kept, or write 16 random characters or more into a vault"
        else:
            file = f"{host.get('cluster_secrets_directory')}/{NAME}"
            advice = f"remove the file {file}, and the next run makes a random one"
        yield Problem(INVENTORY, f"{NAME} {reason}, and whoever guesses it joins the cluster; {advice}.")
        for other in inventory.hosts.values():
            other.forget(NAME)


def _reason(namespace: str, inventory: Inventory) -> str | None:
    """Say why somebody could guess it, or nothing."""
    first = inventory.members("exo")[0]
    domain = str(first.get("cluster_domain") or "").casefold()
    versions = {str(version) for version in (first.get("exo_version"), *(first.get("exo_releases") or ())) if version}
    if not namespace:
        return f"is empty, so that exo takes its own {BUILT_IN}"
    if namespace == domain:
        return "is the cluster's domain"
    if namespace == BUILT_IN:
        return "is the one that exo takes where it is told none"
    if namespace.removeprefix("v") in versions:
        return "is a version of exo, which its application takes"
    if len(namespace) < MINIMUM:
        return f"has fewer than {MINIMUM} characters"
    public = {*inventory.hosts, *inventory.groups, *versions, *_WORDS, domain, *domain.split(".")}
    for host in inventory.hosts.values():
        public |= {str(host.get(name) or "") for name in ("ansible_host", "mac_address")}
    return None if _is_random(namespace, public) else "is made of names, repetitions and rows"


def _is_random(text: str, public: Iterable[str]) -> bool:
    """Tell whether enough of a text is left without words that everybody knows, rows like 123, and what it repeats."""
    for word in sorted((word.casefold() for word in public if len(word) > 2), key=len, reverse=True):
        text = text.replace(word, " ")
    fresh: list[str] = []
    seen: set[str] = set()
    for before, one in pairwise(" " + text):
        if abs(ord(one) - ord(before)) > 1 and before + one not in seen:
            fresh.append(one)
        seen.add(before + one)
    return len(fresh) >= _FRESH and len(set(fresh)) >= _DISTINCT
