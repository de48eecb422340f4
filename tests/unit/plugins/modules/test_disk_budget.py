# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""disk_budget: what a disk has, against what something may use."""

from __future__ import annotations

import importlib
import os

import pytest

MODULE = "ansible_collections.hybrid_ai.cluster.plugins.modules.disk_budget"
GIGABYTE = 1 << 30


@pytest.fixture
def check(run_module, monkeypatch):
    """Run the module on a disk with some room, some of it taken by the directory."""

    def run(free, used, **arguments):
        module = importlib.import_module(MODULE)
        monkeypatch.setattr(module, "free_bytes", lambda path: free * GIGABYTE)
        monkeypatch.setattr(module, "used_bytes", lambda path: used * GIGABYTE)
        return run_module("disk_budget", {"path": "/cache", "variable": "squid_cache_gigabytes", **arguments})

    return run


@pytest.mark.parametrize(
    ("free", "used", "budget", "reserve", "sentence"),
    [
        pytest.param(200, 0, 100, 10, None, id="room"),
        pytest.param(110, 0, 100, 10, None, id="just enough"),
        pytest.param(15, 95, 100, 10, None, id="full cache, its own room counts"),
        pytest.param(75, 0, 100, 10, "set squid_cache_gigabytes to 65 at most", id="too small"),
        pytest.param(5, 0, 100, 10, "make room on it, or choose another disk", id="full disk"),
        pytest.param(75, 0, 0, 10, "write whole gigabytes, at least 1", id="no budget"),
    ],
)
def test_budget(check, free, used, *, budget, reserve, sentence):
    result = check(free, used, gigabytes=budget, reserve_gigabytes=reserve)
    assert not result.get("changed")
    assert bool(result.get("failed")) == (sentence is not None)
    assert (sentence or "") in result.get("msg", "")


def test_it_looks_at_the_disk_and_the_files(tmp_path):
    module = importlib.import_module(MODULE)
    (tmp_path / "00").mkdir()
    (tmp_path / "00" / "file").write_bytes(os.urandom(100_000))
    assert 100_000 <= module.used_bytes(tmp_path) < 200_000
    assert module.free_bytes(tmp_path / "not" / "there") > 0
