# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster upgrade`, `drain` and `return` against the gateway itself; what Ansible does is the test's own."""

from __future__ import annotations

import re
import time

import pytest
from aiohttp import web

from hybrid_cluster.command import apply, exits, gateway, project, rotation
from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.command.upgrade import order, turn
from tests.unit.command.gateways import host, known, person
from tests.unit.command.many_hosts import site

NAMES = ["desk", "box1", "box2", "box3"]
GOOD = {"changed": {}, "troubles": {}, "false_lines": {}, "first_failure": None, "sentence": None}


def inventory(folder, **shared):
    """Return a management node and three hosts: two of them answer `both`, and the third alone `one`."""
    cluster = known(folder, **shared)
    rows = [("both", "llama_cpp", ["box1", "box2"]), ("one", "llama_cpp", ["box3"])]
    row = {"aliases": [], "state": "present", "format": "gguf", "memory_gigabytes": 1, "nodes": 1, "why": ""}
    found = {
        "hosts": {name: host(name, f"127.0.0.{number}") for number, name in enumerate(NAMES, 11)},
        "models": [{**row, "name": name, "backend": backend, "hosts": hosts} for name, backend, hosts in rows],
        "models_by_host": {"desk": [], "box1": ["both"], "box2": ["both"], "box3": ["one"]},
        "sources": [str(folder)],
        "groups": {"management": ["desk"]},
        "matching": lambda limit: [name for name in NAMES if name in limit.split(",")],
    }
    vars(cluster).update(found)
    return cluster


@pytest.fixture
def gate(tmp_path):
    with site(tmp_path, {"both": ["box1", "box2"], "one": ["box3"]}) as found:
        yield found


class Runs:
    """What is run instead of playbooks."""

    def __init__(self):
        self.asked = []
        self.during = lambda _wish: None
        self.ends = {}

    def __call__(self, _cluster, wish, hosts, _path, *, is_silent, variables, listen):
        self.asked.append((wish.playbook, wish.limit))
        listen({})
        self.during(wish)
        seen = {"hosts": list(hosts), "seconds": 1.0, "steps": {}, "may_go_on": {}}
        return {**seen, **GOOD, "exit_code": exits.OK, **self.ends.get((wish.playbook, wish.limit), {})}


@pytest.fixture
def runs(monkeypatch, tmp_path):
    found = Runs()
    monkeypatch.setattr(apply, "run", found)
    monkeypatch.setattr(project, "prepare", project.find)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return found


@pytest.fixture
def run(gate, runs, tmp_path, monkeypatch, capsys):
    return person(monkeypatch, capsys, inventory(tmp_path), gate.url)


def test_one_after_another_and_the_management_node_last(gate, runs, run):
    out = []
    runs.during = lambda _wish: out.append(gate.drained())
    said = run("upgrade")
    assert (said.code, said.err) == (exits.OK, "")
    limits = ["box1", "box2", "box3", "desk"]
    assert runs.asked == [(playbook, limit) for limit in limits for playbook in ("site", "verify")]
    assert out == [[name] for name in ("box1", "box1", "box2", "box2", "box3", "box3")] + [[], []]
    assert gate.drained() == []
    assert said.lines[0] == "box1: 1 of 4"
    assert "box1: upgraded in 0:" in said.lines[2]
    assert "a token of both on box1" in said.lines[2]
    assert any("Requests for one wait until then" in line for line in said.lines)
    assert said.lines[-1] == "Upgraded: box1-3, desk"
    # Each was asked for its token while nobody else could.
    assert all(
        any(asked.raw and asked.fields.get("max_tokens") == 1 for asked in node.backend.asked)
        for node in gate.nodes.values()
    )


def test_no_request_is_lost_under_load(gate, runs, run):
    """The hosts break everything that they have while they are worked at: so nothing may be there."""
    at_work = set()
    for node in gate.nodes.values():
        node.is_away = lambda name=node.name: name in at_work

    def work(wish):
        at_work.update(wish.limit.split(","))
        time.sleep(0.6)
        at_work.clear()

    runs.during = work
    with gate.load("both", "one") as load:
        time.sleep(0.5)
        said = run("upgrade", "--json")
        time.sleep(0.5)
    assert (said.code, said.err) == (exits.OK, "")
    assert said.json["done"] == ["box1", "box2", "box3", "desk"]
    assert load.lost == []
    assert load.whole == load.sent > 100
    assert {name: node.cut for name, node in gate.nodes.items()} == dict.fromkeys(gate.nodes, 0)
    assert all(node.answered for node in gate.nodes.values())


def test_the_load_of_these_tests_notices_a_host_that_is_not_drained(gate):
    """Without the order, the same hosts lose requests, so that the count above means something."""
    with gate.load("both", "one") as load:
        time.sleep(0.3)
        gate.nodes["box3"].is_away = lambda: True
        time.sleep(0.5)
        gate.nodes["box3"].is_away = lambda: False
    assert load.lost
    assert load.sent == load.whole + len(load.lost)


FAILURE = {"host": "box2", "task": "Break", "step": "exo", "text": "fatal: it is broken,\nat length"}
FALSE = {"capability": "exo", "title": "version", "measured": "1", "expected": "2", "advice": "Upgrade.", "ok": False}


@pytest.mark.parametrize(
    ("end", "says"),
    [
        ({("site", "box2"): {"first_failure": FAILURE, "exit_code": 5}}, "site.yml: the task Break failed on box2"),
        (
            {("verify", "box2"): {"false_lines": {"box2": [FALSE]}, "exit_code": 5}},
            "verify.yml: 1 line of the report is false",
        ),
        (
            {("site", "box2"): {"sentence": "interrupted; nothing of it runs here.", "exit_code": 130}},
            "site.yml: interrupted; nothing of it runs here",
        ),
    ],
)
def test_the_first_that_fails_ends_it_and_stays_out(gate, runs, run, end, says):
    runs.ends = end
    ((_, how),) = end.items()
    said = run("upgrade")
    assert said.code == how["exit_code"]
    assert runs.asked[-1][1] == "box2"
    (line,) = said.err.splitlines()
    assert line.startswith(f"cluster: box2 is not upgraded: {says}. It stays out of rotation until 20")
    assert line.endswith("cluster upgrade --limit box2,box3,desk goes on; cluster return box2 puts it back as it is.")
    assert said.lines[-3:] == ["Upgraded: box1", "Left as they were: box3, desk", "Not upgraded: box2"]
    if how.get("first_failure"):
        assert "fatal: it is broken," in said.lines
        assert "at length" in said.lines
    if how.get("false_lines"):
        assert "box2: exo: version: 1 (expected 2). Upgrade." in " ".join(said.lines)
    assert gate.drained() == ["box2"]
    runs.ends = {}
    # Its own order does not stand in the way, and ends.
    assert run("upgrade", "--limit", "box2,box3").code == exits.OK
    assert gate.drained() == []


def test_a_model_that_answers_no_token_ends_it(gate, runs, run, monkeypatch):
    monkeypatch.setattr(turn, "_TOKEN_WITHIN", 0.5)
    runs.during = lambda wish: setattr(gate.nodes["box1"], "is_away", lambda: wish.limit == "box1")
    said = run("upgrade", "--json")
    assert said.code == exits.HOSTS_FAILED
    document = said.json
    assert (document["done"], document["left"]) == ([], ["box2", "box3", "desk"])
    first = document["turns"][0]
    assert (first["state"], first["out_of_rotation"]) == ("failed", ["box1"])
    assert first["why"].startswith("both answers no token on box1: llama_cpp")
    assert first["out_until"] == pytest.approx(time.time() + turn.LEFT_OUT, abs=60)
    assert gate.drained() == ["box1"]


def test_requests_that_do_not_end_are_not_cut(gate, runs, run):
    gate.nodes["box1"].seconds = gate.nodes["box2"].seconds = 4
    with gate.load("both") as load:
        time.sleep(0.5)
        said = run("upgrade", "--drain-within", "1s")
    assert said.code == exits.HOSTS_FAILED
    assert runs.asked == []
    assert re.search(r"box1 is not upgraded: box1 still answers \d requests, after 1 s\. It is in rotation\.", said.err)
    assert gate.drained() == []
    assert load.lost == []


@pytest.mark.parametrize(
    ("shared", "url", "says"),
    [
        ({"cluster_gateway": False}, None, "Cluster_gateway is false, so there is no gateway"),
        ({}, "http://127.0.0.1:1", "No gateway answers at http://127.0.0.1:1: connection refused"),
    ],
)
def test_where_no_gateway_runs_it_says_so_and_goes_on(  # noqa: PLR0917 - pytest passes them by name
    runs, tmp_path, monkeypatch, capsys, shared, url, says
):
    (tmp_path / ".secrets").mkdir()
    (tmp_path / ".secrets/gateway_admin_key").write_text("hc-" + "a" * 40)
    run = person(monkeypatch, capsys, inventory(tmp_path, **shared), url)
    said = run("upgrade")
    assert said.code == exits.OK
    assert said.lines[0] == f"{says}: requests are not kept from hosts that are upgraded."
    assert len(runs.asked) == 8
    assert run("upgrade", "--json").json["not_drained"] is not None


def test_with_a_wrong_key_nothing_begins(gate, runs, run, tmp_path):
    (tmp_path / ".secrets/gateway_admin_key").write_text("hc-" + "b" * 40)
    said = run("upgrade")
    assert (said.code, said.out) == (exits.REFUSED, "")
    assert runs.asked == []


def test_a_host_that_somebody_else_took_out_is_left_to_them(gate, runs, run):
    assert run("drain", "box2", "1h").code == exits.OK
    said = run("upgrade", "--json", "--limit", "box1,box2")
    assert said.code == exits.FAILED
    assert said.json["done"] == ["box1"]
    assert f"box2 is out of rotation by order of {rotation.person()}." in said.err
    assert gate.drained() == ["box2"]
    assert runs.asked[-1] == ("verify", "box1")


def test_a_host_is_drained_and_put_back_by_hand(gate, runs, run):
    said = run("drain", "box1", "30")
    assert (said.code, said.out) == (exits.OK, "box1 is out of rotation for 30 min.\n")
    assert gate.drained() == ["box1"]
    said = run("status", "--prometheus", "http://127.0.0.1:1")
    assert f"box1 is out of rotation for 30 min, by {rotation.person()}." in " ".join(said.out.split())
    said = run("drain", "box3", "--json")
    assert (said.json["host"], said.json["held_models"], said.json["owner"]) == ("box3", ["one"], rotation.person())
    assert run("return", "box1").out == "box1 is back in rotation.\n"
    assert run("return", "box1").out == "box1 was in rotation.\n"
    assert run("return", "box3", "--json").json["was_out"] is True
    said = run("drain", "desk")
    assert (said.code, said.out) == (exits.NO_HOSTS, "")
    assert said.err.startswith("cluster: No model of the gateway's is on a host 'desk'; there are box1, box2, box3.")
    gate.nodes["box3"].seconds = 4
    with gate.load("one"):
        time.sleep(0.3)
        assert "box3 still answers 4 requests." in run("drain", "box3", "--no-wait").out
        said = run("drain", "box3", "1s")
        assert (said.code, said.out) == (exits.HOSTS_FAILED, "")
        assert "after 1 s. It gets no new one; cluster return box3 ends that." in said.err
        assert run("return", "box3").code == exits.OK


def test_what_comes_past_the_gateway_a_moment_later_is_waited_for(gate, runs, run):
    looks = []

    async def text(request):
        looks.append(request.path)
        # Nothing at first, then one request that runs for a while.
        busy = 1 if len(looks) in {2, 3} else 0
        return web.Response(text=f"llamacpp:requests_processing {busy}\n")

    backend, answer = gate.nodes["box3"].backend, gate.nodes["box3"].answer
    backend.answer = lambda request: text(request) if request.method == "GET" else answer(request)
    assert run("drain", "box3").out.startswith("box3 is out of rotation for 2 h. Requests for one wait")
    assert len(looks) >= 4


def test_ctrl_c_while_requests_end_changes_nothing(gate, runs, run, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(rotation, "_what_runs", interrupted)
    gate.nodes["box1"].seconds = gate.nodes["box2"].seconds = 3
    with gate.load("both"):
        time.sleep(0.5)
        said = run("upgrade")
    assert said.code == exits.INTERRUPTED
    assert "box1 is not upgraded: interrupted. It is in rotation." in said.err
    assert (runs.asked, gate.drained()) == ([], [])


def test_a_gateway_that_is_restarted_is_waited_for(gate, runs, run, monkeypatch):
    """The upgrade of the management node restarts it."""
    administer, missed = gateway.Gateway.administer, []

    def sometimes(self, word, *more):
        if word == "return" and not missed:
            missed.append(word)
            raise ClusterError("no gateway answers.", exits.GATEWAY)
        return administer(self, word, *more)

    monkeypatch.setattr(gateway.Gateway, "administer", sometimes)
    assert run("upgrade", "--limit", "box1").code == exits.OK
    assert missed == ["return"]
    assert gate.drained() == []


def test_those_that_serve_one_model_together_are_one_turn(tmp_path):
    cluster = inventory(tmp_path)
    row = cluster.models[0]
    cluster.models = [
        {**row, "name": "a", "backend": "exo", "hosts": ["box1", "box3"]},
        {**row, "name": "b", "backend": "exo", "state": "absent", "hosts": ["box2", "desk"]},
        {**row, "name": "c", "backend": "llama_cpp", "hosts": ["box1", "box2"]},
    ]
    assert order.turns(cluster, NAMES) == [["box1", "box3"], ["box2"], ["desk"]]
    assert order.turns(cluster, ["desk", "box3"]) == [["box3"], ["desk"]]
    cluster.models.append({**cluster.models[0], "hosts": ["box3", "desk"]})
    assert order.turns(cluster, NAMES) == [["box2"], ["desk", "box1", "box3"]]


def test_a_model_of_the_management_node_alone_is_back_before_its_report_asks_the_gateway(
    gate, runs, tmp_path, monkeypatch, capsys
):
    cluster = inventory(tmp_path)
    cluster.groups = {"management": ["box3"]}
    out = []
    runs.during = lambda wish: out.append((wish.playbook, wish.limit, gate.drained()))
    # The line of the gateway is false while requests for its model wait.
    runs.ends = {("site", "box3"): {"false_lines": {"box3": [FALSE]}, "exit_code": 5}}
    said = person(monkeypatch, capsys, cluster, gate.url)("upgrade", "--limit", "box3")
    assert (said.code, said.err) == (exits.OK, "")
    assert out == [("site", "box3", ["box3"]), ("verify", "box3", [])]
