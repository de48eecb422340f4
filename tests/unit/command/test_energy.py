# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster energy`: kilowatt hours and hours asleep, with what they rest on."""

from __future__ import annotations

import pytest

from hybrid_cluster.command import exits

LOOKS = 12 * 24
"""Of one day, one every five minutes."""


@pytest.fixture
def drawn(metrics):
    """Have two Macs and a card, of which one Mac is measured only in part."""
    macs = 'component="sys"'
    metrics.expressions |= {
        f"sum_over_time((sum by (instance) (mac_power_watts{{{macs}}}))": [({"instance": "mini1"}, 10 * LOOKS)],
        f"count_over_time((sum by (instance) (mac_power_watts{{{macs}}}))": [({"instance": "mini1"}, LOOKS)],
        "sum_over_time(((sum by (instance) (mac_power_watts{component=~": [({"instance": "mini2"}, 4 * LOOKS)],
        "count_over_time(((sum by (instance) (mac_power_watts{component=~": [({"instance": "mini2"}, LOOKS / 2)],
        "sum_over_time((sum by (instance) (nvidia": [({"instance": "gpu1"}, 100 * LOOKS / 4)],
        "count_over_time((sum by (instance) (nvidia": [({"instance": "gpu1"}, LOOKS / 4)],
        "== 0": [({"instance": "gpu1"}, LOOKS * 0.75)],
        'count_over_time(up{job="node_exporter"}[': [
            ({"instance": name}, LOOKS) for name in ("mini1", "mini2", "gpu1")
        ],
        "asleep_seconds_total": [({"group": "gpu"}, 17 * 3600)],
    }
    return metrics


def test_for_programs(here, site, drawn):
    said = here("energy", "-i", site, "--prometheus", drawn.url, "--json", "--days", "1", "--price", "0.3")
    assert (said.code, said.err) == (exits.OK, "")
    document = said.json
    hosts = {host["name"]: host for host in document["hosts"]}
    assert hosts["mini1"]["kwh"] == pytest.approx(0.24)
    assert (hosts["mini1"]["watts"], hosts["mini1"]["of"], hosts["mini1"]["silent_hours"]) == (10, ["machine"], 0)
    # Half of the day was measured, at 8 W.
    assert (hosts["mini2"]["kwh"], hosts["mini2"]["measured_hours"]) == (pytest.approx(0.096), 12)
    assert (hosts["gpu1"]["watts"], hosts["gpu1"]["silent_hours"], hosts["gpu1"]["of"]) == (100, 18, ["cards"])
    assert (hosts["desk"]["kwh"], hosts["desk"]["silent_hours"]) == (None, None)
    assert document["kwh"] == pytest.approx(0.24 + 0.096 + 0.6)
    assert document["unknown_hosts"] == ["desk", "mini3"]
    assert document["cost"] == pytest.approx(0.3 * document["kwh"])
    assert document["asleep"] == [{"group": "gpu", "hours": 17}]
    assert document["asleep_kwh"] is None
    assert all("[1440m:5m]" in asked for asked, _ in drawn.asked if "over_time" in asked)


def test_what_a_person_sees_in_80_columns(here, site, drawn):
    said = here("energy", "-i", site, "--prometheus", drawn.url, "--days", "1", "--asleep-watts", "2")
    assert said.code == exits.OK
    assert max(map(len, said.lines)) <= 80
    assert "0.94 kWh in 1 day, without desk, mini3" in said.lines
    assert "gpu slept 17.00 hours" in said.lines
    assert "asleep: 0.03 kWh" in said.lines
    text = " ".join(" ".join(said.lines).split())
    assert "cards: NVIDIA cards alone, without the machine around them" in text
    assert "which was given and not measured" in text


def test_nobody_measures(here, site):
    said = here("energy", "-i", site, "--prometheus", "http://127.0.0.1:1")
    assert said.code == exits.OK
    assert " ".join(said.lines).startswith("Nothing is measured: http://127.0.0.1:1 does not answer")
    document = here("energy", "-i", site, "--prometheus", "http://127.0.0.1:1", "--json").json
    assert (document["kwh"], document["asleep"], document["hosts"][0]["kwh"]) == (None, None, None)
