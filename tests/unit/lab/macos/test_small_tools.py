# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The small tools: names, numbers, ping, the stubs of the developer tools, going down."""

from __future__ import annotations

import os

import pytest

from hybrid_cluster.host import cards
from lab.macos.simulator.tools import shutdown

DARWIN = "Darwin Kernel Version 25.5.0: Thu Apr 23 20:15:07 PDT 2026; root:xnu-12377.121.6~2/RELEASE_ARM64_T8132"
NO_TOOLS = (
    "xcode-select: error: no developer tools were found at '/Applications/Xcode.app', and no install could be "
    "requested (perhaps no UI is present), please install manually from 'developer.apple.com'.\n"
)


@pytest.mark.parametrize(
    ("words", "release", "out"),
    [
        pytest.param([], "26.5", "Darwin", id="none"),
        pytest.param(["-m"], "26.5", "arm64", id="machine"),
        pytest.param(["-p"], "26.5", "arm", id="processor"),
        pytest.param(["-r"], "15.7", "24.6.0", id="15.7"),
        pytest.param(["-r"], "27.0", "26.0.0", id="27.0"),
        pytest.param(["-mrs"], "26.5", "Darwin 25.5.0 arm64", id="order"),
        pytest.param(["-a"], "26.5", f"Darwin olab1.local 25.5.0 {DARWIN} arm64", id="all"),
    ],
)
def test_uname(mac, words: list[str], release: str, out: str) -> None:
    mac.answer("hostname", out="olab1.local\n")
    assert mac.run("uname", *words, release=release).out == out + "\n"


@pytest.mark.parametrize(
    ("words", "uid", "rc", "out", "calls"),
    [
        pytest.param([], 501, 0, "olab1.local\n", [["hostname"]], id="print"),
        pytest.param(["-s"], 501, 0, "olab1\n", [["hostname"]], id="short"),
        pytest.param(["x"], 0, 0, "", [["hostname", "x"]], id="set"),
        pytest.param(["x"], 501, 1, "", [], id="set, not root"),
        pytest.param(["--fqdn"], 501, 1, "", [], id="GNU's option"),
    ],
)
def test_hostname(mac, *, words: list[str], uid: int, rc: int, out: str, calls: list[list[str]]) -> None:
    mac.answer("hostname", out="olab1.local\n")
    mac.answer("hostname", "x")
    result = mac.run("hostname", *words, uid=uid)
    assert (result.rc, result.out, mac.calls) == (rc, out, calls)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        pytest.param("%Lp", "640", id="permissions"),
        pytest.param("%OLp", "640", id="permissions, octal"),
        pytest.param("%p", "100640", id="mode"),
        pytest.param("%Sp", "-rw-r-----", id="mode as a string"),
        pytest.param("%z", "3", id="size"),
        pytest.param("%HT", "Regular File", id="kind"),
        pytest.param("%u:%g", f"{os.getuid()}:{os.getgid()}", id="owner"),
        pytest.param("%m", "1000000000", id="time"),
        pytest.param("%%%Lp%n", "%640\n", id="escapes"),
    ],
)
def test_stat(mac, form: str, expected: str) -> None:
    file = mac.write("/private/tmp/f", "abc")
    file.chmod(0o640)
    os.utime(file, (1e9, 1e9))
    assert mac.run("stat", "-n", "-f", form, str(file)).out == expected


def test_stat_of_gnu(mac) -> None:
    result = mac.run("stat", "-c", "%a", "/")
    assert (result.rc, result.err.splitlines()[0]) == (1, "stat: illegal option -- c")


@pytest.mark.parametrize(
    ("words", "stdin", "out"),
    [
        pytest.param(
            ["-a", "256"], "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  -", id="256"
        ),
        pytest.param([], "abc", "a9993e364706816aba3e25717850c26c9cd0d89d  -", id="SHA-1"),
    ],
)
def test_shasum(mac, words: list[str], stdin: str, out: str) -> None:
    assert mac.run("shasum", *words, stdin=stdin).out == out + "\n"


def test_shasum_check(mac) -> None:
    mac.write("/f", "abc")
    mac.write("/sums", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  /f\n")
    assert mac.run("shasum", "-a", "256", "-c", "/sums").out == "/f: OK\n"
    mac.write("/f", "abd")
    assert mac.run("shasum", "-a", "256", "-c", "/sums").rc == 1


def test_md5(mac) -> None:
    mac.write("/f", "abc")
    assert mac.run("md5", "/f").out == "MD5 (/f) = 900150983cd24fb0d6963f7d28e17f72\n"
    assert mac.run("md5", "-q", "/f").out == "900150983cd24fb0d6963f7d28e17f72\n"


def test_vm_stat(mac) -> None:
    lines = mac.run("vm_stat").out.splitlines()
    assert lines[0] == "Mach Virtual Memory Statistics: (page size of 16384 bytes)"
    assert lines[1].split() == ["Pages", "free:", "471859."]


@pytest.mark.parametrize("name", ["python3", "git", "cc", "make", "clang++", "pip3"])
def test_stub_without_tools(mac, name: str) -> None:
    result = mac.run(name, "--version")
    assert (result.rc, result.out, result.err) == (1, "", NO_TOOLS)
    assert mac.executed == []


def test_python_of_the_command_line_tools(mac) -> None:
    mac.path("/Library/Developer/CommandLineTools/usr/bin").mkdir(parents=True)
    mac.write("/System/Library/Simulator/bin/python3")
    assert mac.run("python3", "-c", "pass").rc == 0
    assert mac.executed == [["python3", "-c", "pass"]]


LINUX = """\
PING 10.66.64.2 (10.66.64.2) 56(84) bytes of data.
64 bytes from 10.66.64.2: icmp_seq=1 ttl=64 time=0.345 ms
no answer yet for icmp_seq=2
64 bytes from 10.66.64.2: icmp_seq=3 ttl=64 time=0.500 ms

--- 10.66.64.2 ping statistics ---
3 packets transmitted, 2 received, 33.3333% packet loss, time 2003ms
rtt min/avg/max/mdev = 0.345/0.422/0.500/0.077 ms
"""
MACOS = """\
PING 10.66.64.2 (10.66.64.2): 56 data bytes
64 bytes from 10.66.64.2: icmp_seq=0 ttl=64 time=0.345 ms
Request timeout for icmp_seq 1
64 bytes from 10.66.64.2: icmp_seq=2 ttl=64 time=0.500 ms

--- 10.66.64.2 ping statistics ---
3 packets transmitted, 2 packets received, 33.3% packet loss
round-trip min/avg/max/stddev = 0.345/0.422/0.500/0.077 ms
"""


def test_ping(mac) -> None:
    mac.answer("ping", out=LINUX)
    result = mac.run("ping", "-c", "3", "-i", "0.2", "-W", "500", "10.66.64.2")
    assert (result.rc, result.out, result.err) == (0, MACOS, "")
    assert mac.calls == [["ping", "-n", "-O", "-c", "3", "-i", "0.2", "-W", "0.5", "10.66.64.2"]]


def test_ping_quietly(mac) -> None:
    mac.answer("ping", out=LINUX)
    head, _, tail = MACOS.partition("64 bytes")
    expected = head + tail[tail.index("\n\n---") + 1 :]
    assert mac.run("ping", "-q", "-c3", "10.66.64.2").out == expected


@pytest.mark.parametrize(
    ("words", "answer", "rc", "err"),
    [
        pytest.param(
            ["-c", "1", "x"],
            {"err": "ping: x: Name or service not known", "rc": 2},
            68,
            "ping: cannot resolve x: Unknown host\n",
            id="no such host",
        ),
        pytest.param(
            ["-t", "1", "10.9.9.9"],
            {"err": "ping: connect: Network is unreachable", "rc": 2},
            2,
            "ping: sendto: No route to host\n",
            id="no route",
        ),
        pytest.param(
            ["-c", "1", "10.66.1.99"],
            {
                "out": "PING 10.66.1.99 (10.66.1.99) 56(84) bytes of data.\n"
                "From 10.66.1.11 icmp_seq=1 Destination Host Unreachable\n"
                "1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms\n",
                "rc": 1,
            },
            2,
            "ping: sendto: Host is down\n",
            id="nobody there",
        ),
    ],
)
def test_ping_fails(mac, words: list[str], answer: dict, rc: int, err: str) -> None:
    mac.answer("ping", **answer)
    result = mac.run("ping", *words)
    assert (result.rc, result.err) == (rc, err)


def test_ping_without_end_is_the_real_one(mac) -> None:
    mac.run("ping", "10.0.0.1")
    assert mac.executed == [["ping", "-n", "-O", "10.0.0.1"]]


@pytest.mark.parametrize("words", [[], ["--help"], ["-c"], ["a", "b"]])
def test_ping_usage(mac, words: list[str]) -> None:
    result = mac.run("ping", *words)
    assert (result.rc, "usage: ping" in result.err) == (64, True)


@pytest.mark.parametrize(
    ("program", "words", "uid", "rc", "out", "err", "asked"),
    [
        pytest.param("shutdown", ["-r", "now"], 0, 0, "Shutdown NOW!\n", "", [("restart", 0)], id="restart"),
        pytest.param("shutdown", ["-h", "now", "bye"], 0, 0, "Shutdown NOW!\n", "", [("off", 0)], id="halt"),
        pytest.param("shutdown", ["-r", "now"], 501, 1, "", "shutdown: NOT super-user\n", [], id="not root"),
        pytest.param("shutdown", ["-k", "now"], 0, 0, "Shutdown NOW!\n", "", [], id="only warn"),
        pytest.param("shutdown", ["-r"], 0, 1, "", shutdown.USAGE + "\n", [], id="no time"),
        pytest.param("shutdown", ["-r", "soon"], 0, 1, "", shutdown.USAGE + "\n", [], id="bad time"),
        pytest.param("reboot", [], 0, 0, "", "", [("restart", 0)], id="reboot"),
        pytest.param("halt", [], 0, 0, "", "", [("off", 0)], id="halt at once"),
        pytest.param("reboot", [], 501, 1, "", "reboot: Operation not permitted\n", [], id="reboot, not root"),
    ],
)
def test_shutdown(
    mac,
    monkeypatch: pytest.MonkeyPatch,
    *,
    program: str,
    words: list[str],
    uid: int,
    rc: int,
    out: str,
    err: str,
    asked: list[tuple[str, float]],
) -> None:
    done: list[tuple[str, float]] = []
    monkeypatch.setattr(shutdown, "_later", lambda _context, action, delay: done.append((action, delay)))
    result = mac.run(program, *words, uid=uid)
    assert (result.rc, result.out, result.err, done) == (rc, out, err, asked)


def test_shutdown_in_minutes(mac, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, float]] = []
    monkeypatch.setattr(shutdown, "_later", lambda _context, action, delay: done.append((action, delay)))
    assert mac.run("shutdown", "-r", "+2").out.startswith("Shutdown at ")
    assert done == [("restart", 120)]


@pytest.mark.parametrize(
    ("words", "rc", "err"),
    [
        pytest.param(["-t", "0"], 0, "", id="time"),
        pytest.param(["-i", "/usr/bin/env", "true"], 0, "", id="command"),
        pytest.param(["/bin/sh", "-c", "exit 7"], 7, "", id="status of the command"),
        pytest.param(["/nope"], 127, "caffeinate: /nope: No such file or directory\n", id="no such command"),
        pytest.param(
            ["-z"],
            64,
            "usage: caffeinate [-disu] [-t timeout] [-w Process ID] [command arguments...]\n",
            id="usage",
        ),
    ],
)
def test_caffeinate(mac, words: list[str], rc: int, err: str) -> None:
    result = mac.run("caffeinate", *words, environment=dict(os.environ))
    assert (result.rc, result.err) == (rc, err)


def test_who(mac) -> None:
    (mac.directory / "boot.json").write_text('{"phase": "booted", "since": 1000000000}')
    assert mac.run("who", "-b").out.split()[:2] == ["reboot", "~"]
    assert mac.run("who").out == ""
    assert " up " in mac.run("uptime").out


def test_the_gpu_is_idle_in_the_words_that_the_host_program_reads(mac) -> None:
    result = mac.run("ioreg", *cards.APPLE[1:])
    assert '"Device Utilization %"=0' in result.out
    assert cards.of_apple(result.out) == []
    assert cards.of_apple(result.out.replace('"Device Utilization %"=0', '"Device Utilization %"=40')) != []


@pytest.mark.parametrize(
    ("words", "rc", "out"),
    [
        pytest.param(["-r", "-c", "IOUSBDevice"], 0, "", id="another class"),
        pytest.param(["-c"], 1, "", id="no class"),
        pytest.param(["IOAccelerator"], 1, "", id="no option"),
    ],
)
def test_ioreg_knows_nothing_else(mac, words: list[str], rc: int, out: str) -> None:
    result = mac.run("ioreg", *words)
    assert (result.rc, result.out) == (rc, out)
