# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program on a host that sleeps: what speaks against sleep, the order that can be taken back, and its door."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipapp
from pathlib import Path

import pytest

from hybrid_cluster.host import __main__ as program
from hybrid_cluster.host import assertions, cards, door, leases, order, sessions, wakefulness
from hybrid_cluster.host.__main__ import Program
from hybrid_cluster.host.leases import LeaseError
from hybrid_cluster.shared import _files, _wait
from hybrid_cluster.shared._command import CommandError, Commands, Result
from hybrid_cluster.shared._nvidia import busy, resume
from hybrid_cluster.shared._wake import proof
from hybrid_cluster.shared._wake.packet import WakeError
from hybrid_cluster.shared._wake.proof import Proof

CHECKOUT = Path(__file__).parents[3]
MAC = "1c:f6:4c:00:00:01"
# Recorded on macOS 26.
ASSERTIONS = """2026-07-06 02:38:04 +0200
Assertion status system-wide:
   BackgroundTask                 0
   UserIsActive                   0
   PreventSystemSleep             0
   PreventUserIdleSystemSleep     1
Listed by owning process:
   pid 20937(caffeinate): [0x00018e680001a080] 00:03:57 PreventUserIdleSystemSleep named: "caffeinate command-line tool"
\tDetails: caffeinate asserting for 300 secs
   pid 88(mds): [0x00018e680001a081] 00:03:57 BackgroundTask named: "indexing"
No kernel assertions.
"""
NO_ASSERTIONS = "Assertion status system-wide:\n   UserIsActive                   0\nNo kernel assertions.\n"
INHIBITORS = {
    "type": "a(ssssuu)",
    "data": [
        [
            ["sleep", "NetworkManager", "NetworkManager needs to turn off networks", "delay", 0, 800],
            ["handle-power-key", "gnome", "GNOME handles keys", "block", 1000, 900],
            ["shutdown:sleep", "backup", "a backup runs", "block", 0, 901],
        ]
    ],
}
NO_INHIBITORS = '{"type":"a(ssssuu)","data":[[]]}'
QUIET = """    1     0     0     00:00:03 /sbin/init
  700     1     0     00:00:00 sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
  710   700     0     00:00:00 sshd-session: hybrid-gateway [priv]
  711   710   990     00:00:00 sshd-session: hybrid-gateway@notty
"""


class Tools(Commands):
    """The programs of a host, with what each prints; what is not there is not installed."""

    def __init__(self, **said):
        self.said = {"ps": QUIET, "busctl": NO_INHIBITORS, "pmset": NO_ASSERTIONS, "ioreg": '"Device Utilization %"=2'}
        self.said |= said
        self.ran = []

    def run(self, argv, stdin=None, timeout=60):
        self.ran.append(argv)
        name = argv[0].rpartition("/")[2]
        said = self.said.get(name)
        if name in {"systemctl", "modprobe"}:
            return Result(0 if said is None else said)
        if said is None:
            raise CommandError(f"{argv[0]} is not installed on this host.")
        if isinstance(said, int):
            return Result(said)
        return Result(0, said.pop(0) if isinstance(said, list) else said)


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(_files, "ROOT", str(tmp_path))
    monkeypatch.setattr(os, "fchown", lambda *words: None)
    monkeypatch.setattr(_wait, "sleep", lambda seconds: None)
    monkeypatch.setattr(busy, "processes", lambda device: iter(()))
    monkeypatch.setenv("SUDO_USER", "hybrid-gateway")
    for folder in ("var/lib/hybrid-ai", "var/db/hybrid-ai", "sys/power"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "sys/power/state").write_text("freeze mem disk\n")
    return tmp_path


@pytest.fixture
def proved():
    for system in ("Linux", "Darwin"):
        proof.write(system, Proof(MAC, 12))


@pytest.mark.parametrize("system", ["Linux", "Darwin"])
def test_a_host_that_does_nothing_may_sleep(system, proved):
    said = {"nvidia-smi": "0, 3\n1, [N/A]\n"} if system == "Linux" else {}
    assert Program(Tools(**said), system).status(MAC) == {"vetoes": [], "proved": True, "missing": None}


@pytest.mark.parametrize(
    ("system", "said", "reason"),
    [
        ("Linux", {"ps": QUIET + "  800   700  1000 00:00:00 sshd: ann@pts/0\n"}, "ann is logged in over SSH at pts/0"),
        (
            "Darwin",
            {"ps": QUIET + "  800   700   501   0:00.01 sshd-session: ann@ttys001\n"},
            "ann is logged in over SSH at",
        ),
        ("Linux", {"ps": QUIET + "  800   700  1000 00:00:00 sshd-session: ann@notty\n"}, "ann is logged in over SSH"),
        (
            "Linux",
            {"ps": QUIET + "  900     1     0 2-01:00:09 slurmstepd: [42.batch]\n"},
            "slurmstepd (pid 900) runs",
        ),
        ("Linux", {"ps": QUIET + "  900     1     0 00:00:09 /usr/bin/python3 /usr/bin/unattended-upgrade\n"}, "runs"),
        ("Linux", {"ps": ""}, "ps does not say what runs"),
        ("Linux", {"busctl": json.dumps(INHIBITORS)}, "backup (pid 901) inhibits sleep: a backup runs"),
        ("Linux", {"busctl": "?"}, "nobody says who keeps the host awake"),
        ("Linux", {"busctl": None}, "nobody says who keeps the host awake"),
        ("Linux", {"nvidia-smi": "0, 97\n"}, "card 0 is busy to 97 %"),
        ("Linux", {"nvidia-smi": "Unable to determine the device handle\n"}, "does not say what it does"),
        ("Linux", {"nvidia-smi": 9}, "nvidia-smi does not say what the cards do"),
        (
            "Darwin",
            {"pmset": ASSERTIONS},
            "caffeinate (pid 20937) has PreventUserIdleSystemSleep: caffeinate command-line",
        ),
        ("Darwin", {"pmset": "?"}, "nobody says who keeps the host awake"),
        ("Darwin", {"ioreg": '    "Device Utilization %"=40,'}, "the GPU is busy to 40 %"),
        ("Darwin", {"ioreg": None}, "ioreg does not say what the GPU does"),
        (
            "Darwin",
            {"ps": [f"  900 1 460 0:{seconds}.00 /opt/exo/bin/exo\n" for seconds in (10, 14)]},
            "exo (pid 900) works",
        ),
    ],
)
def test_what_speaks_against_sleep(system, said, reason, proved):
    host = Program(Tools(**said), system)
    (veto,) = host.status(MAC)["vetoes"]
    assert reason in veto
    if not isinstance(said.get("ps"), list):
        assert host.suspend(MAC) == {"going": False, "vetoes": [veto], "proved": True}


def test_what_the_services_and_the_cards_of_linux_do_speaks_too(monkeypatch, proved):
    monkeypatch.setattr(busy, "reasons", lambda window: ["hybrid-ai-vllm.service answers requests"])
    assert Program(Tools(), "Linux").status(MAC)["vetoes"] == ["hybrid-ai-vllm.service answers requests"]


def test_the_assertion_of_our_own_is_no_reason(files, proved):
    (files / "var/db/hybrid-ai/sleep").mkdir()
    (files / "var/db/hybrid-ai/sleep/caffeinate.pid").write_text("20937\n")
    tools = Tools(pmset=ASSERTIONS, ps=["/usr/bin/caffeinate\n", QUIET, QUIET])
    assert Program(tools, "Darwin").status(MAC)["vetoes"] == []
    # The number is another program's after a start of the host.
    tools = Tools(pmset=ASSERTIONS, ps=["/usr/bin/vim\n", QUIET, QUIET])
    assert len(Program(tools, "Darwin").status(MAC)["vetoes"]) == 1


def test_the_session_that_asks_is_no_reason_and_another_of_the_same_person_is():
    processes = sessions.parse(
        " 1 0 0 00:00 init\n 5 1 1000 00:00 sshd: ann@pts/0\n 6 5 1000 00:00 bash\n 7 1 1000 00:00 sshd: ann@pts/1\n"
    )
    assert sessions.logged_in(processes, 6, ()) == ["ann is logged in over SSH at pts/1"]


def test_the_list_of_processes_of_this_machine_is_read():
    said = subprocess.run(sessions.PROCESSES, capture_output=True, text=True, check=True).stdout
    found = {process.pid: process for process in sessions.parse(said)}
    assert len(found) == len(said.splitlines())
    assert found[os.getpid()].parent == os.getppid()
    # What starts tests side by side has no name of its own.
    assert "python" in found[os.getpid()].arguments or "pytest" in found[os.getpid()].arguments


@pytest.mark.parametrize("mac", [MAC, "1c:f6:4c:00:00:99"])
def test_a_host_that_was_not_seen_to_wake_by_this_card_never_sleeps(mac):
    if mac != MAC:
        proof.write("Linux", Proof(MAC, 12))
    host = Program(Tools(), "Linux")
    assert host.status(mac)["proved"] is False
    answer = host.suspend(mac)
    assert not answer["going"]
    assert "proved" in answer["vetoes"][0]
    assert not _files.exists("/var/lib/hybrid-ai/sleep/sleep-order")
    with pytest.raises(WakeError):
        host.status("odd")


def test_a_host_that_cannot_suspend_to_memory_never_sleeps(files, proved):
    (files / "sys/power/state").write_text("freeze disk\n")
    assert "does not offer mem" in Program(Tools(), "Linux").suspend(MAC)["vetoes"][0]


def test_leases_hold_until_their_end_and_those_that_cannot_be_read_for_ever(files, proved, monkeypatch):
    host = Program(Tools(), "Linux")
    host.lease("training", 7200, "a long run")
    assert host.status(MAC)["vetoes"] == ["training holds it for 120 minutes: a long run"]
    later = time.time() + 7300
    monkeypatch.setattr(time, "time", lambda: later)
    assert host.status(MAC)["vetoes"] == []
    (files / "var/lib/hybrid-ai/leases/odd.json").write_text("{")
    assert host.status(MAC)["vetoes"] == ["the lease odd.json cannot be read"]
    assert host.release("odd") == {"leases": []}
    for name, seconds in (("../odd", 1), ("a", 0), ("a", leases.LONGEST + 1), ("a", float("nan"))):
        with pytest.raises(LeaseError):
            host.lease(name, seconds, "")


@pytest.fixture
def ordered(proved, monkeypatch):
    """Give the order, and leave who carries it out to the test."""
    monkeypatch.setattr(order, "leave_behind", lambda *words: None)
    tools = Tools()
    host = Program(tools, "Linux")
    assert host.suspend(MAC) == {"going": True, "seconds": order.SECONDS}
    tools.ran.clear()
    return host, tools


FOLDER = "/var/lib/hybrid-ai/sleep"
SUSPEND = ["systemctl", "suspend"]


def test_an_order_is_carried_out_after_a_moment(ordered):
    _, tools = ordered
    assert order.carry_out(FOLDER, tools, "Linux")
    assert tools.ran == [SUSPEND]


def test_an_order_that_is_taken_back_is_not_carried_out(ordered):
    host, tools = ordered
    assert host.stay() == {"stayed": True}
    assert not order.carry_out(FOLDER, tools, "Linux")
    assert tools.ran == []
    assert host.stay() == {"stayed": True}


def test_an_order_that_is_being_carried_out_is_taken_back_no_more_until_the_host_is_awake(ordered):
    host, tools = ordered
    order.carry_out(FOLDER, tools, "Linux")
    assert host.stay() == {"stayed": False}
    host.awake(900, MAC)
    assert host.stay() == {"stayed": True}


def test_services_of_the_cards_are_stopped_for_the_sleep_and_started_after_it(ordered, monkeypatch):
    host, tools = ordered
    units = ("hybrid-ai-llama-cpp.service", "hybrid-ai-vllm.service")
    monkeypatch.setattr(resume, "users", lambda: resume.Users(units, ()))
    order.carry_out(FOLDER, tools, "Linux")
    assert tools.ran == [["systemctl", "stop", *units], SUSPEND]
    tools.ran.clear()
    assert host.awake(900, MAC)["problems"] == []
    assert tools.ran == [
        *(["modprobe", "--remove", "nvidia_uvm"], ["modprobe", "nvidia_uvm"]),
        *(["systemctl", "start", "--no-block", unit] for unit in units),
    ]
    tools.ran.clear()
    host.awake(900, MAC)
    assert tools.ran == []


def test_services_are_started_whatever_becomes_of_the_cards_and_asked_for_until_they_do(ordered, monkeypatch):
    host, tools = ordered
    monkeypatch.setattr(resume, "users", lambda: resume.Users(("a.service",), ()))
    order.carry_out(FOLDER, tools, "Linux")
    tools.said |= {"modprobe": 1}
    (problem,) = host.awake(900, MAC)["problems"]
    assert "modprobe" in problem
    assert tools.ran[-1] == ["systemctl", "start", "--no-block", "a.service"]
    assert host.awake(900, MAC)["problems"] == []


def test_a_host_whose_services_do_not_stop_stays_awake(ordered, monkeypatch):
    host, tools = ordered
    monkeypatch.setattr(resume, "users", lambda: resume.Users(("a.service",), ()))
    tools.said |= {"systemctl": 1}
    assert not order.carry_out(FOLDER, tools, "Linux")
    assert tools.ran == [["systemctl", "stop", "a.service"]]
    assert host.stay() == {"stayed": True}
    # What did stop starts when the gateway sees it awake.
    tools.said |= {"systemctl": 0}
    host.awake(900, MAC)
    assert tools.ran[-1] == ["systemctl", "start", "--no-block", "a.service"]


def test_a_process_of_its_own_carries_it_out_when_the_question_has_ended(proved, files, tmp_path):
    mark = tmp_path / "suspended"

    class Real(Tools):
        def run(self, argv, stdin=None, timeout=60):
            if argv == SUSPEND:
                mark.write_text("x")
            return super().run(argv, stdin, timeout)

    order.give(FOLDER)
    order.leave_behind(FOLDER, Real(), "Linux")
    deadline = time.monotonic() + 20
    while not mark.exists() and time.monotonic() < deadline:
        os.sched_yield()
    assert mark.exists()
    assert _files.exists(f"{FOLDER}/sleep-begun")


def test_a_mac_is_kept_awake_and_let_go(monkeypatch, proved):
    started, ended = [], []

    class Started:
        def __init__(self, argv, **more):
            started.append(argv)
            self.pid = 4000 + len(started)

    monkeypatch.setattr(wakefulness.subprocess, "Popen", Started)
    monkeypatch.setattr(wakefulness.os, "kill", lambda pid, number: ended.append(pid))
    monkeypatch.setattr(order, "leave_behind", lambda *words: None)
    host = Program(Tools(ps="/usr/bin/caffeinate\n"), "Darwin")
    host.awake(900, MAC)
    host.awake(900, MAC)
    assert started == [["/usr/bin/caffeinate", "-i", "-s", "-u", "-t", "900"]] * 2
    assert ended == [4001]
    host = Program(Tools(ps=["/usr/bin/caffeinate\n", QUIET, QUIET, "/usr/bin/caffeinate\n"]), "Darwin")
    assert host.suspend(MAC)["going"]
    assert ended == [4001, 4002]


@pytest.mark.parametrize("asked", [f"status {MAC}", f"suspend {MAC}", "stay", f"awake 900 {MAC}"])
def test_the_door_lets_four_words_in(asked, monkeypatch):
    ran = []
    monkeypatch.setattr(program.os, "execv", lambda path, argv: ran.append(argv))
    monkeypatch.setattr(sys, "argv", ["/opt/hybrid-host"])
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", asked)
    program.main(["door"])
    assert ran == [["/usr/bin/sudo", "-n", "/opt/hybrid-host", *asked.split()]]


@pytest.mark.parametrize(
    "asked",
    [
        *("", "sh", "lease a 1 b", "release a", "door", "status", f"status {MAC}; sh", f"status  {MAC}", "stay\n"),
        *(f"status {MAC}\nsh", "awake 999999 " + MAC, "awake -1 " + MAC, f"suspend {MAC} {MAC}", "stay --help"),
    ],
)
def test_the_door_lets_nothing_else_in(asked, monkeypatch, capsys):
    monkeypatch.setattr(program.os, "execv", lambda *words: pytest.fail("let in"))
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", asked)
    assert door.words(asked) is None
    assert program.main(["door"]) == 2
    assert "nothing that can be asked" in capsys.readouterr().err


def test_texts_that_nobody_knows_are_no_answer():
    assert assertions.of_linux('{"data": [[["sleep"]]]}') is None
    assert assertions.of_macos("", ()) is None
    assert cards.of_nvidia("0, [N/A]\n") == []


def test_one_file_is_the_whole_program(tmp_path):
    """It is installed like this: the packages host and shared, without the gateway and without anything else."""
    source, made = tmp_path / "source", tmp_path / "hybrid-host"
    for name in ("host", "shared"):
        for path in (CHECKOUT / "src/hybrid_cluster" / name).rglob("*.py"):
            target = source / path.relative_to(CHECKOUT / "src")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    zipapp.create_archive(source, made, "/usr/bin/env python3", "hybrid_cluster.host.__main__:main")
    done = subprocess.run([sys.executable, "-I", str(made), "stay", "now"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unrecognized arguments: now" in done.stderr
    argv, environment = [sys.executable, "-I", str(made), "door"], {"SSH_ORIGINAL_COMMAND": "sh"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
    assert done.stderr == "host: that is nothing that can be asked here\n"
