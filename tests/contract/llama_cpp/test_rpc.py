# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A model that computes with the memory of a worker answers; without the worker only a token tells, not the health."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import answer

from tests.llama_server import KEY, Server, entry, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def worker(program: Path, port: int, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run what another host lends its memory with."""
    lender = program.with_name("ggml-rpc-server")
    if not lender.exists():
        pytest.skip("This build of llama.cpp has no ggml-rpc-server.")
    with (tmp_path / "worker.log").open("wb") as log:
        words = [str(lender), "--host", "127.0.0.2", "--port", str(port)]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def borrowing(server: Server, worker: object, gguf: dict[str, Path], port: int) -> Server:
    """Return a server that has loaded a model with that memory."""
    assert worker
    server.write(entry("tiny", gguf["a"]))
    server.start(llama_cpp_rpc_workers=["gpu1"], ports={"llama_cpp_rpc": port})
    server.load()
    return server


def test_it_answers_with_the_memory_of_another(borrowing: Server, tmp_path: Path) -> None:
    assert answer.ask(borrowing.url, "tiny", KEY, timeout=30).answered
    assert b"Accepted client connection" in (tmp_path / "worker.log").read_bytes()


def test_a_worker_that_has_ended_is_seen_by_a_token_alone(borrowing: Server, worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    worker.wait()
    assert borrowing.get("/health")[0] == 200
    assert not answer.ask(borrowing.url, "tiny", KEY, timeout=30).answered
