# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What feeds a Mac: the sentences and rows of `pmset -g batt`, as public captures have them."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.power_source_text import (
    Store,
    Supply,
    parse_supply,
)

HEAD = "Now drawing from '{}'\n"
MAC, UPS = "InternalBattery-0", "Back-UPS ES 700"


def row(rest: str, name: str = MAC) -> str:
    return f" -{name} (id=7929955)\t{rest}\n"


@pytest.mark.parametrize(
    ("rows", "stores"),
    [
        ("", ()),
        (row("100%; charged; 0:00 remaining present: true"), (Store(MAC, 100, "charged"),)),
        (row("88%; discharging; 6:25 remaining present: true"), (Store(MAC, 88, "discharging", 385),)),
        (row("53%; discharging; (no estimate) present: true"), (Store(MAC, 53, "discharging"),)),
        # 0:00 right after it was unplugged stands for none.
        (row("53%; discharging; 0:00 remaining present: true"), (Store(MAC, 53, "discharging"),)),
        # The time until it is full says nothing of how long it lasts.
        (row("14%; charging; 5:55 remaining present: true"), (Store(MAC, 14, "charging"),)),
        (row("97%; finishing charge; 0:13 remaining present: true"), (Store(MAC, 97, "finishing charge"),)),
        (row("80%; AC attached; not charging present: true"), (Store(MAC, 80, "AC attached"),)),
        (row("80%; discharging"), (Store(MAC, 80, "discharging"),)),
        (row("19%; discharging;"), (Store(MAC, 19, "discharging"),)),
        (row("87%; discharging; (no estimate)", UPS), (Store(UPS, 87, "discharging"),)),
        (row("100%; charging present: true", "CP1500AVRLCD"), (Store("CP1500AVRLCD", 100, "charging"),)),
        (
            row("100%; charged; 0:00 remaining present: true", UPS)
            + row("12%; discharging; 0:20 remaining present: true"),
            (Store(UPS, 100, "charged"), Store(MAC, 12, "discharging", 20)),
        ),
        # A bay without a battery, and rows of another form.
        (row("0%; charged; 0:00 remaining present: false"), ()),
        (row("none"), ()),
        (row("400%; charged; 0:00 remaining present: true"), ()),
    ],
)
def test_rows(rows: str, stores: tuple[Store, ...]) -> None:
    assert parse_supply(HEAD.format("AC Power") + rows) == Supply("mains", "AC Power", stores)


@pytest.mark.parametrize(
    ("said", "source", "sentence"),
    [
        ("AC Power", "mains", "mains power"),
        ("Battery Power", "battery", "its battery"),
        ("UPS Power", "ups", "the UPS"),
        ("Something New", "unknown", "unknown (Something New)"),
    ],
)
def test_source(said: str, source: str, sentence: str) -> None:
    supply = parse_supply(HEAD.format(said))
    assert supply is not None
    assert (supply.source, str(supply)) == (source, sentence)


@pytest.mark.parametrize("text", ["", row("88%; discharging; 6:25 remaining present: true"), "Now drawing from\n"])
def test_what_does_not_tell_the_source_tells_nothing(text: str) -> None:
    assert parse_supply(text) is None
