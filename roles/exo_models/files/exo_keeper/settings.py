# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the keeper is told: its node, the others, and the models of the table. Times are in seconds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Model:
    """A model that is to be served."""

    name: str
    hosts: tuple[str, ...]
    """Where it may run, in the inventory's order."""
    min_nodes: int = 1
    revision: str = ""
    size: int = 0
    """Bytes of its weights."""
    layers: int = 0
    folder: str = ""
    """Its folder in `served`."""
    card: str = ""
    """The text that tells exo about it, a file in `cards`; none where its files are not."""


@dataclass(frozen=True)
class Settings:
    """All of it."""

    node: str
    hosts: dict[str, str]
    """The address of each node, in the inventory's order."""
    models: tuple[Model, ...] = ()
    removed: tuple[str, ...] = ()
    """Models of the table that are not to be served."""
    port: int = 52415
    keeper_port: int = 9109
    cards: str = ""
    """The directory that the role writes cards to."""
    served: str = ""
    """The directory of folders, one for each model, that exo reads."""
    exo_cards: str = ""
    """The directory, exo's own, in which it finds them."""
    status_file: str = ""
    service: dict[str, str] = field(default_factory=dict)
    """How exo's process is found: `group_file` on a Mac, `unit` under systemd."""
    interval: float = 5.0
    deadline: float = 30.0
    """How long a placement may come no nearer to answering."""
    settle: float = 5.0
    """For how long the picture has to hold before anything is placed."""
    grace: float = 90.0
    """How long a node that is missing is waited for."""
    blocked_after: float = 10.0
    """How long a runner may outlive its instance."""

    @property
    def pause(self) -> float:
        """How long nothing is placed after a first failure: nodes that are held up have begun again by then."""
        return 2 * self.blocked_after

    @property
    def others(self) -> dict[str, str]:
        """The addresses of the other nodes."""
        return {host: address for host, address in self.hosts.items() if host != self.node}

    @property
    def names(self) -> frozenset[str]:
        """Every model that the table names."""
        return frozenset(model.name for model in self.models) | frozenset(self.removed)


def read(path: Path) -> Settings:
    """Read the file that the role writes."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    models = tuple(Model(**{**one, "hosts": tuple(one["hosts"])}) for one in content.pop("models", ()))
    return Settings(**{**content, "models": models, "removed": tuple(content.get("removed", ()))})
