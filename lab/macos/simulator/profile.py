# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a simulated Mac is: its release of macOS, its model, and the one machine the lab made of them."""

from __future__ import annotations

import os

from .lazy import lazy
from .state import DIRECTORY, State, read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULT_HOST = {"name": "mac", "release": "26.5", "model": "Mac16,10", "memory_gigabytes": 16}
_HERE = os.path.dirname(os.path.abspath(__file__))


class Profile:
    """The host's description by the lab (``host.json``) with the data of its release and of its model."""

    def __init__(self, state: State) -> None:
        self._state = state

    @lazy
    def host(self) -> dict[str, Any]:
        """Return the lab's description of this machine."""
        return read_json(self._state.path(f"{DIRECTORY}/host.json"), DEFAULT_HOST)

    @lazy
    def system(self) -> dict[str, Any]:
        """Return the data of the release: profiles/<release>.json."""
        return read_json(f"{_HERE}/profiles/{self.release}.json")

    @lazy
    def hardware(self) -> dict[str, Any]:
        """Return the data of the model: models/<model>.json."""
        return read_json(f"{_HERE}/models/{self.model}.json")

    def cables(self) -> dict[str, Any]:
        """Say what is plugged in now: receptacle number of this host -> far end."""
        return read_json(self._state.path(f"{DIRECTORY}/cables.json"))

    @property
    def name(self) -> str:
        """The host's name in the lab's inventory."""
        return str(self.host["name"])

    @property
    def release(self) -> str:
        """The release the lab asked for, for example ``26.5``."""
        return str(self.host["release"])

    @property
    def version(self) -> str:
        """The full product version, for example ``26.5.2``."""
        return str(self.system["version"])

    @property
    def build(self) -> str:
        """The build, for example ``25F84``."""
        return str(self.system["build"])

    @property
    def kernel(self) -> str:
        """The kernel's release, for example ``25.5.0``."""
        return str(self.system["kernel"])

    @property
    def kernel_version(self) -> str:
        """What ``uname -v`` prints."""
        date, source = self.system["kernel_date"], self.system["kernel_source"]
        return f"Darwin Kernel Version {self.kernel}: {date}; root:{source}/RELEASE_ARM64_{self.hardware['soc']}"

    @property
    def major(self) -> int:
        """The first number of the release."""
        return int(self.release.partition(".")[0])

    def at_least(self, release: str) -> bool:
        """Whether this release is the given one or newer."""
        return _numbers(self.version) >= _numbers(release)

    @property
    def model(self) -> str:
        """The model identifier, for example ``Mac16,10``."""
        return str(self.host["model"])

    @property
    def model_name(self) -> str:
        """The marketing name, for example ``Mac mini``."""
        return str(self.hardware["name"])

    @property
    def chip(self) -> str:
        """The chip, for example ``Apple M4``."""
        return str(self.hardware["chip"])

    @property
    def performance_cores(self) -> int:
        """How many performance cores the chip has."""
        return int(self.hardware["performance_cores"])

    @property
    def efficiency_cores(self) -> int:
        """How many efficiency cores the chip has."""
        return int(self.hardware["efficiency_cores"])

    @property
    def cores(self) -> int:
        """All cores."""
        return self.performance_cores + self.efficiency_cores

    @property
    def thunderbolt_ports(self) -> int:
        """How many receptacles there are, numbered from 1."""
        return int(self.hardware["thunderbolt_ports"])

    @property
    def thunderbolt_speed(self) -> int:
        """What a receptacle is capable of, in Gb/s."""
        return int(self.hardware["thunderbolt_speed"])

    @property
    def ethernet(self) -> str:
        """What the Ethernet port agrees on with its switch, in the words of its driver: 1000baseT, 100baseTX."""
        return str(self.host.get("ethernet", self.hardware.get("ethernet", "1000baseT")))

    @property
    def memory_gigabytes(self) -> int:
        """Installed memory."""
        return int(self.host.get("memory_gigabytes", 16))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
