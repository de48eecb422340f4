# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster wake`, `sleep`, `idle`, `hold`, and loading of models, against the gateway itself."""

from __future__ import annotations

import time

import pytest

from hybrid_cluster.command import app, exits, gateway, hosts
from hybrid_cluster.command.errors import ClusterError
from tests.unit.command.gateways import known, person, served, write_inventory
from tests.unit.command.threads import FIRST, SECOND
from tests.unit.gateway.sleeping import Machine


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with served(tmp_path_factory.mktemp("running")) as found:
        yield found


@pytest.fixture
def run(running, monkeypatch, capsys):
    return person(monkeypatch, capsys, known(running.secrets.parent), running.url)


def settle(running, wanted):
    deadline = time.monotonic() + 20
    while running.state() != wanted:
        assert time.monotonic() < deadline, running.state()
        time.sleep(0.05)


def awake(running, run):
    """Have the host awake, and seen to have been woken."""
    assert run("wake", "box").code == exits.OK
    deadline = time.monotonic() + 20
    while not running.call(lambda: running.gate.gateway._waking.groups["box"].proved):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def asleep(running, run):
    if running.state() != "asleep":
        awake(running, run)
        assert run("release", "box").code == exits.OK
        assert run("sleep", "box").code == exits.OK


def test_a_host_is_woken_held_and_sent_to_sleep(running, run):
    settle(running, "asleep")
    said = run("hold", "box", "2h")
    assert (said.code, said.err) == (exits.OK, "")
    assert said.out == "box does not sleep for 2 h. It is asleep now; cluster wake box wakes it.\n"
    assert running.machine.packets == 0
    said = run("wake", "box")
    assert (said.code, said.err) == (exits.OK, "")
    assert said.out.startswith("box is awake, after ")
    awake(running, run)
    assert run("wake", "box").out == "box is awake.\n"
    said = run("sleep", "box")
    assert (said.code, said.out, said.err) == (exits.HOSTS_FAILED, "", "cluster: box is held awake.\n")
    assert run("release", "box").out == "box is held no more, and sleeps after 30 min without use, as configured.\n"
    said = run("sleep", "box")
    assert (said.code, said.out) == (exits.OK, "box sleeps.\n"), said
    assert running.machine.asleep
    assert run("sleep", "box").out == "box sleeps.\n"


def test_a_host_that_somebody_uses_stays_awake(running, run):
    awake(running, run)
    running.machine.vetoes = ["ann is logged in over SSH"]
    try:
        said = run("sleep", "box")
    finally:
        running.machine.vetoes = []
    assert (said.code, said.out) == (exits.HOSTS_FAILED, "")
    assert said.err == "cluster: box stays awake: box: ann is logged in over SSH.\n"


def test_the_time_after_which_a_host_sleeps(running, run):
    awake(running, run)
    assert run("idle", "30").out == "box sleeps after 30 min without use.\n"
    assert run("idle", "box", "2h").out == "box sleeps after 2 h without use.\n"
    (found,) = run("idle", "never", "--json").json["groups"]
    assert (found["hosts"], found["idle_after"]) == (["box"], None)
    assert run("idle", "box", "default").out == "box sleeps after 30 min without use, as configured.\n"


def test_a_model_is_woken_loaded_and_unloaded(running, run):
    for word in (["wake", "alias"], ["models", "load", "public"]):
        said = run(*word)
        assert (said.code, said.out) == (exits.OK, "public answers, from llama_cpp on box.\n"), said
    # This backend is no router, so that it cannot say what is loaded.
    said = run("models", "unload", "public")
    assert (said.code, said.out) == (exits.HOSTS_FAILED, "")
    assert said.err.startswith("cluster: public is not unloaded everywhere: llama_cpp on box: llama_cpp does not say")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["wake", "bax"], exits.NO_HOSTS, "bax is neither a host nor a model of the inventory; did you mean box?"),
        (["sleep", "public"], exits.NO_HOSTS, "public is no host of the inventory."),
        (["wake", "desk"], exits.NO_HOSTS, "The gateway wakes no host 'desk'; it wakes box."),
        (["hold", "box", "soon"], exits.USAGE, "'soon' is not a valid time; write minutes, or a number with s, m,"),
        (["hold", "box", "400d"], exits.FAILED, "'seconds' must be 31622400 seconds at most."),
        (["idle"], exits.USAGE, "Missing argument '[HOST] TIME'."),
        (["idle", "box", "1", "2"], exits.USAGE, "write a host, if it is for one, and a time"),
        (["models", "load", "nothing"], exits.NO_HOSTS, "model 'nothing' not found"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, words, code, says):
    said = run(*words)
    assert (said.code, said.out) == (code, "")
    (line,) = said.err.splitlines()
    assert line.startswith("cluster: ")
    assert says in line


def test_a_host_that_is_gone_is_told_when_it_did_not_wake(tmp_path, monkeypatch, capsys):
    with served(tmp_path, Machine("box", deaf=True), wake_within=1) as running:
        run = person(monkeypatch, capsys, known(tmp_path), running.url)
        settle(running, "asleep")
        said = run("wake", "box")
        assert (said.code, said.out) == (exits.HOSTS_FAILED, "")
        assert said.err.startswith("cluster: box did not wake within ")
        said = run("models", "load", "public")
        assert (said.code, said.out) == (exits.HOSTS_FAILED, "")
        assert said.err == "cluster: public does not answer: llama_cpp on box: box did not wake.\n"
        # What is ordered and not waited for is no failure yet.
        assert run("wake", "box", "--no-wait").out == "box is told to wake.\n"


@pytest.mark.parametrize("content", ["hc-" + "b" * 40, SECOND, "", "two\nlines", None])
def test_a_wrong_key(running, tmp_path, monkeypatch, capsys, content):
    (tmp_path / ".secrets").mkdir()
    path = tmp_path / ".secrets/gateway_admin_key"
    if content is not None:
        path.write_text(content)
    said = person(monkeypatch, capsys, known(tmp_path), running.url)("keys", "list")
    assert (said.code, said.out) == (exits.REFUSED, "")
    (line,) = said.err.splitlines()
    assert str(path) in line
    assert SECOND not in line


@pytest.mark.parametrize(
    ("shared", "says"),
    [
        ({}, "no gateway answers at http://127.0.0.1:1: connection refused."),
        ({"cluster_gateway": False}, "cluster_gateway is false, so there is no gateway."),
    ],
)
def test_where_no_gateway_runs(tmp_path, monkeypatch, capsys, shared, says):
    (tmp_path / ".secrets").mkdir()
    (tmp_path / ".secrets/gateway_admin_key").write_text(FIRST)
    run = person(monkeypatch, capsys, known(tmp_path, **shared), None)
    for words in (["wake", "box"], ["keys", "list"], ["hold", "box", "1h", "--json"]):
        said = run(*words)
        assert (said.code, said.out, said.err) == (exits.GATEWAY, "", f"cluster: {says}\n")
    # What can do without it does.
    said = run("status", "--prometheus", "http://127.0.0.1:1")
    assert said.code == exits.OK
    text = " ".join(said.out.split())
    assert ("When hosts sleep is not known: no gateway answers" in text) is not shared


@pytest.mark.parametrize("url", ["box", "http://", "ftp://a", "http://user:password@a", "http://a:b"])
def test_an_address_that_is_none(tmp_path, monkeypatch, capsys, url):
    said = person(monkeypatch, capsys, known(tmp_path), url)("status", "--prometheus", "http://127.0.0.1:1")
    assert (said.code, said.out) == (exits.USAGE, "")
    assert "--gateway has to be an address such as" in said.err
    assert "password" not in said.err


def test_without_a_management_node_or_a_model_there_is_none(tmp_path):
    for change in ({"groups": {}}, {"models": []}):
        cluster = known(tmp_path)
        vars(cluster).update(change)
        with pytest.raises(gateway.AbsentError) as told:
            gateway.find(cluster, None)
        assert str(told.value).endswith(", so there is no gateway.")


def test_status_says_what_the_gateway_knows(running, run):
    assert run("idle", "default").code == exits.OK
    asleep(running, run)
    nobody = ["--prometheus", "http://127.0.0.1:1"]
    document = run("status", "--json", *nobody).json
    box = next(one for one in document["hosts"] if one["name"] == "box")
    assert document["pool"]["requests_through_gateway"] == 0
    assert (box["state"], box["state_from"], document["pool"]["hosts_asleep"]) == ("asleep", "gateway", 1)
    assert 0 <= time.time() - box["gateway"]["since"] < 600
    assert document["gateway_silence"] is None
    assert running.state() == "asleep"
    awake(running, run)
    assert run("hold", "box", "3h").code == exits.OK
    said = run("status", *nobody)
    assert max(map(len, said.lines)) <= 80
    (line,) = [line for line in said.lines if line.startswith("box ") and "ready" in line]
    assert "held 3 h" in line
    assert "ago, took" in line
    assert run("release", "box").code == exits.OK
    box = next(one for one in run("status", "--json", *nobody).json["hosts"] if one["name"] == "box")
    assert box["gateway"]["sleeps_at"] == pytest.approx(time.time() + 1800, abs=20)
    assert run("status", *nobody).out.count("in 30 min") == 1


def test_on_a_terminal_and_in_a_pipe_with_an_inventory_of_ansible(running, run, terminal, cluster, monkeypatch):
    write_inventory(running.secrets.parent)
    asleep(running, run)
    # Long enough to be seen on a machine that has much to do.
    monkeypatch.setattr(running.machine, "boots", 3)
    where = ["-i", str(running.secrets.parent), "--gateway", running.url]
    said = terminal("wake", "box", *where)
    assert said.code == exits.OK
    assert max(map(len, said.lines)) <= 80
    assert "box is waking, " in said.out
    assert said.lines[-1].startswith("box is awake, after ")
    said = cluster("hold", "box", "2h", "--json", *where)
    assert (said.code, said.err) == (exits.OK, "")
    assert said.json["group"]["held_until"] == pytest.approx(time.time() + 7200, abs=60)
    assert run("release", "box").code == exits.OK


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("cluster wake ", {"box", "desk", "public", "alias"}),
        ("cluster sleep b", {"box"}),
        ("cluster chat p", {"public"}),
        ("cluster models load a", {"alias"}),
        ("cluster keys r", {"rotate", "revoke"}),
    ],
)
def test_completions(run, monkeypatch, capsys, line, offered):
    monkeypatch.setenv("_CLUSTER_COMPLETE", "complete_fish")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
    with pytest.raises(SystemExit):
        app.run(["nothing"])
    assert {row.split("\t")[0] for row in capsys.readouterr().out.splitlines()} == offered


def test_a_gateway_that_is_restarted_is_waited_for(monkeypatch, tmp_path):
    cluster, group = known(tmp_path), {"hosts": ["box"], "state": "waking", "wakes_failed": 0, "wake_within": 60}
    said = [{"group": group}, ClusterError("gone.", exits.GATEWAY), {"groups": [{**group, "state": "ready"}]}]

    class Scripted:
        def administer(self, word, fields=None):
            found = said.pop(0)
            if isinstance(found, ClusterError):
                raise found
            return found

    assert hosts.wake(cluster, Scripted(), "box", wait=True, as_json=True) == exits.OK
    assert said == []


def test_a_gateway_of_another_version_is_named(tmp_path):
    gate = gateway.Gateway("127.0.0.1", 1, "http://127.0.0.1:1", tmp_path)
    told = gateway.failure({"code": "unknown_endpoint", "message": "m"}, 404, gate, gateway.ADMIN_KEY)
    assert (told.exit_code, "is another version" in str(told)) == (exits.GATEWAY, True)
