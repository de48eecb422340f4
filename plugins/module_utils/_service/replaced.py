# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Units of the distribution that a service of ours replaces: masked, so that nothing can start them, and stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import ServiceError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

SYSTEMCTL = "/usr/bin/systemctl"
NOWHERE = "/dev/null"
STEPS = ("mask_replaced", "stop_replaced")
STOP_SECONDS = 90


@dataclass(frozen=True)
class Replaced:
    """What is known about a unit that must not run."""

    masked: bool
    stopped: bool

    def __str__(self) -> str:
        return f"{'masked' if self.masked else 'not masked'}, {'stopped' if self.stopped else 'running'}"


class ReplacedUnits:
    """The units that one service replaces."""

    def __init__(self, commands: Commands, names: list[str]) -> None:
        self._commands = commands
        self._names = names
        self._found: dict[str, Replaced] = {}

    def read(self) -> None:
        """Read what is there."""
        if not self._names:
            return
        text = self._commands.check_output([SYSTEMCTL, "show", "-p", "LoadState", "-p", "ActiveState", *self._names])
        # One paragraph for each, in the order they were asked for.
        paragraphs = [dict(line.split("=", 1) for line in each.splitlines()) for each in text.strip().split("\n\n")]
        if len(paragraphs) != len(self._names):
            raise ServiceError(
                f"`systemctl show` answered for {len(paragraphs)} of the units {', '.join(self._names)}."
            )
        self._found = {
            name: Replaced(
                # The file is what holds at the next boot, the state what systemd made of it.
                masked=_files.link_target(self._path(name)) == NOWHERE and values.get("LoadState") == "masked",
                stopped=values.get("ActiveState") in {"inactive", "failed"},
            )
            for name, values in zip(self._names, paragraphs)
        }

    def plan(self) -> list[str]:
        """Return the steps; masked first, so that nothing starts again what is stopped."""
        units = self._found.values()
        wrong = [any(not unit.masked for unit in units), any(not unit.stopped for unit in units)]
        return [step for step, needed in zip(STEPS, wrong) if needed]

    def apply(self, step: str) -> None:
        """Run one step and read back."""
        if step == "mask_replaced":
            for name in self._names:
                _files.link(self._path(name), NOWHERE)
            self._commands.check_output([SYSTEMCTL, "daemon-reload"])
        else:
            self._commands.check_output([SYSTEMCTL, "stop", *self._names], timeout=STOP_SECONDS)
        self.read()
        if step in self.plan():
            words = [f"{name} is {unit}" for name, unit in self._found.items()]
            raise ServiceError(f"What the service replaces could not be kept from running: {'; '.join(words)}.")

    def states(self, steps: list[str]) -> dict[str, str]:
        """Return the state of each unit after the steps."""
        return {
            name: str(Replaced(unit.masked or STEPS[0] in steps, unit.stopped or STEPS[1] in steps))
            for name, unit in self._found.items()
        }

    @staticmethod
    def _path(name: str) -> str:
        return f"{_names.SYSTEMD_UNITS}/{name}"
