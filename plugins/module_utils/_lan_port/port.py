# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is known of a network port; what a system does not tell is None, and never a number."""

from __future__ import annotations

from dataclasses import dataclass

ETHERNET, WIFI, THUNDERBOLT = "Ethernet", "Wi-Fi", "Thunderbolt"
BOND, BRIDGE, VLAN, OTHER = "bond", "bridge", "VLAN", "unknown medium"
FULL, HALF = "full", "half"


@dataclass(frozen=True)
class LanPort:
    """One network device; those that it is made of stand in `parts`."""

    device: str
    medium: str
    megabits: float | None = None
    """What both ends agreed on; of Wi-Fi what it sends with just now."""
    duplex: str | None = None
    link: bool | None = None
    parts: tuple[LanPort, ...] = ()
    capable: float | None = None
    """The fastest that it could agree on with another end, in megabits."""

    @property
    def ends(self) -> tuple[LanPort, ...]:
        """Return the ports that a cable or an antenna belongs to: of a bond the members, of anything plain itself."""
        return tuple(end for part in self.parts for end in part.ends) if self.parts else (self,)

    @property
    def slowest(self) -> float | None:
        """Return the speed that one connection is sure of: a bond sends each over one member. None where untold."""
        known = [end.megabits for end in self.ends if end.link is not False]
        return min((one for one in known if one is not None), default=None) if None not in known else None

    @property
    def is_wireless(self) -> bool:
        """Tell whether any way out of it is Wi-Fi."""
        return any(end.medium == WIFI for end in self.ends)

    @property
    def is_half_duplex(self) -> bool:
        """Tell whether an end is known to send and receive by turns."""
        return any(end.duplex == HALF for end in self.ends if end.medium != WIFI)

    def __str__(self) -> str:
        """Say it for a person."""
        own = f"{self.device}: {self.medium}" if self.medium != OTHER else f"{self.device}: its medium is unknown"
        if self.parts:
            return f"{own} of {'; '.join(str(part) for part in self.parts)}"
        if self.link is False:
            return f"{own}, no link"
        speed = f", {speed_text(self.megabits)}" if self.megabits is not None else ", speed unknown"
        duplex = f", {self.duplex} duplex" if self.duplex and self.medium != WIFI else ""
        return f"{own}{speed}{duplex}{self._more}"

    @property
    def _more(self) -> str:
        """Say what it could do, where that is more."""
        if self.megabits is None or self.capable is None or self.capable <= self.megabits:
            return ""
        return f" (the port can do {speed_text(self.capable)})"


def speed_text(megabits: float) -> str:
    """Write a speed the way it stands on a switch."""
    return f"{megabits / 1000:g} Gbit/s" if megabits >= 1000 else f"{megabits:g} Mbit/s"
