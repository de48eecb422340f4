# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster doctor`: each trap of the register is provoked, by a recorded report or by what this machine sees."""

from __future__ import annotations

import errno
import json
import re
import socket
import ssl
import subprocess
from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._registry import KINDS
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._first_contact import Target, unreachable

from hybrid_cluster.command import exits, measured
from hybrid_cluster.command import inventory as inventories
from hybrid_cluster.command.apply import running
from hybrid_cluster.command.doctor import across, addresses, diagnose, traps
from hybrid_cluster.command.doctor import here as sight
from tests.unit.command.conftest import REPOSITORY, Said

ALL = dict.fromkeys(("desk", "mini1", "mini2", "mini3", "gpu1"), 1)


def line(check: str, ok: bool = False, **more: Any) -> dict[str, Any]:
    found = {"capability": "exo", "check": check, "title": check, "ok": ok, "measured": "1", "expected": "2"}
    return {**found, "advice": "" if ok else "Look.", **more}


def setting(title: str, **more: Any) -> dict[str, Any]:
    return line("macos_setting", title=title, **more)


RIGHT = line("application", ok=True)
BLIND = line(
    "exo_cluster",
    measured="3 nodes, 2 connections",
    advice="mini3 does not see mini1 and mini2: all need the same version and namespace.",
    values={"unseen": {"mini1": ["mini3"], "mini2": ["mini3"], "mini3": ["mini1", "mini2"]}},
)
LOCKED = unreachable("admin@10.0.0.3: Permission denied (password).", Target("10.0.0.3", "admin", is_mac=True))
NAMELESS = unreachable("ssh: Could not resolve hostname mini1: Name or service not known", Target("mini1"))
SILENT = unreachable("ssh: connect to host 10.0.0.3 port 22: No route to host", Target("10.0.0.3"))


def ports(gigabits: int) -> dict[str, Any]:
    return line("thunderbolt_generation", ok=True, values={"gigabits": gigabits})


def cable(gigabits: int, peer: str = "mini2") -> dict[str, Any]:
    return line("thunderbolt_cable", ok=True, values={"receptacle": 1, "peer": peer, "gigabits": gigabits})


@pytest.fixture
def cluster_of(site, here):
    return inventories.read([site])


@pytest.fixture(autouse=True)
def machine(monkeypatch, here):
    """Be a machine without neighbours and names."""
    monkeypatch.setattr(addresses, "stir", lambda subnets: None)
    monkeypatch.setattr(addresses, "neighbours", dict)
    monkeypatch.setattr(sight, "resolve", lambda name: [])


def look(cluster, reports=None, troubles=None, prometheus="http://127.0.0.1:1"):
    summary = {"reports": reports or {}, "troubles": troubles or {}}
    hosts = [*(reports or {}), *(troubles or {})]
    return diagnose(cluster, hosts, [], summary, measured.Source(cluster, prometheus))


def trouble(reason: str, host: str = "mini3") -> dict[str, Any]:
    return {host: {"state": "unreachable", "reasons": [reason]}}


PROVOKED = {
    "filevault": {"reports": {"mini1": [setting("FileVault", measured="FileVault is On.")]}},
    "login-items": {
        "reports": {"mini1": [line("service", measured="absent, its file is there, and launchd has not loaded it")]}
    },
    "exo-network-daemon": {"reports": {"mini1": [line("launchd_absent", measured="io.exo.networksetup is loaded")]}},
    "local-network-privacy": {
        "reports": {"mini1": [line("http", measured="http://a does not answer: No route to host")]}
    },
    "mdns-blindness": {"reports": {"mini1": [BLIND]}},
    "exo-cluster": {"reports": {"mini1": [line("exo_cluster", advice="mini2 is silent: timed out.")]}},
    "thunderbolt-4": {"reports": {"mini1": [line("rdma"), ports(40)]}},
    "wrong-interface": {"reports": {"mini1": [line("default_route", measured="by bridge0", expected="by en0")]}},
    "cable": {"reports": {"mini1": [line("thunderbolt_cable", measured="nothing plugged in")]}},
    "clock": {"reports": {"mini1": [setting("clock set by the network")]}},
    "dns": {"reports": {"mini1": [line("resolvers")]}},
    "proxy": {"reports": {"mini1": [line("squid")]}},
    "certificate": {"reports": {"desk": [line("certificate", measured="ended 3 days ago")]}},
    "gpu-memory": {"reports": {"mini1": [setting("GPU memory ceiling")]}},
    "driver-mismatch": {"reports": {"gpu1": [line("nvidia_driver", measured="610.57 is loaded, and 620.1 installed")]}},
    "falls-asleep": {"reports": {"mini1": [setting("power settings")]}},
    "unreachable": {"troubles": trouble("10.0.0.3 does not answer")},
    # Each of these has a test of its own below.
    "other-address": None,
    "exo-rdma-notice": None,
}


def test_every_trap_is_provoked_by_a_test():
    assert set(PROVOKED) == set(traps.BY_NAME)
    assert len(traps.BY_NAME) == len(traps.TRAPS)


@pytest.mark.parametrize("name", [name for name, seen in PROVOKED.items() if seen])
def test_a_trap_is_found_and_has_its_fix(cluster_of, name):
    (found,) = look(cluster_of, **PROVOKED[name])["wrong"]
    assert found["trap"] == name
    assert found["meaning"] == traps.BY_NAME[name].sentence
    assert found["fix"] or name == "unreachable"


def test_every_kind_of_check_is_a_trap_or_says_it_itself():
    taken = {lines.check for trap in traps.TRAPS for lines in trap.lines if lines.check}
    # Of these some lines are traps, by what they measured.
    assert taken - set(KINDS) == set()
    forgotten = set(KINDS) - taken - traps.SAY_IT_THEMSELVES
    assert forgotten == set(), "write a trap for it, or name it among those that say it themselves"
    assert traps.SAY_IT_THEMSELVES & taken == set()
    assert set(KINDS) >= traps.SAY_IT_THEMSELVES


def test_every_trap_stands_in_the_documentation():
    page = (REPOSITORY / "docs/command.md").read_text(encoding="utf-8").partition("| trap |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE)) == set(traps.BY_NAME)


def test_every_trap_can_be_found_at_all():
    assert [trap.name for trap in traps.TRAPS if not (trap.lines or trap.trouble or trap.by_hand)] == []


def test_a_line_without_advice_gets_that_of_its_trap(cluster_of):
    (found,) = look(cluster_of, {"mini1": [setting("FileVault", advice="")]})["wrong"]
    assert found["fix"] == traps.BY_NAME["filevault"].fix


def test_a_line_that_is_no_trap_keeps_its_own_advice(cluster_of):
    (found,) = look(cluster_of, {"mini1": [line("model_answers", advice="Look at the log of the backend.")]})["wrong"]
    assert (found["trap"], found["meaning"], found["fix"]) == (None, None, "Look at the log of the backend.")


def test_what_all_members_say_is_said_once_with_who_is_to_be_restarted(cluster_of):
    document = look(cluster_of, {host: [BLIND, RIGHT] for host in ("mini1", "mini2", "mini3")})
    (found,) = document["wrong"]
    assert found["hosts"] == ["mini1", "mini2", "mini3"]
    assert "Restart exo on mini3 alone: `sudo launchctl kickstart -k system/hybrid-ai.exo`" in found["fix"]
    assert {host: document["right"][host] for host in found["hosts"]} == {"mini1": 1, "mini2": 1, "mini3": 1}


def test_of_two_who_do_not_see_each_other_both_are_alone():
    assert across.blind_members({"mini1": ["mini2"]}) == ["mini1", "mini2"]


@pytest.mark.parametrize(
    ("reason", "trap"),
    [(LOCKED, "filevault"), (NAMELESS, "dns"), (SILENT, "unreachable")],
    ids=["locked by FileVault", "without a name", "silent"],
)
def test_why_a_host_is_not_reached(cluster_of, reason, trap):
    (found,) = look(cluster_of, troubles=trouble(reason))["wrong"]
    assert (found["trap"], found["measured"], found["expected"]) == (trap, reason, None)


def test_a_cable_of_thunderbolt_4_between_macs_of_thunderbolt_5(cluster_of):
    fast, slow = [cable(80), ports(120)], [cable(40), ports(120)]
    peer = [cable(80, "mini1"), ports(120)]
    assert look(cluster_of, {"mini1": fast, "mini2": peer})["wrong"] == []
    (found,) = look(cluster_of, {"mini1": slow, "mini2": peer})["wrong"]
    assert (found["trap"], found["what"], found["measured"]) == ("thunderbolt-4", "cable in port 1 to mini2", "40 Gb/s")


def test_a_cable_that_the_report_calls_slow_is_of_thunderbolt_4(cluster_of):
    advice = "The cable in port 1 is slower than both ports: put one there that is made for 80 Gb/s."
    slow = {**cable(40), "ok": False, "expected": "a cable to mini2 with 80 Gb/s or more", "advice": advice}
    (found,) = look(cluster_of, {"mini1": [slow, ports(120)], "mini2": [cable(80, "mini1"), ports(120)]})["wrong"]
    assert (found["trap"], found["fix"]) == ("thunderbolt-4", advice)


def test_a_mac_of_thunderbolt_4_may_ignore_what_exo_shows(cluster_of):
    document = look(cluster_of, {"mini1": [ports(40), cable(40)], "mini2": [ports(120)]})
    notice = [note for note in document["notes"] if note["trap"] == "exo-rdma-notice"]
    assert [note["hosts"] for note in notice] == [["mini1"]]
    assert (document["wrong"], document["exit_code"]) == ([], exits.OK)


def test_rdma_that_is_wanted_of_thunderbolt_4(cluster_of):
    (found,) = look(cluster_of, {"mini1": [line("rdma"), ports(40)]})["wrong"]
    assert "40 Gb/s, which is Thunderbolt 4: write thunderbolt_rdma: false" in found["fix"]


def test_clocks(cluster_of, metrics):
    metrics.expressions["node_time_seconds"] = [({"instance": "mini1"}, 0.2), ({"instance": "mini2"}, -93)]
    document = look(cluster_of, {host: [RIGHT] for host in ("mini1", "mini2", "mini3")}, prometheus=metrics.url)
    (found,) = document["wrong"]
    assert (found["hosts"], found["trap"]) == (["mini2"], "clock")
    assert found["measured"] == "93 seconds behind the host that collects figures"
    assert document["not_looked_at"] == ["clocks of mini3, which Prometheus does not know"]


def test_clocks_of_which_nobody_says_anything(cluster_of):
    (reason,) = look(cluster_of, {"mini1": [RIGHT]})["not_looked_at"]
    assert reason.startswith("clocks, because http://127.0.0.1:1 does not answer")


def test_a_proxy_that_would_get_requests_to_hosts(cluster_of, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://me:secret@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert sight.proxy(cluster_of.hosts.values()).wrong == []
    monkeypatch.setenv("no_proxy", "10.0.0.0")
    (found,) = sight.proxy([cluster_of.hosts["mini1"]]).wrong
    assert found.measured == "requests to 127.0.0.1 go to http://proxy.example:3128"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("known", "wrong", "notes"),
    [(["127.0.0.1"], 0, 0), (["10.0.0.9"], 1, 0), ([], 0, 1)],
    ids=["right", "another machine", "another name server"],
)
def test_the_name_of_the_management_node(cluster_of, monkeypatch, known, wrong, notes):
    monkeypatch.setattr(sight, "resolve", lambda name: known)
    seen = sight.names(cluster_of)
    assert (len(seen.wrong), len(seen.notes)) == (wrong, notes)


def test_local_network_privacy_of_this_mac(cluster_of, monkeypatch):
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    hosts = [cluster_of.hosts["mini1"], cluster_of.hosts["mini2"]]
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert sight.privacy(hosts).notes == []
    monkeypatch.setattr(sight.sys, "platform", "darwin")
    (note,) = sight.privacy(hosts).notes
    assert (note.trap, note.measured) == ("local-network-privacy", "no route to mini1-2")


@pytest.fixture
def certificate(tmp_path):
    """Make a certificate of so many days, and a server that shows it to one client."""

    def make(days: int) -> tuple[int, ssl.SSLContext]:
        key, pem = tmp_path / "key", tmp_path / "pem"
        argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        argv += ["-subj", "/CN=models.olab", "-addext", "subjectAltName=DNS:models.olab", "-days", str(days)]
        subprocess.run([*argv, "-keyout", str(key), "-out", str(pem)], check=True, capture_output=True)
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(pem, key)
        listening = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            with listening, listening.accept()[0] as plain:
                try:
                    with served.wrap_socket(plain, server_side=True) as encrypted:
                        encrypted.recv(1)
                except OSError:
                    pass

        import threading

        threading.Thread(target=serve, daemon=True).start()
        return listening.getsockname()[1], ssl.create_default_context(cafile=str(pem))

    return make


@pytest.mark.parametrize(("days", "ok"), [(90, True), (5, False)])
def test_how_long_the_gateways_certificate_lasts(certificate, days, ok):
    port, context = certificate(days)
    found = sight.look_at_certificate("127.0.0.1", port, "models.olab", context)
    assert found == (ok, f"{days - 1} days left")


def test_a_certificate_that_is_not_trusted_here(certificate):
    port, _ = certificate(90)
    ok, said = sight.look_at_certificate("127.0.0.1", port, "models.olab")
    assert (ok, said) == (False, "refused: self-signed certificate")


def test_a_gateway_that_does_not_answer():
    assert sight.look_at_certificate("127.0.0.1", 1, "models.olab")[0] is None


CARD = "1c:f6:4c:00:00:01"


@pytest.mark.parametrize(
    ("same", "said"),
    [
        (True, "it answers at 10.0.0.77, with the same host key"),
        (None, "nothing proves that it is the same machine"),
        (False, None),
    ],
)
def test_a_host_that_answers_at_another_address(inventory, monkeypatch, same, said):
    hosts = {"mini3": {"ansible_host": "10.0.0.3", "mac_address": CARD}}
    cluster = inventories.read([inventory({"macos": {"hosts": hosts}})])
    monkeypatch.setattr(addresses, "neighbours", lambda: {"10.0.0.77": CARD, "10.0.0.78": "1c:f6:4c:00:00:02"})
    asked = []
    monkeypatch.setattr(addresses, "same_host_key", lambda host, address: asked.append(address) or same)
    found = [one for one in look(cluster, troubles=trouble(SILENT))["wrong"] if one["trap"] == "other-address"]
    assert asked == ["10.0.0.77"]
    assert len(found) == (said is not None)
    for one in found:
        assert said in one["measured"]
        assert one["fix"].startswith("Write ansible_host: 10.0.0.77 for mini3")


def test_neighbours_of_both_systems():
    arp = "? (10.0.0.77) at 1c:f6:4c:0:0:1 on en0 ifscope [ethernet]\n? (10.0.0.9) at (incomplete) on en0 [ethernet]\n"
    assert addresses.parse_arp(arp) == {"10.0.0.77": CARD}
    neigh = json.dumps([{"dst": "10.0.0.77", "lladdr": CARD}, {"dst": "10.0.0.9", "state": ["FAILED"]}])
    assert addresses.parse_neighbours(neigh) == {"10.0.0.77": CARD}
    assert addresses.parse_neighbours("no") == {}


def test_host_keys(monkeypatch, cluster_of):
    known = "# Host 10.0.0.3 found: line 1\n10.0.0.3 ssh-ed25519 AAAA\n"
    shown = {"same": "10.0.0.77 ssh-ed25519 AAAA\n", "other": "10.0.0.77 ssh-ed25519 BBBB\n", "nobody": ""}
    for name, expected in (("same", True), ("other", False), ("nobody", False)):
        monkeypatch.setattr(addresses, "_said", lambda argv, n=name: known if "-F" in argv else shown[n])
        assert addresses.same_host_key(cluster_of.hosts["mini1"], "10.0.0.77") is expected
    monkeypatch.setattr(addresses, "_said", lambda argv: "" if "-F" in argv else shown["same"])
    assert addresses.same_host_key(cluster_of.hosts["mini1"], "10.0.0.77") is None


# As a person runs it, without the start of Ansible: what verify.yml would sum up is given.


@pytest.fixture
def verify(monkeypatch, here, site):
    """Have runs of playbooks end with a summary, and run the command in this process."""
    ran: list[running.Play] = []

    def run(summary: dict[str, Any] | None, *arguments: str, stats: bool = True, awake: tuple[str, ...] = ()) -> Said:
        def play(cluster, wanted, folder, progress, *, is_silent):
            ran.append(wanted)
            if stats:
                progress.stats = {name: {} for name in ("processed", "failures", "dark")}
            return None, summary

        monkeypatch.setattr(running, "play", play)
        monkeypatch.setattr(measured, "answer_ssh", lambda hosts: {host.name: host.name in awake for host in hosts})
        return here("doctor", "-i", site, "--prometheus", "http://127.0.0.1:1", *arguments)

    run.ran = ran  # type: ignore[attr-defined]
    return run


def summary_of(**reports: list[dict[str, Any]]) -> dict[str, Any]:
    return {"changed": {}, "troubles": {}, "reports": {host: reports.get(host, [RIGHT]) for host in ALL}}


def test_what_a_person_sees_in_80_columns(verify):
    said = verify(summary_of(mini1=[setting("FileVault", measured="FileVault is On."), RIGHT]))
    assert said.code == exits.HOSTS_FAILED
    assert max(map(len, said.lines)) <= 80
    assert said.lines[:2] == ["mini1", "  FileVault: FileVault is On. (expected 2)"]
    assert said.lines[2] == "  -> Look."
    assert said.lines[-1].startswith("1 thing is wrong; ")
    # A host that may sleep is left alone, and said to be.
    assert "Asleep or off, and not looked at: gpu1; --wake wakes them." in said.lines
    (ran,) = verify.ran
    assert (ran.playbook.name, ran.limit) == ("verify.yml", "desk,mini1,mini2,mini3")
    assert ran.variables == {"verify_fail_on_false": False}


def test_for_programs(verify):
    said = verify(summary_of(), "--json", awake=("gpu1",))
    assert (said.code, said.err) == (exits.OK, "")
    document = said.json
    assert (document["wrong"], document["asleep"]) == ([], [])
    assert document["right"]["mini2"] == 1
    assert verify.ran[0].limit is None


def test_hosts_that_sleep_are_woken_where_that_is_asked_for(verify):
    verify(summary_of(), "--wake", "--limit", "gpu1,mini1")
    assert [(run.playbook.name, run.limit) for run in verify.ran] == [("wake.yml", "gpu1"), ("verify.yml", "mini1")]


def test_a_run_without_a_summary_is_no_success(verify):
    said = verify(None, stats=False)
    assert (said.code, said.out) == (exits.INCOMPLETE, "")
    assert "without a word" in said.err


def test_ctrl_c_says_what_may_go_on(verify, monkeypatch, here, site):
    verify(summary_of())
    monkeypatch.setattr(running, "play", lambda *_, **__: ({"mini1": "Measure"}, None))
    said = here("doctor", "-i", site)
    assert (said.code, said.out) == (exits.INTERRUPTED, "")
    assert "On hosts this may go on: mini1: Measure." in said.err


def test_a_host_that_the_run_has_no_word_about(verify):
    whole = summary_of()
    del whole["reports"]["mini3"]
    said = verify(whole, "--json")
    assert said.code == exits.INCOMPLETE
    assert "mini3, about which the run has no word" in said.json["not_looked_at"]


def test_an_inventory_with_mistakes_is_one_sentence(verify, monkeypatch, here, site):
    verify(summary_of())

    def play(cluster, wanted, folder, progress, *, is_silent):
        res = {"mistakes": "inventory: cluster_lan_subnet is not set.\nmini1: ansible_host is not set."}
        wanted.listen({"event": "runner_on_failed", "event_data": {"host": "localhost", "res": res}})
        return None, None

    monkeypatch.setattr(running, "play", play)
    said = here("doctor", "-i", site)
    assert said.code == exits.INVENTORY
    expected = "inventory: cluster_lan_subnet is not set. And 1 more, which playbooks/validate.yml says."
    assert said.err == f"cluster: {expected}\n"


def test_a_limit_that_matches_nobody(verify):
    said = verify(summary_of(), "--limit", "nobody")
    assert said.code == exits.NO_HOSTS
    assert verify.ran == []


def test_nothing_moves_the_terminal(verify):
    said = verify(summary_of(mini1=[line("http", measured="\x1b]52;c;bad\x07")]))
    assert "\x1b]" not in said.out
    assert "\x07" not in said.out
