# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A LAN port that is slower than before, or than any cable of today, is told; one that waits for a switch is not."""

from __future__ import annotations

from tests.contract.prometheus.conftest import Situation

HOUR = 120
SPEED = 'lan_port_bits_per_second{instance="olab1",device="en0",medium="Ethernet"}'
MEMBER = 'lan_port_bits_per_second{instance="gpu1",device="eno2",medium="Ethernet"}'
CAPABLE = 'lan_port_capable_bits_per_second{instance="olab1",device="en0",medium="Ethernet"}'
WIFI = 'lan_port_bits_per_second{instance="olab1",device="en1",medium="Wi-Fi"}'


def always(value: float, then: float | None = None) -> str:
    """One value for an hour, and then another one for an hour."""
    return f"{value}x{HOUR}" if then is None else f"{value}x{HOUR} {then}x{HOUR}"


def test_a_slow_port(check) -> None:
    check(
        "LanPortSlow",
        {
            "as ever": Situation({SPEED: always(1e9, 1e9), CAPABLE: always(1e9, 1e9)}, {"59m": 0, "2h": 0}),
            "slower than before": Situation({SPEED: always(1e10, 1e9)}, {"59m": 0, "1h10m": 0, "1h30m": 1}),
            "for a moment": Situation(
                {SPEED: f"1000000000x{HOUR} 100000000x10 1000000000x100"}, {"1h4m": 0, "1h30m": 0}
            ),
            "a member of a bond has lost its cable": Situation({MEMBER: always(1e9, 0)}, {"59m": 0, "1h30m": 1}),
            "from the beginning": Situation({SPEED: always(1e8), CAPABLE: always(1e9)}, {"10m": 0, "30m": 1}),
            "a card of long ago": Situation({SPEED: always(1e8), CAPABLE: always(1e8)}, {"30m": 0}),
            "the switch is slower": Situation({SPEED: always(1e9), CAPABLE: always(1e10)}, {"30m": 0}),
            "what it can is unknown": Situation({SPEED: always(1e8)}, {"30m": 0}),
            "faster than before": Situation({SPEED: always(1e8, 1e9)}, {"2h": 0}),
            "Wi-Fi goes up and down": Situation({WIFI: always(866e6, 144e6)}, {"1h30m": 0}),
        },
    )


def test_half_duplex(check) -> None:
    port = 'lan_port_info{{instance="olab1",device="en0",medium="Ethernet",duplex="{}"}}'
    check(
        "LanPortHalfDuplex",
        {
            "half": Situation({port.format("half"): always(1)}, {"10m": 0, "20m": 1}),
            "full": Situation({port.format("full"): always(1)}, {"20m": 0}),
            "unknown": Situation({port.format("unknown"): always(1)}, {"20m": 0}),
        },
    )
