# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A model beside a card that is there is a sentence; without a card it is only said."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import smi
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import client

from tests.unit.plugins.harness import call

CARD = call(smi.LIST, out="GPU 0: NVIDIA H200 (UUID: GPU-1)\n")
NONE = call(smi.LIST, rc=9, err="couldn't communicate with the NVIDIA driver")
ARGUMENTS = {"backend": "ollama", "model": "small", "url": "http://x:1"}


class Server:
    """Ollama, with a model that is loaded when it is asked for."""

    def __init__(self, size: int, amount: int, *, loaded: bool = True) -> None:
        self.entry = {"name": "small:latest", "size": size, "size_vram": amount}
        self.loaded, self.asked = loaded, []

    def ask(self, method, path, body=None):
        self.asked.append(path)
        self.loaded = self.loaded or path == "/api/generate"
        return {"models": [self.entry] if self.loaded else []}


@pytest.fixture
def look(run_module, monkeypatch):
    def run(server, calls, *, check=False, **options):
        monkeypatch.setattr(client, "asker", lambda _url, _seconds: server.ask)
        return run_module("model_card_info", {**ARGUMENTS, **options}, calls, check=check)

    return run


@pytest.mark.parametrize(
    ("amount", "calls", "required", "failed"),
    [
        (10, [], True, False),
        (3, [], True, False),
        (0, [CARD], True, True),
        (0, [NONE], True, False),
        (0, [], False, False),
    ],
)
def test_a_card_that_is_there_has_to_be_used(look, amount, calls, required, failed):
    result = look(Server(10, amount), calls, required=required)
    assert result.get("failed", False) is failed
    if failed:
        assert result["msg"].startswith("small (10 bytes) is in the memory of the host alone")
    else:
        assert (result["changed"], result["bytes"], result["on_card"]) == (False, 10, amount)


def test_a_model_that_is_not_loaded_is_loaded(look):
    server = Server(10, 10, loaded=False)
    assert look(server, [])["on_card"] == 10
    assert server.asked == ["/api/ps", "/api/generate", "/api/ps"]


def test_a_model_without_room_is_a_sentence(look):
    server = Server(10, 10)
    server.entry["name"] = "other:latest"
    assert look(server, [])["msg"] == ("Ollama has loaded small and has it not in memory: another one needed the room.")


def test_check_mode_asks_nobody(look):
    server = Server(10, 10)
    assert look(server, [], check=True)["sentence"] == "small was not looked at in check mode."
    assert server.asked == []
