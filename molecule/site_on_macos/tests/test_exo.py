# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The three that compute are one exo cluster; the fourth, cabled to two of them, is not part of it."""

from __future__ import annotations

import json


def test_it_is_whole_seen_from_every_mac(workers):
    for host in workers.values():
        topology = json.loads(host.check_output("curl --silent --fail http://127.0.0.1:52415/state/topology"))
        assert len(topology["nodes"]) == 3
        assert [len(topology["connections"][node]) for node in topology["nodes"]] == [2, 2, 2]


def test_the_management_node_has_no_exo(manager):
    assert not manager.file("/Applications/EXO.app").exists
    assert manager.run("launchctl print system/hybrid-ai.exo").rc != 0


def test_the_management_node_reaches_its_neighbours_over_its_cables(manager, wait):
    for name in ("olab1.tb", "olab2.tb"):
        # The first packets after linking are lost.
        wait(lambda name=name: manager.run("ping -c 1 -t 5 %s", name).rc == 0, f"an answer of {name}")
