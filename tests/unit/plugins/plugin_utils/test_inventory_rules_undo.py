# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""ssh notices a host that is gone before the host takes a change back."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory, Specs
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._undo import patience, undo_times

ALIVE = "-o ServerAliveInterval=15 -o ServerAliveCountMax=4 -o ConnectTimeout=30"
SHARED, FIREWALL = "cluster_undo_after_seconds", "firewall_undo_after_seconds"

PATIENCE = [
    pytest.param(ALIVE, 105, id="all three"),
    pytest.param("-oServerAliveInterval=15 -o serveralivecountmax=1 -o ConnectTimeout=10", 40, id="other spellings"),
    pytest.param("-o 'ServerAliveInterval 10' -o 'ServerAliveCountMax = 2' -o 'ConnectTimeout 5'", 35, id="blanks"),
    pytest.param("-o ServerAliveInterval=10 -o ConnectTimeout=5", 45, id="ssh's own count"),
    pytest.param(f"-o ServerAliveInterval=1 {ALIVE}", 35, id="the first counts"),
    pytest.param("-o ServerAliveInterval=1m30s -o ServerAliveCountMax=1 -o ConnectTimeout=2m", 300, id="units"),
    pytest.param("-o ServerAliveInterval=15 -o ConnectTimeout=none", 190, id="as long as TCP tries"),
    pytest.param("-C -v -o", None, id="nothing said"),
    pytest.param("-o ServerAliveInterval=0 -o ServerAliveCountMax=4", None, id="switched off"),
    pytest.param("-o ServerAliveInterval=15 -o ServerAliveCountMax=0", None, id="never gives up"),
]


@pytest.mark.parametrize(("words", "seconds"), PATIENCE)
def test_how_long_ssh_waits(words: str, seconds: int | None) -> None:
    assert patience(shlex.split(words)).seconds == seconds


def sentences(ssh: dict[str, str | None], values: dict[str, Any], given: dict[str, Any] | None = None) -> list[str]:
    hosts = {
        name: Host(
            name,
            frozenset(),
            given=given or {},
            values={SHARED: 180, FIREWALL: 180, **values, **(given or {})},
            ssh=None if words is None else tuple(shlex.split(words)),
        )
        for name, words in ssh.items()
    }
    return [problem.sentence for problem in undo_times(Inventory(hosts, {}, Specs({}, ())))]


NEEDS = "but ssh needs 105 seconds to notice that a host is gone"
SUM = "(ServerAliveInterval 15 x (ServerAliveCountMax 4 + 1) + ConnectTimeout 30)"
NEVER = "ssh never notices that a host is gone, nor whether a change of the network holds"
UNSET = f"{NEVER}; write ansible_ssh_common_args: -o ServerAliveInterval=15 -o ServerAliveCountMax=4."

CASES = [
    pytest.param({"a": ALIVE}, {}, [], id="the defaults"),
    pytest.param({"a": ALIVE}, {FIREWALL: 106}, [], id="just enough"),
    pytest.param(
        {"a": ALIVE, "b": ALIVE},
        {FIREWALL: 60},
        [f"inventory: {FIREWALL} is 60, {NEEDS} {SUM}; write 106 or more."],
        id="too short",
    ),
    pytest.param(
        {"a": ALIVE, "b": ALIVE},
        {SHARED: 105, FIREWALL: 200},
        [f"inventory: {SHARED} is 105, {NEEDS} {SUM}; write 106 or more."],
        id="as long as it takes is not enough",
    ),
    pytest.param({"a": ALIVE, "b": "-C"}, {}, [f"b: {UNSET}"], id="one host has options of its own"),
    pytest.param({"a": "", "b": ""}, {}, [f"inventory: {UNSET}"], id="never, anywhere"),
    pytest.param(
        {"a": f"-o ServerAliveInterval=0 {ALIVE}", "b": ALIVE},
        {},
        [f"a: {NEVER}; ServerAliveInterval is 0 in its options; write 15 instead."],
        id="switched off",
    ),
    pytest.param(
        {"a": f"-o ServerAliveCountMax=0 {ALIVE}", "b": ALIVE},
        {},
        [f"a: {NEVER}; ServerAliveCountMax is 0 in its options; write 4 instead."],
        id="never gives up",
    ),
    pytest.param({"a": None, "b": ALIVE}, {}, [], id="no ssh, nothing to notice"),
]


@pytest.mark.parametrize(("ssh", "given", "expected"), CASES)
def test_undo_times(ssh: dict[str, str | None], given: dict[str, Any], expected: list[str]) -> None:
    assert sentences(ssh, {}, given) == expected


def test_what_follows_the_shared_value_is_not_told_twice() -> None:
    found = sentences({"a": ALIVE}, {FIREWALL: 60}, {SHARED: 60})
    assert [sentence.split()[1] for sentence in found] == [SHARED]
