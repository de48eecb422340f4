# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How the stages of a run ended, kept so that a later run can go on with those that have not passed."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from tests.run.lanes import RESULTS, Result

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.run.stages import Stage


class Kept:
    """The results of the last run from its beginning, and of those that went on with it."""

    def __init__(self, *, everything: bool, directory: Path = RESULTS) -> None:
        self._path = directory / ("test-all.json" if everything else "test.json")
        content = json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {}
        self._results = {name: Result(**fields) for name, fields in content.get("results", {}).items()}
        self.seconds: float = content.get("seconds", 0.0)
        """What the runs took together."""

    def of(self, stages: Sequence[Stage]) -> list[Result]:
        """Return the last result of each stage, also of those that have not run."""
        return [self._results.get(stage.name, Result(stage.name)) for stage in stages]

    def not_passed(self, stages: Sequence[Stage]) -> list[Stage]:
        """Return the stages that have still to pass."""
        return [stage for stage, result in zip(stages, self.of(stages), strict=True) if result.outcome != "passed"]

    def forget(self) -> None:
        """Begin anew."""
        self._results, self.seconds = {}, 0.0

    def add(self, result: Result) -> None:
        """Keep how a stage ended, at once: a run that is killed loses nothing."""
        self._results[result.name] = result
        self._write()

    def took(self, seconds: float) -> None:
        """Note how long a run took."""
        self.seconds += seconds
        self._write()

    def _write(self) -> None:
        content = {
            "seconds": self.seconds,
            "results": {name: dataclasses.asdict(result) for name, result in self._results.items()},
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
