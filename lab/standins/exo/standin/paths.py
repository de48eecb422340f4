# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where exo keeps its files: ~/.exo on macOS, the XDG directories on Linux, EXO_HOME above both."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SW_VERS = Path("/usr/bin/sw_vers")


def is_mac() -> bool:
    """Return whether this host is a Mac, a simulated one included (the interpreter there reports Linux)."""
    return SW_VERS.exists()


def _list(name: str) -> tuple[Path, ...]:
    """Return the directories of a colon-separated variable."""
    return tuple(Path(part).expanduser() for part in os.environ.get(name, "").split(":") if part)


def _base(variable: str, fallback: str) -> Path:
    """Return one of the three base directories."""
    if "EXO_HOME" in os.environ:
        return Path.home() / os.environ["EXO_HOME"]
    if is_mac():
        return Path.home() / ".exo"
    if variable in os.environ:
        return Path(os.environ[variable]) / "exo"
    return Path.home() / fallback / "exo"


@dataclass(frozen=True)
class Paths:
    """The directories of one process."""

    config: Path
    data: Path
    cache: Path
    models: Path
    writable: tuple[Path, ...]
    read_only: tuple[Path, ...]

    @classmethod
    def from_environment(cls) -> Paths:
        """Read the environment the way the real program does."""
        data = _base("XDG_DATA_HOME", ".local/share")
        default = os.environ.get("EXO_DEFAULT_MODELS_DIR")
        models = Path(default).expanduser() if default is not None else data / "models"
        read_only = _list("EXO_MODELS_READ_ONLY_DIRS")
        writable = tuple(path for path in (models, *_list("EXO_MODELS_DIRS")) if path not in read_only)
        return cls(
            config=_base("XDG_CONFIG_HOME", ".config"),
            data=data,
            cache=_base("XDG_CACHE_HOME", ".cache"),
            models=models,
            writable=writable,
            read_only=read_only,
        )

    @property
    def log(self) -> Path:
        """Return the log file."""
        return self.cache / "exo_log" / "exo.log"

    @property
    def custom_cards(self) -> Path:
        """Return the directory of model cards the user added."""
        return self.data / "custom_model_cards"

    @property
    def hang_flag(self) -> Path:
        """Return the file that makes the next placements over several nodes hang: it holds how many."""
        return self.config / "standin-hang"

    @property
    def memory_flag(self) -> Path:
        """Return the file that says how many bytes of memory are free on this node."""
        return self.config / "standin-memory"

    @property
    def free_memory(self) -> int | None:
        """Return what that file says, if it is there."""
        try:
            return int(self.memory_flag.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
