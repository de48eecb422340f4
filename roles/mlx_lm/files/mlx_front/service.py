# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What every connection of a worker shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import dialect, engine, listening
from .exposition import Metrics

if TYPE_CHECKING:
    from .figures import Figures
    from .settings import Revision, Settings

STALLED_SECONDS = 300


@dataclass
class Service:
    """What every connection of this worker shares."""

    settings: Settings
    revision: Revision
    figures: Figures
    keeper: dict[str, Any]
    engine: engine.Engine
    device: dict[str, Any]
    key: str | None
    fingerprint: str

    def admit(self) -> bool:
        """Let a request in, or refuse it where too many wait already."""
        if not self.figures.begin(self.settings.parallel + self.settings.queue):
            raise dialect.Refused(429, "Too many requests wait already; try again in a moment.")
        return True

    def health(self) -> tuple[int, dict[str, Any]]:
        """Tell whether a request would be answered: a token was generated, and the engine is neither dead nor stuck."""
        if not self.figures.proved:
            status = "loading"
        elif not self.engine.is_healthy:
            status = "dead"
        elif self.figures.still() > STALLED_SECONDS:
            status = "stalled"
        else:
            status = "ok"
        told = {
            "status": status,
            "model": self.settings.name,
            "revision": self.revision.name,
            "device": self.device["device"],
            "metal": self.device["metal"],
            "system": self.device["system"],
            **self.keeper,
        }
        return (200 if status == "ok" else 503), told

    def metrics(self) -> str:
        """Return the page of metrics."""
        page = Metrics()
        self.figures.add(page)
        name = {"model": self.settings.name}
        page.add("mlx_lm_up", "Whether a request would be answered.", self.health()[0] == 200, **name)
        page.add("mlx_lm_metal", "Whether a product was computed by Metal.", self.device["metal"], **name)
        page.add(
            "mlx_lm_device_info",
            "What computes.",
            1,
            device=self.device["device"],
            system=self.device["system"],
            **name,
        )
        page.add("mlx_lm_gpu_memory_bytes", "What the GPU may have wired.", self.device["memory_bytes"], **name)
        cache = getattr(self.engine, "prompt_cache", None)
        if cache is not None:
            page.add("mlx_lm_prompt_cache_bytes", "What the prompt cache holds.", cache.nbytes, **name)
        page.add("mlx_lm_memory_bytes", "What MLX has allocated.", engine.mx.get_active_memory(), **name)
        listening.add_keeper(page, self.settings.name, self.keeper)
        return page.render()
