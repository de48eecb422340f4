# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the configuration says of the page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway.fields import Fields, RouteError, wrong

if TYPE_CHECKING:
    from pathlib import Path

_PARTS = ("groups", "hosts", "names", "sources", "values")


@dataclass(frozen=True)
class PageSettings:
    """Where the page is, whom it is for, and what it is about."""

    host: str
    port: int
    key: str
    """The name of the administrator's key that the web front sends with every request of somebody who has logged in."""
    content: dict[str, Any]
    """The inventory, as `_cluster_content` of the collection writes it."""


def read_page(value: object, folder: Path) -> PageSettings:
    """Read it."""
    fields = Fields("page", value, {"host", "port", "key", "cluster"})
    path = folder / fields.text("cluster")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RouteError(f"page: its 'cluster' {path}: {error.strerror}.") from error
    except ValueError as error:
        raise RouteError(f"page: its 'cluster' {path} is not JSON ({error}).") from error
    if not isinstance(content, dict) or any(part not in content for part in _PARTS):
        wrong(f"page: its 'cluster' {path} does not hold an inventory; site.yml with --tags gateway writes it")
    return PageSettings(
        fields.text("host"), fields.number("port", 0) or int(fields.given("port")), fields.text("key"), content
    )
