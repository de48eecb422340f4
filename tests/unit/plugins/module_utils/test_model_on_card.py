# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How much of a model is on a card: what the driver says of processes, and what nobody can say."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _on_card
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import smi

from tests.unit.plugins.harness import call

PATH = "/opt/models/org--small/m.gguf"
MEBIBYTE = 1 << 20


@pytest.fixture
def processes(tmp_path, monkeypatch):
    """Two processes have the file among their arguments, a third one another file."""
    for pid, words in {"11": ["llama-server", "--model", PATH], "12": ["x", PATH], "13": ["x", f"{PATH}2"]}.items():
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cmdline").write_bytes("\0".join(words).encode() + b"\0")
    (tmp_path / "self").mkdir()
    monkeypatch.setattr(_on_card, "PROCESSES", tmp_path)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        # A process has a line for each card it uses.
        ({"out": "11, 300\n11, 200\n13, 7000\n"}, 500 * MEBIBYTE),
        ({"out": "11, 300\n12, 1\n"}, 301 * MEBIBYTE),
        ({"out": "13, 7000\n"}, 0),
        ({"out": ""}, 0),
        ({"out": "11, [N/A]\n"}, None),
        ({"out": "13, [N/A]\n"}, 0),
        ({"out": "No devices were found\n", "rc": 6}, None),
        ({"hangs": True}, 0),
    ],
)
def test_memory_of_processes(processes, replay, answer, found):
    placed = _on_card.of_processes(replay([call(smi.PROCESSES, **answer)]), PATH, 400 * MEBIBYTE)
    assert placed.on_card == found


def test_a_model_that_no_process_has_is_unknown(processes, replay):
    assert _on_card.of_processes(replay([call(smi.PROCESSES)]), "/elsewhere", 1).on_card is None


@pytest.mark.parametrize(
    ("answer", "there"),
    [
        ({"out": "GPU 0: NVIDIA H200 (UUID: GPU-1)\n"}, True),
        ({"out": "No devices found.\n"}, False),
        ({"out": "GPU 0: NVIDIA H200 (UUID: GPU-1)\n", "rc": 15}, False),
        ({"rc": 2, "err": "knows --query-gpu only"}, False),
        ({"hangs": True}, False),
    ],
)
def test_whether_there_is_a_card(replay, answer, there):
    assert _on_card.has_card(replay([call(smi.LIST, **answer)])) is there


@pytest.mark.parametrize(
    ("size", "amount", "sentence"),
    [
        (1 << 30, 1 << 30, "m is in the memory of the card (1.0 GB)."),
        (100, 91, "m is in the memory of the card (91 bytes)."),
        (4 << 30, 1 << 30, "m has 1.0 GB of 4.0 GB in the memory of the card; the processor computes the rest."),
        (1 << 30, 0, "m (1.0 GB) is in the memory of the host alone, and computed by its processor."),
        (1 << 30, None, "nobody can say whether m (1.0 GB) is in the memory of a card."),
    ],
)
def test_the_sentence(size, amount, sentence):
    assert _on_card.Placed(size, amount).sentence("m") == sentence
