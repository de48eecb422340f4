# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster status`: what is measured, what is not, and hosts by the hundred."""

from __future__ import annotations

import json
import subprocess
import time

import pexpect
import pytest
from rich.console import Console

from hybrid_cluster.command import exits, output, status
from hybrid_cluster.command.measured import METRICS
from tests.unit.command.conftest import COLUMNS, COMMAND, GIGABYTE, REPOSITORY, environment, measure


def test_for_programs(cluster, site, metrics):
    measure(metrics)
    said = cluster("status", "--json", "-i", site, "--prometheus", metrics.url)
    assert (said.code, said.err) == (exits.OK, "")
    document = said.json
    assert document["prometheus"] == metrics.url
    hosts = {host["name"]: host for host in document["hosts"]}
    mini = hosts["mini2"]
    assert (mini["state"], mini["state_from"], mini["kind"], mini["cores"]) == ("up", "prometheus", "Mac", 10)
    assert mini["memory_free_bytes"] == 12 * GIGABYTE
    # Two thirds of a Mac's memory are for its GPU, and no more than is free.
    assert mini["gpu_memory_bytes"] == mini["gpu_memory_free_bytes"] == round(16 * GIGABYTE * 2 / 3)
    assert (mini["requests"], hosts["mini1"]["requests"]) == (3, None)
    assert mini["models"] == ["big", "tuned"]
    # It may sleep and answers neither Prometheus nor a connection: nobody knows which it is.
    assert (hosts["gpu1"]["state"], hosts["gpu1"]["up_since"]) == ("no answer", None)
    pool = document["pool"]
    assert (pool["hosts"], pool["hosts_up"]) == (5, 4)
    assert pool["cores"] == {"total": 40, "unknown_hosts": 1}
    assert pool["vram"]["total_bytes"] is None
    assert pool["mac_gpu_memory"]["hosts"] == 3
    assert pool["slowest_link_bits_per_second"] == 40_000_000_000
    assert pool["fastest_link_bits_per_second"] == 80_000_000_000
    assert document["alerts"] == [{"name": "ThunderboltCableMissing", "severity": "critical", "host": "mini3"}]


def test_links_to_machines_outside_do_not_count(cluster, inventory, metrics):
    links = [{"mini1": 1, "mini2": 1}, {"mini1": 2, "external": "laptop"}]
    folder = inventory({"macos": {"hosts": {"mini1": None, "mini2": None}}}, thunderbolt_links=links)
    for receptacle, speed in (("1", 80e9), ("2", 20e9)):
        metrics.add("mac_thunderbolt_link_bits_per_second", speed, instance="mini1", receptacle=receptacle)
    pool = cluster("status", "--json", "-i", folder, "--prometheus", metrics.url).json["pool"]
    assert pool["slowest_link_bits_per_second"] == 80_000_000_000


def test_on_a_terminal(terminal, site, metrics):
    measure(metrics)
    said = terminal("status", "-i", site, "--prometheus", metrics.url)
    assert said.code == exits.OK
    assert "\x1b[" in said.out
    assert max(map(len, said.lines)) <= 80
    text = "\n".join(said.lines)
    assert said.lines[0].split() == ["hosts", "4", "of", "5", "up"]
    assert "32 GB free of 32 GB" in text
    assert "40 Gbit/s to 80 Gbit/s" in text
    (mini2,) = [line for line in said.lines if line.startswith("mini2")]
    assert mini2.split()[:5] == ["mini2", "Mac", "up", "2", "h"]
    assert mini2.endswith("big, tuned")
    assert said.lines[-1] == "ThunderboltCableMissing on mini3"
    # First the pool, then hosts.
    assert text.index("in flight") < text.index("mini1")


def test_in_a_pipe_where_nobody_measures(cluster, site):
    said = cluster("status", "-i", site)
    assert said.code == exits.OK
    assert "\x1b" not in said.out
    assert all(line.isprintable() for line in said.out.splitlines())
    assert max(map(len, said.lines)) <= 80
    (mini1,) = [line for line in said.lines if line.startswith("mini1")]
    assert mini1.split() == ["mini1", "Mac", "down", *["unknown"] * 4, "big"]
    # The manager's address is this machine's, so its own port is asked.
    assert "Nothing is measured: http://127.0.0.1:9090 does not answer" in " ".join(said.lines)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param({"status": 401}, "refuses the user and password", id="wrong password"),
        pytest.param({"status": 502}, "answers with status 502", id="front without a back"),
        pytest.param({"body": b"<html>"}, "does not answer as Prometheus does", id="something else"),
        pytest.param({"body": b'{"data": {"result": [{}]}}'}, "does not answer as Prometheus does", id="half"),
    ],
)
def test_a_prometheus_that_says_nothing_useful(cluster, site, metrics, answer, reason):
    for name, value in answer.items():
        setattr(metrics, name, value)
    document = cluster("status", "--json", "-i", site, "--prometheus", metrics.url).json
    assert document["prometheus"] is None
    assert reason in document["prometheus_silence"]
    assert document["alerts"] is None


def test_a_name_that_would_move_the_terminal(terminal, site, metrics):
    metrics.add("ALERTS", 1, alertname="\x1b]52;c;bad\x07[red]Bad", alertstate="firing", severity="critical")
    said = terminal("status", "-i", site, "--prometheus", metrics.url)
    assert "\x1b]" not in said.out
    assert "\x07" not in said.out
    assert "]52;c;bad[red]Bad" in said.out


def test_it_is_shown_again_and_again(site, metrics):
    """In a pipe, each look is one line of JSON."""
    measure(metrics)
    argv = [*COMMAND, "status", "--json", "--watch", "--every", "0.5", "-i", site, "--prometheus", metrics.url]
    with subprocess.Popen(argv, cwd=REPOSITORY, env=environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout
        looks = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.send_signal(2)
        process.wait(30)
    assert process.returncode == exits.INTERRUPTED
    assert [look["pool"]["hosts_up"] for look in looks] == [4, 4]
    assert looks[0]["time"] <= looks[1]["time"]


def host(name: str, kind: str = "Mac", state: str = "up", memory: int | None = 16 * GIGABYTE) -> dict:
    # Each Mac sleeps for itself.
    told = {"group": name, "state": "ready" if state == "up" else "asleep"}
    gateway = told if kind == "Mac" else None
    return {
        "name": name,
        "kind": kind,
        "state": state,
        "up_since": time.time() - 60,
        "cores": 10,
        "cpu_busy": 0.5,
        "memory_bytes": memory,
        "memory_free_bytes": memory,
        "gpu_memory_bytes": memory,
        "gpu_memory_free_bytes": memory,
        "requests": 1,
        "models": ["big"],
        "gateway": gateway,
    }


def test_a_hundred_hosts_fit_a_screen():
    hosts = [host(f"mini{number}", state="down" if number % 7 == 0 else "up") for number in range(1, 81)]
    hosts += [host(f"gpu{number}", "GPU") for number in range(1, 16)] + [host(f"srv{n}", "Linux") for n in range(5)]
    sums = {"hosts": 100, "total_bytes": 1, "free_bytes": 1, "unknown_hosts": 0, "free_unknown_hosts": 0}
    count = {"total": 1, "unknown_hosts": 0}
    pool = {
        "hosts": 100,
        "hosts_up": 89,
        "hosts_asleep": 0,
        "cores": count,
        "memory": sums,
        "mac_gpu_memory": sums,
        "vram": sums,
    }
    pool |= {
        "slowest_link_bits_per_second": 4e10,
        "fastest_link_bits_per_second": 8e10,
        "requests": count,
        "requests_through_gateway": 0,
        "tokens_per_second": 12.5,
    }
    alerts = [{"name": f"Alert{number}", "severity": "critical", "host": f"mini{number}"} for number in range(20)]
    document = {"pool": pool, "hosts": hosts, "prometheus_silence": None, "gateway_silence": None, "alerts": alerts}
    document["drained"] = []
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(status.render(document))
    lines = console.export_text().splitlines()
    assert len(lines) <= 24
    assert any(line.rstrip().endswith("requests, 12.5 tokens/s in the last minute") for line in lines)
    assert max(len(line) for line in lines) <= 80
    # What does not work stands first.
    first = next(place for place, line in enumerate(lines) if line.startswith("hosts ") and "kind" in line) + 1
    assert lines[first].startswith("mini7, mini14, ")
    assert lines[first].split("...")[1].split()[:3] == ["11", "Mac", "down"]
    assert "and 15 more alerts" in lines[-1]


def test_every_metric_is_described():
    page = (REPOSITORY / "docs/command.md").read_text(encoding="utf-8")
    assert [name for name in METRICS if f"`{name}`" not in page] == []


def test_ago():
    now = time.time()
    shown = [output.ago(now - seconds) for seconds in (5, 120, 7200, 3 * 86400)]
    assert shown == ["5 s", "2 min", "2 h", "3 d"]


def test_on_a_terminal_it_is_shown_in_place_until_ctrl_c(site, metrics):
    measure(metrics)
    argv = [*COMMAND, "status", "--watch", "--every", "0.5", "-i", site, "--prometheus", metrics.url]
    child = pexpect.spawn(
        argv[0],
        argv[1:],
        cwd=str(REPOSITORY),
        env=environment(),
        dimensions=(40, COLUMNS),
        encoding="utf-8",
        timeout=120,
    )
    child.expect("4 of 5 up")
    metrics.samples.remove(("up", {"job": "node_exporter", "instance": "gpu1"}, 0))
    metrics.add("up", 1, job="node_exporter", instance="gpu1")
    child.expect("5 of 5 up")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == exits.INTERRUPTED
    # The cursor is shown again.
    assert child.before is not None
    assert "\x1b[?25h" in child.before
