# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A Mac without mains power is told at once, and again when what it lives on comes to its end."""

from __future__ import annotations

from tests.contract.prometheus.conftest import Situation

SOURCE = 'mac_power_source_info{{instance="olab1",source="{}"}}'
CHARGE = 'mac_battery_charge_ratio{instance="olab1",battery="Back-UPS ES 700"}'
OTHER = 'mac_battery_charge_ratio{instance="olab2",battery="InternalBattery-0"}'


def test_on_battery(check) -> None:
    check(
        "MacOnBattery",
        {
            **{
                source: Situation({SOURCE.format(source): "1x20"}, {"30s": 0, "2m": fires})
                for source, fires in {"ups": 1, "battery": 1, "mains": 0, "unknown": 0}.items()
            },
            "power is back": Situation(
                {SOURCE.format("ups"): "1x10 stale", SOURCE.format("mains"): "_x10 1x10"}, {"8m": 0}
            ),
        },
    )


def test_battery_low(check) -> None:
    ups = {SOURCE.format("ups"): "1x20"}
    check(
        "MacBatteryLow",
        {
            "it lasts": Situation({**ups, CHARGE: "0.5x20"}, {"5m": 0}),
            "it comes to its end": Situation({**ups, CHARGE: "0.5x5 0.19x15"}, {"1m": 0, "5m": 1}),
            "it is charged again": Situation({SOURCE.format("mains"): "1x20", CHARGE: "0.1x20"}, {"5m": 0}),
            "that of another Mac, which is plugged in": Situation(
                {**ups, CHARGE: "0.9x20", OTHER: "0.1x20"}, {"5m": 0}
            ),
        },
    )
