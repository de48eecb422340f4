# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `networksetup -listallhardwareports` says, read here alone: for the modules, the report and the measurements.

It imports nothing of the collection, because a copy of it lies beside the measurements of node_exporter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PORT = re.compile(r"^Hardware Port: (?P<name>.+)\nDevice: (?P<device>\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Port:
    """A hardware port: its name never changes with the language, its device may differ between models."""

    name: str
    device: str

    @property
    def is_thunderbolt(self) -> bool:
        """Tell whether IP over Thunderbolt runs here."""
        return self.name.startswith("Thunderbolt ") and "Ethernet" not in self.name


def parse_ports(text: str) -> list[Port]:
    """Return the ports in their order; none where nothing is known of the text."""
    return [Port(match["name"].strip(), match["device"]) for match in _PORT.finditer(text)]
