# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which cards the PCI bus has, and the branch and the modules that serve all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import cards
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.branches import (
    BRANCHES,
    Decision,
    DriverError,
    decide,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import Card, identify, read_cards

if TYPE_CHECKING:
    from pathlib import Path

V100, RTX_2070, RTX_3090, RTX_4090 = "0x1db4", "0x1f02", "0x2204", "0x2684"
H200, GH200, RTX_5070, RTX_5090, GB10 = "0x2335", "0x2342", "0x2f04", "0x2b85", "0x2e12"
NEVER_SEEN = "0x3f01"


def put(bus: Path, address: str, device: str, kind: str = "0x030000", vendor: str = "0x10de") -> None:
    folder = bus / address
    folder.mkdir(parents=True)
    for name, text in {"vendor": vendor, "device": device, "class": kind}.items():
        (folder / name).write_text(f"{text}\n", encoding="ascii")


def host(*devices: str) -> list[Card]:
    return [identify(f"0000:{number:02x}:00.0", device) for number, device in enumerate(devices, 1)]


@pytest.mark.parametrize(
    ("device", "name", "generation", "capability"),
    [
        pytest.param(V100, "Tesla V100-PCIE-16GB", cards.VOLTA, (7, 0), id="v100"),
        pytest.param("0x1df6", "Tesla V100S-PCIE-32GB", cards.VOLTA, (7, 0), id="v100s"),
        pytest.param("0x1b06", None, cards.PASCAL, (6, 1), id="1080-ti"),
        pytest.param("0x15f8", None, cards.PASCAL, (6, 0), id="p100"),
        pytest.param("0x13c2", None, cards.MAXWELL, None, id="970"),
        pytest.param(RTX_2070, "GeForce RTX 2070", cards.TURING, (7, 5), id="2070"),
        pytest.param("0x2184", None, cards.TURING, (7, 5), id="1660"),
        pytest.param("0x20b5", "A100 PCIe 80GB", cards.AMPERE, (8, 0), id="a100"),
        pytest.param(RTX_3090, "GeForce RTX 3090", cards.AMPERE, (8, 6), id="3090"),
        pytest.param(RTX_4090, "GeForce RTX 4090", cards.ADA, (8, 9), id="4090"),
        pytest.param(H200, "H200 SXM", cards.HOPPER, (9, 0), id="h200"),
        pytest.param("0x2901", "B200", cards.BLACKWELL, (10, 0), id="b200"),
        pytest.param(RTX_5090, "GeForce RTX 5090", cards.BLACKWELL, (12, 0), id="5090"),
        pytest.param(RTX_5070, "GeForce RTX 5070", cards.BLACKWELL, (12, 0), id="5070"),
        pytest.param(GB10, "GB10", cards.BLACKWELL, (12, 1), id="gb10"),
        pytest.param("0x2e13", None, None, None, id="a-neighbour-of-gb10"),
        pytest.param(NEVER_SEEN, None, None, None, id="unknown"),
        pytest.param("", None, None, None, id="unreadable"),
    ],
)
def test_a_device_is_a_card_or_unknown(
    device: str, name: str | None, generation: str | None, capability: tuple[int, int] | None
) -> None:
    assert identify("0000:01:00.0", device) == Card("0000:01:00.0", device, name, generation, capability)


def test_the_ranges_do_not_overlap_but_for_the_one_that_comes_first() -> None:
    ranges = [(first, last) for first, last, _, _ in cards._RANGES]
    for number, (first, last) in enumerate(ranges):
        assert first <= last
        for other, end in ranges[number + 1 :]:
            assert last < other or end < first or (other <= first and last <= end)


def test_the_bus_has_gpus_other_devices_and_others_gpus(tmp_path: Path) -> None:
    put(tmp_path, "0000:41:00.0", RTX_5090)
    put(tmp_path, "0000:41:00.1", "0x22e8", kind="0x040300")  # the sound of the same card
    put(tmp_path, "0000:01:00.0", H200, kind="0x030200")
    put(tmp_path, "0000:00:02.0", "0x56a0", vendor="0x8086")
    (tmp_path / "0000:81:00.0").mkdir()  # it vanished
    assert [(card.address, card.device_id) for card in read_cards(tmp_path)] == [
        ("0000:01:00.0", H200),
        ("0000:41:00.0", RTX_5090),
    ]
    assert read_cards(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("devices", "wishes", "branch", "flavour"),
    [
        pytest.param([V100], {}, 580, "proprietary", id="volta"),
        pytest.param([V100] * 4, {}, 580, "proprietary", id="four-of-volta"),
        pytest.param([V100], {"branch": 535}, 535, "proprietary", id="volta-older-branch"),
        pytest.param([RTX_2070], {}, 580, "open", id="turing"),
        pytest.param([RTX_2070], {"flavour": "proprietary"}, 580, "proprietary", id="turing-may-have-both"),
        pytest.param([RTX_5070], {}, 580, "open", id="blackwell"),
        pytest.param([RTX_5090], {"branch": 620}, 620, "open", id="blackwell-newest"),
        pytest.param([H200], {"branch": 595}, 595, "open", id="hopper"),
        pytest.param([V100, RTX_3090], {}, 580, "proprietary", id="volta-and-ampere-have-one-in-common"),
        pytest.param([RTX_5090, RTX_3090], {}, 580, "open", id="blackwell-and-ampere"),
        pytest.param([NEVER_SEEN], {"branch": 620, "flavour": "open"}, 620, "open", id="unknown-but-said"),
    ],
)
def test_the_cards_decide(devices: list[str], wishes: dict[str, object], branch: int, flavour: str) -> None:
    assert decide(host(*devices), **wishes) == Decision(branch, flavour)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("devices", "wishes", "says"),
    [
        pytest.param([], {}, "There is no NVIDIA GPU on the PCI bus: take this host out of the group gpu", id="none"),
        pytest.param(
            [V100, RTX_5090],
            {},
            "No driver serves all cards of this host: Tesla V100-PCIE-16GB (0000:01:00.0) needs the proprietary"
            " modules of branch 580 or older, and GeForce RTX 5090 (0000:02:00.0) needs the open modules of branch 570"
            " or newer. Move one of them",
            id="volta-and-blackwell",
        ),
        pytest.param(
            [V100, GH200], {}, "GH200 (0000:02:00.0) needs the open modules of any branch", id="volta-and-gh200"
        ),
        pytest.param(
            [RTX_5090],
            {"branch": 581},
            "nvidia_driver_branch is 581, which is not a known branch",
            id="no-such-branch",
        ),
        pytest.param(
            [V100],
            {"branch": 620},
            "nvidia_driver_branch is 620, but Tesla V100-PCIE-16GB (0000:01:00.0) needs the proprietary modules of"
            " branch 580 or older: write such a branch, or nothing.",
            id="too-new",
        ),
        pytest.param([RTX_5090], {"branch": 550}, "needs the open modules of branch 570 or newer", id="too-old"),
        pytest.param(
            [GB10],
            {"branch": 570},
            "GB10 (0000:01:00.0) needs the open modules of branch 580 or newer",
            id="of-a-device",
        ),
        pytest.param(
            [RTX_5090],
            {"flavour": "proprietary"},
            "nvidia_driver_flavour is proprietary, but GeForce RTX 5090 (0000:01:00.0) needs the open modules of"
            " branch 570 or newer: write open, or nothing.",
            id="wrong-flavour",
        ),
        pytest.param(
            [RTX_3090],
            {"branch": 620, "flavour": "proprietary"},
            "nvidia_driver_flavour is proprietary, which branch 620 does not have: write open, or nothing.",
            id="a-flavour-that-has-gone",
        ),
        pytest.param(
            [RTX_3090, NEVER_SEEN],
            {},
            "Nothing is known here of the card 10de:3f01 (0000:02:00.0), so no driver is chosen for it: look up which"
            " branch and which modules it needs, and set nvidia_driver_branch and nvidia_driver_flavour of this host.",
            id="unknown",
        ),
        pytest.param([NEVER_SEEN], {"branch": 580}, "Nothing is known here of the card 10de:3f01", id="half-said"),
    ],
)
def test_what_cannot_work_is_one_sentence(devices: list[str], wishes: dict[str, object], says: str) -> None:
    with pytest.raises(DriverError) as refused:
        decide(host(*devices), **wishes)  # type: ignore[arg-type]
    assert says in str(refused.value)


def test_every_generation_has_a_driver() -> None:
    for first, *_ in cards._RANGES:
        decided = decide([identify("0000:01:00.0", f"{first:#06x}")])
        assert decided.flavour in BRANCHES[decided.branch].flavours
