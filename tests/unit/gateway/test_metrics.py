# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Figures in the text format of Prometheus."""

from __future__ import annotations

from hybrid_cluster.gateway.metrics import Metrics


def test_figures_are_written_with_their_labels():
    metrics = Metrics()
    metrics.add("running", 'a"b\\c\nd')
    metrics.add("running", 'a"b\\c\nd')
    metrics.set("keys_readable", value=True)
    text = metrics.text()
    assert 'hybrid_gateway_running{model="a\\"b\\\\c\\nd"} 2\n' in text
    assert "# TYPE hybrid_gateway_keys_readable gauge\nhybrid_gateway_keys_readable 1\n" in text


def test_a_histogram_counts_each_value_once_and_its_buckets_grow():
    metrics = Metrics()
    for value in (0.05, 0.06, 7, 10000):
        metrics.observe("first_token_seconds", "m", value=value)
    lines = [line for line in metrics.text().splitlines() if "first_token_seconds" in line and "#" not in line]
    counts = {line.split(" ")[0].partition("_seconds_")[2]: float(line.split(" ")[1]) for line in lines}
    assert counts['bucket{model="m",le="0.05"}'] == 1
    assert counts['bucket{model="m",le="0.1"}'] == 2
    assert counts['bucket{model="m",le="10.0"}'] == 3
    assert counts['bucket{model="m",le="600.0"}'] == 3
    assert counts['bucket{model="m",le="+Inf"}'] == counts['count{model="m"}'] == 4
    assert counts['sum{model="m"}'] == 10007.1
