# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lab.standins.exo.standin import clock
from lab.standins.exo.standin.election import Candidate, Election, Result


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "FACTOR", 0.01)


@pytest.mark.parametrize(
    ("loser", "winner"),
    [
        pytest.param(Candidate(1, 9, 9, "Z", 0), Candidate(2, 0, 0, "A", 0), id="later-round"),
        pytest.param(Candidate(1, 0, 9, "Z", 0), Candidate(1, 1, 0, "A", 0), id="seniority"),
        pytest.param(Candidate(1, 1, 0, "Z", 0), Candidate(1, 1, 1, "A", 0), id="commands-seen"),
        pytest.param(Candidate(1, 1, 1, "A", 0), Candidate(1, 1, 1, "B", 0), id="node-id"),
    ],
)
def test_order(loser: Candidate, winner: Candidate) -> None:
    assert max(loser, winner) == winner


def hold(seniorities: dict[str, int]) -> dict[str, list[Result]]:
    """Connect some nodes at once and return what each was told."""

    async def work() -> dict[str, list[Result]]:
        results: dict[str, list[Result]] = {name: [] for name in seniorities}
        members: dict[str, Election] = {}

        def send_from(name: str) -> Any:
            def send(claim: dict[str, Any]) -> None:
                for other, member in members.items():
                    if other != name:
                        member.receive(claim)

            return send

        for name, seniority in seniorities.items():
            members[name] = Election(name, seniority, send=send_from(name), elected=results[name].append)
        for member in members.values():
            member.start()
        for member in members.values():
            member.connections_changed()
        await asyncio.sleep(0.3)
        return results

    return asyncio.run(work())


def test_every_node_begins_as_master() -> None:
    results = hold({"A": 0, "B": 0})
    assert [results[name][0].session.master for name in "AB"] == ["A", "B"]


@pytest.mark.parametrize(
    ("seniorities", "master"),
    [
        pytest.param({"A": 0, "B": 0}, "B", id="greatest-id"),
        pytest.param({"A": 1_000_000, "B": 0, "C": 5}, "A", id="forced"),
    ],
)
def test_all_agree(seniorities: dict[str, int], master: str) -> None:
    results = hold(seniorities)
    assert {told[-1].session.master for told in results.values()} == {master}
    assert all(told[-1].is_new_master == (name != master) for name, told in results.items())
