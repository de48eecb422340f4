# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The part of the page about security that says who may reach what on which host: the service table, by host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import service_table

from generate import markdown
from generate.ports import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PAGE = "docs/security.md"
PART = "who may reach what"
_EVERYBODY = "everybody"
# The kinds of asker, each with the words of `from` that let it in.
_ASKERS = {
    _EVERYBODY: {"anywhere"},
    "the LAN": {"anywhere", "lan"},
    "hosts of the inventory": {"anywhere", "lan", "cluster"},
    "hosts of the same group": {"anywhere", "lan", "cluster", "peers"},
    "the management node": {"anywhere", "lan", "cluster", "management"},
}
_FIRST = ("all", "management")


def files(root: Path) -> dict[str, str]:
    """Return the text of the page."""
    services = service_table(yaml.safe_load((root / DEFAULTS).read_text(encoding="utf-8"))["cluster_services"])
    head = ("on hosts of", "service", *_ASKERS)
    text = markdown.table(head, _rows(services))
    return {PAGE: markdown.replace_part((root / PAGE).read_text(encoding="utf-8"), PART, text)}


def _rows(services: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    groups = dict.fromkeys((*_FIRST, *sorted({entry["group"] for entry in services.values()})))
    for group in groups:
        of_group = [item for item in services.items() if item[1]["group"] == group]
        for name, entry in sorted(of_group, key=lambda item: (item[1]["port"], item[0])):
            marks = ("yes" if words & set(entry["from"]) else "" for words in _ASKERS.values())
            yield f"`{group}`", f"`{name}`, {entry['port']}/{entry['protocol']}", *marks
