# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Cards by PCI address: what CUDA is told, and what cannot be said."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _cuda_devices

FIRST, SECOND = "0000:01:00.0", "0000:41:00.0"
CARDS = {"cards": [{"address": "00000000:41:00.0", "computes": True}, {"address": FIRST, "computes": True}]}
NAMED = {"cards": [{**card, "uuid": f"GPU-{card['address'][-7:-5]}"} for card in CARDS["cards"]]}
LOST = {"cards": [CARDS["cards"][0], {"address": FIRST, "computes": False}]}


@pytest.mark.parametrize(
    ("facts", "wanted", "visible"),
    [
        (None, None, None),
        (CARDS, [], None),
        (CARDS, [FIRST], "0"),
        (CARDS, ["0000:41:00.0"], "1"),
        (CARDS, [SECOND, "01:00.0"], "1,0"),
        (NAMED, [SECOND], "GPU-41"),
    ],
)
def test_what_a_program_sees(facts, wanted, visible):
    found = _cuda_devices.environment(facts, wanted, "x_cards", "gpu1")
    assert found.pop("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    assert found == ({} if visible is None else {"CUDA_VISIBLE_DEVICES": visible})


@pytest.mark.parametrize(
    ("facts", "wanted", "sentence"),
    [
        (
            CARDS,
            ["0"],
            (
                "x_cards has 0, which is not a PCI address, and any other name of a card may mean another one tomorrow;"
                " write one such as 0000:01:00.0, as lspci -D shows it."
            ),
        ),
        (
            CARDS,
            ["0000:02:00.0"],
            "x_cards has 0000:02:00.0, but gpu1 has 0000:01:00.0 and 0000:41:00.0; write one of those, or remove it.",
        ),
        ({"cards": []}, [FIRST], "x_cards has 0000:01:00.0, but gpu1 has no card; write one of those, or remove it."),
        (
            LOST,
            [SECOND],
            (
                "x_cards cannot be obeyed on gpu1, because 0000:01:00.0 of its cards does not compute, and the others"
                " have other numbers now; repair it, or leave the variable alone."
            ),
        ),
    ],
)
def test_what_cannot_be_is_a_sentence(facts, wanted, sentence):
    with pytest.raises(_cuda_devices.CudaDevicesError) as caught:
        _cuda_devices.environment(facts, wanted, "x_cards", "gpu1")
    assert str(caught.value) == sentence
