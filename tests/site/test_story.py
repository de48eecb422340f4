# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole site, from managed hosts: prediction, convergence, idempotence. Other tests start from what it leaves."""

from __future__ import annotations

import json

import pytest

from tests import states

MACS = ["olab1", "olab2", "olab3"]


@pytest.fixture(scope="module")
def story(cluster):
    """Run the site: predict, converge, converge again."""
    states.managed()
    predicted = cluster.play("site.yml", "--check", "--diff").succeeded()
    first = cluster.play("site.yml", "--diff").succeeded()
    return {"predicted": predicted, "first": first, "second": cluster.play("site.yml").succeeded()}


def test_check_mode_on_a_bare_cluster_predicts_what_converge_changes(story):
    predicted, first = story["predicted"].changed, story["first"].changed
    missing, extra = sorted(first - predicted), sorted(predicted - first)
    assert not missing, "\n".join(["changed, not predicted:", *map(str, missing), "the other way:", *map(str, extra)])
    assert not extra, "\n".join(["predicted, not changed:", *map(str, extra)])
    assert first


def test_the_second_run_changes_nothing(story):
    assert story["second"].changed == set()


def test_the_report_measures_every_host_and_every_line_is_true(story, cluster):
    reports = {host: result["lines"] for task, host, result in story["second"].tasks if task.endswith("Measure")}
    assert {host for host, lines in reports.items() if lines} >= {"olab0", *MACS}
    assert [line for lines in reports.values() for line in lines if not line["ok"]] == []


def test_the_exo_cluster_is_whole_seen_from_every_mac(story, cluster):
    for mac in MACS:
        topology = json.loads(cluster.execute(mac, "curl", "-s", "http://127.0.0.1:52415/state/topology"))
        assert len(topology["nodes"]) == 3
        for node in topology["nodes"]:
            assert len(topology["connections"][node]) == 2


def test_the_site_is_kept_for_the_tests_that_start_from_it(story):
    states.save_site()
