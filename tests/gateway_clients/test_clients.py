# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The libraries that people use: asleep and awake, in streams and not, with tools and vectors, and left half-way."""

from __future__ import annotations

import pytest

from tests.gateway_clients.conftest import HOST, finish
from tests.sleeping_site.host import VECTOR, WORDS
from tests.sleeping_site.sleepers import wait_until

TEXT = "".join(WORDS)
LIBRARIES = ("openai", "node", "anthropic", "ollama", "llm")
SUM = {"a": 1, "b": 2}
NO_VECTORS = {"anthropic", "llm"}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("case", ["whole", "stream"])
def test_an_answer_comes_whole(clients, library, case):
    assert clients.ask(library, case) == TEXT


def test_generate_of_ollama(clients):
    assert clients.ask("ollama", "generate") == TEXT


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_tool_is_called_and_its_result_answered(clients, library):
    found = clients.ask(library, "tools")
    assert found["call"] == SUM
    assert found["answer"].endswith(TEXT)


@pytest.mark.parametrize("library", [name for name in LIBRARIES if name != "llm"])
def test_a_tool_is_called_in_a_stream(clients, library):
    assert clients.ask(library, "tools_stream") == SUM


# Both libraries of OpenAI ask for base64 where nothing is said, and unpack it.
@pytest.mark.parametrize("library", [name for name in LIBRARIES if name not in NO_VECTORS])
def test_vectors(clients, library):
    assert clients.ask(library, "embeddings") == VECTOR


@pytest.mark.parametrize("library", ["openai", "node"])
def test_vectors_as_numbers(clients, library):
    assert clients.ask(library, "embeddings_float") == VECTOR


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_model_stops_when_its_client_leaves(clients, library):
    host = clients.site.sleepers[HOST]
    before = len(host.said)
    assert clients.ask(library, "cancelled") == "left"
    wait_until(lambda: any("left" in one for one in host.said[before:]), "the model stops", 5)
    (left,) = [one["left"] for one in host.said[before:] if "left" in one]
    assert 0 < left < len(WORDS)


def test_all_of_them_wake_a_host_once(clients):
    clients.put_to_sleep()
    host = clients.site.sleepers[HOST]
    wakes = host.wakes
    asked = {(name, case): clients.start(name, case) for name in LIBRARIES for case in ("whole", "stream")}
    assert {which: finish(process) for which, process in asked.items()} == dict.fromkeys(asked, TEXT)
    assert host.wakes == wakes + 1
    assert clients.site.mistakes() == []
