# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the service is told in its file, and where the model lies."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """One model and how it is served. Sizes are in bytes, times in seconds, contexts in tokens."""

    host: str
    port: int
    name: str
    aliases: list[str]
    models_directory: str
    folder: str
    home: str
    api_key_file: str | None = None
    context: int | None = None
    parallel: int = 1
    queue: int = 32
    default_max_tokens: int = 4096
    largest_request: int = 16 * 1024 * 1024
    prompt_cache_entries: int = 10
    prompt_cache_bytes: int = 4 * 1024**3
    arguments: list[str] = field(default_factory=list)
    start_seconds: float = 600
    drain_seconds: float = 300
    stop_seconds: float = 60
    crash_starts: int = 3
    crash_seconds: float = 600
    rest_seconds: float = 1800

    @property
    def names(self) -> list[str]:
        """Every name that the model answers to, the public one first."""
        return [self.name, *self.aliases]

    @property
    def model(self) -> Path:
        """Where the wanted revision lies."""
        return Path(self.models_directory) / self.folder

    @property
    def previous(self) -> Path:
        """Where the revision before lies until the wanted one has answered."""
        return Path(self.models_directory) / ".previous" / self.folder

    @property
    def manifest(self) -> Path:
        """What is written last when a revision is there whole."""
        return Path(self.models_directory) / ".manifests" / f"{self.folder}.json"

    def api_key(self) -> str | None:
        """Read the key, anew each time it is asked for."""
        if self.api_key_file is None:
            return None
        return Path(self.api_key_file).read_text(encoding="utf-8").strip()


@dataclass(frozen=True)
class Revision:
    """One version of the model on the disk."""

    name: str
    path: str
    size: int


def read(path: Path) -> Settings:
    """Read the file of the service."""
    return Settings(**json.loads(path.read_text(encoding="utf-8")))


def wanted(settings: Settings) -> Revision | None:
    """Return the revision that is there whole, or None."""
    try:
        manifest = json.loads(settings.manifest.read_text(encoding="utf-8"))
        whole = all((settings.model / file["path"]).stat().st_size == file["size"] for file in manifest["files"])
        return Revision(str(manifest["revision"]), str(settings.model), int(manifest["bytes"])) if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def before(settings: Settings) -> Revision | None:
    """Return the revision that was served before, where it is still there."""
    if not (settings.previous / "config.json").is_file():
        return None
    size = sum(path.stat().st_size for path in settings.previous.rglob("*") if path.is_file())
    return Revision("previous", str(settings.previous), size)
