# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The real llama-server: LLAMA_SERVER_PROGRAM, or what the lab has compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.llama_server import Server, entry, find_program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program."""
    found = find_program(tmp_path_factory.mktemp("llama-cpp"))
    if found is None:
        pytest.skip("The lab has not compiled llama.cpp on this machine; `lab up` does, or set LLAMA_SERVER_PROGRAM.")
    return found


@pytest.fixture(scope="session")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return two models, and a new revision of the first."""
    models = pytest.importorskip("lab.standins.model_hub.models")
    place = tmp_path_factory.mktemp("gguf")
    found = {name: place / f"{name}.gguf" for name in ("a", "b", "a2")}
    for seed, path in enumerate(found.values(), start=1):
        models.write_gguf(path, seed)
    return found


@pytest.fixture
def server(program: Path, tmp_path: Path) -> Iterator[Server]:
    """Return a server that is not started yet."""
    one = Server(program, tmp_path)
    yield one
    one.stop()


@pytest.fixture
def two(server: Server, gguf: dict[str, Path]) -> Server:
    """Return one that has loaded two models."""
    server.write(entry("tiny:a", gguf["a"], names=["tiny:a", "small"], parallel=2), entry("tiny-b", gguf["b"]))
    server.start()
    server.load()
    return server
