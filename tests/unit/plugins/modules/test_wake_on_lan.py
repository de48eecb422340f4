# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who is sent what, from where and for how long; tests/wake sends it over a real network."""

from __future__ import annotations

import errno
import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http, _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake import answer, packet, sender, waking, ways

from tests.unit.plugins.harness import call

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = {"mac_address": "1c:f6:4c:00:00:01", "address": "10.66.1.11"}


def link(name: str, *addresses: str) -> dict[str, Any]:
    pairs = [address.split("/") for address in addresses]
    return {"ifname": name, "addr_info": [{"local": local, "prefixlen": int(length)} for local, length in pairs]}


def linux(*links: dict[str, Any]) -> Any:
    return call(ways.LINUX_ADDRESSES, out=json.dumps(links))


LAN = linux(link("lo", "127.0.0.1/8"), link("eth0", "10.66.1.10/24"))
MAC = call(
    ways.MACOS_ADDRESSES,
    out="""lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\tinet 127.0.0.1 netmask 0xff000000
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tether 1c:f6:4c:00:00:10
\tinet6 fe80::1%en0 prefixlen 64 secured scopeid 0x6
\tinet 10.66.1.10 netmask 0xffffff00 broadcast 10.66.1.255
en1: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tinet 10.66.1.40 netmask 0xffffff00 broadcast 10.66.1.255
utun4: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1380
\tinet 10.99.0.2 --> 10.99.0.1 netmask 0xffffffff
""",
)
ALL = "10.66.1.255, 255.255.255.255 and 10.66.1.11"


class Sleeper:
    """A host that answers once it got enough packets."""

    def __init__(self) -> None:
        self.needs, self.got, self.sockets = 1, [], 0
        self.sends_fail: str | None = None

    def connect(self, address: tuple[str, int], timeout: float) -> Any:
        assert address[0] in {"10.66.1.11", "10.66.3.11"}
        if len(self.got) < self.needs:
            raise TimeoutError("timed out")
        return self

    def __enter__(self) -> Sleeper:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def settimeout(self, seconds: float) -> None:
        pass

    def recv(self, _size: int) -> bytes:
        return b"SSH-"


@pytest.fixture(name="sleeper")
def _sleeper(monkeypatch: pytest.MonkeyPatch) -> Sleeper:
    host = Sleeper()

    def send(self: sender.Sender, payload: bytes) -> None:
        if host.sends_fail:
            self.errors["eth0 to 10.66.1.255"] = host.sends_fail
            return
        host.got.append(payload)
        self.sent += 3

    monkeypatch.setattr(socket, "create_connection", host.connect)
    monkeypatch.setattr(sender.Sender, "send", send)
    return host


def test_the_packet_is_six_ff_sixteen_addresses_and_the_password(
    run_module: Callable[..., dict[str, Any]], sleeper: Sleeper
) -> None:
    run_module("wake_on_lan", {**HOST, "secure_on": "0a:0b:0c:0d:0e:0f"}, [LAN], system="Linux")
    assert sleeper.got == [b"\xff" * 6 + bytes.fromhex("1cf64c000001") * 16 + bytes.fromhex("0a0b0c0d0e0f")]


def test_it_is_sent_every_half_second(run_module: Callable[..., dict[str, Any]], sleeper: Sleeper, clock: Any) -> None:
    sleeper.needs, start = 21, clock.time
    result = run_module("wake_on_lan", HOST, [LAN], system="Linux")
    assert (result["awake"], result["packets"], result["seconds"]) == (True, 63, 10.0)
    assert clock.time - start == 10.0
    assert result["diff"] == {"before": "no answer\n", "after": "awake\n"}


def test_a_host_that_answers_gets_none(run_module: Callable[..., dict[str, Any]], sleeper: Sleeper) -> None:
    sleeper.needs = 0
    result = run_module("wake_on_lan", {**HOST, "greeting": "SSH-"}, [], system="Linux")
    assert (result["changed"], result["awake"], result["packets"], sleeper.got) == (False, True, 0, [])


def test_check_mode_asks_and_sends_nothing(run_module: Callable[..., dict[str, Any]], sleeper: Sleeper) -> None:
    result = run_module("wake_on_lan", HOST, [LAN], check=True, system="Linux")
    assert (result["changed"], result["awake"], sleeper.got) == (True, False, [])


@pytest.mark.usefixtures("sleeper")
@pytest.mark.parametrize(
    ("system", "options", "calls", "expected"),
    [
        pytest.param("Linux", {}, [LAN], [f"eth0 (10.66.1.10) to {ALL}"], id="linux"),
        pytest.param(
            "Darwin", {}, [MAC], [f"en0 (10.66.1.10) to {ALL}", f"en1 (10.66.1.40) to {ALL}"], id="ethernet-and-wifi"
        ),
        pytest.param("Darwin", {"interface": "en1"}, [MAC], [f"en1 (10.66.1.40) to {ALL}"], id="interface"),
        pytest.param("Darwin", {"source": "10.66.1.40"}, [MAC], [f"en1 (10.66.1.40) to {ALL}"], id="source"),
        pytest.param(
            "Linux",
            {},
            [
                linux(link("eth0", "10.66.2.10/24")),
                call(["ip", "-json", "-4", "route", "get", "10.66.1.11"], out='[{"dev": "eth0"}]'),
            ],
            ["eth0 (10.66.2.10) to 255.255.255.255 and 10.66.1.11"],
            id="behind-a-router",
        ),
        pytest.param(
            "Darwin",
            {"address": "10.66.3.11", "broadcast": "10.66.3.255"},
            [MAC, call(["/sbin/route", "-n", "get", "10.66.3.11"], out="  gateway: 10.66.1.1\n  interface: en0\n")],
            ["en0 (10.66.1.10) to 10.66.3.255, 255.255.255.255 and 10.66.3.11"],
            id="behind-a-router-that-passes-broadcasts-on",
        ),
    ],
)
def test_ways(
    run_module: Callable[..., dict[str, Any]],
    system: str,
    options: dict[str, Any],
    calls: list[Any],
    expected: list[str],
) -> None:
    result = run_module("wake_on_lan", {**HOST, **options}, calls, check=True, system=system)
    assert result["ways"] == expected


@pytest.mark.parametrize(
    ("options", "calls", "sentence"),
    [
        pytest.param({"mac_address": "1c-f6-4c-00-00-01"}, [], "write six pairs of hexadecimal digits", id="spelling"),
        pytest.param({"mac_address": "ff:ff:ff:ff:ff:ff"}, [], "which does not belong to one card", id="group"),
        pytest.param({"mac_address": "00:00:00:00:00:00"}, [], "which does not belong to one card", id="zero"),
        pytest.param({"secure_on": "secret"}, [], "secure_on is not six pairs of hexadecimal digits", id="password"),
        pytest.param({"port": 0}, [], "port is 0: write a number from 1 to 65535.", id="port"),
        pytest.param({"timeout": 0}, [], "timeout is 0: write seconds, at least 1.", id="timeout"),
        pytest.param({"path": "health"}, [], "begin it with a slash", id="path"),
        pytest.param({"broadcast": "lan"}, [], "broadcast is 'lan': write an IPv4 address", id="broadcast"),
        pytest.param(
            {"interface": "eth7"}, [LAN], "interface is eth7; the interfaces with an IPv4 address here are eth0.",
            id="interface",
        ),
        pytest.param({"source": "10.66.1.9"}, [LAN], "the addresses here are 10.66.1.10.", id="source"),
        pytest.param({}, [call(ways.LINUX_ADDRESSES, out="what?")], "printed something unknown: 'what?'", id="unknown"),
        pytest.param(
            {},
            [linux(), call(["ip", "-json", "-4", "route", "get", "10.66.1.11"], rc=2, err="unreachable")],
            "No network of this machine leads to 10.66.1.11",
            id="no-way",
        ),
    ],
)  # fmt: skip
def test_wrong_options(
    run_module: Callable[..., dict[str, Any]],
    sleeper: Sleeper,
    options: dict[str, Any],
    calls: list[Any],
    sentence: str,
) -> None:
    result = run_module("wake_on_lan", {**HOST, **options}, calls, system="Linux")
    assert result["failed"]
    assert sentence in result["msg"]
    assert "secret" not in result["msg"]
    assert sleeper.got == []


def test_a_name_that_stands_for_nothing(
    run_module: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_words: object) -> None:
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    result = run_module("wake_on_lan", {**HOST, "address": "olab1"}, [], system="Linux")
    assert result["msg"] == "address is 'olab1', which stands for no IPv4 address here; write the host's own."


def test_one_that_does_not_wake_is_told_with_what_is_missing(
    run_module: Callable[..., dict[str, Any]], sleeper: Sleeper
) -> None:
    sleeper.needs = 10**9
    result = run_module("wake_on_lan", {**HOST, "timeout": 5}, [LAN], system="Linux")
    assert result["failed"]
    assert result["msg"].startswith(
        "10.66.1.11 did not answer within 5 seconds at port 22: timed out. 33 magic packets"
    )


@pytest.mark.parametrize(("system", "lan"), [("Linux", LAN), ("Darwin", MAC)])
def test_what_could_not_be_sent_is_no_sleeping_host(
    run_module: Callable[..., dict[str, Any]], sleeper: Sleeper, system: str, lan: Any
) -> None:
    sleeper.sends_fail = "no route to host"
    result = run_module("wake_on_lan", {**HOST, "timeout": 1}, [lan], system=system)
    assert "could be sent to 10.66.1.11 (eth0 to 10.66.1.255: no route to host)." in result["msg"]
    assert ("launchd agent" in result["msg"]) == (system == "Darwin")


@pytest.mark.parametrize(
    ("status", "complaint"), [(200, None), (503, "it answers with status 503"), (None, "no answer within 10 seconds")]
)
def test_a_page_has_to_answer(monkeypatch: pytest.MonkeyPatch, status: int | None, complaint: str | None) -> None:
    def fetch(url: str, timeout: float) -> _http.Answer:
        assert (url, timeout) == ("http://10.66.1.11:8080/health", 10.0)
        if status is None:
            raise _http.HttpError("no answer within 10 seconds")
        return _http.Answer(status, b"")

    host = Sleeper()
    host.needs = 0
    monkeypatch.setattr(socket, "create_connection", host.connect)
    monkeypatch.setattr(_http, "fetch", fetch)
    assert answer.Question("10.66.1.11", 8080, path="/health").complaint() == complaint


def test_a_mac_binds_its_interface_and_linux_names_it_in_the_packet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "if_nametoindex", lambda _name: 7)
    done: list[Any] = []

    class Recorder:
        def __init__(self, *_kind: object) -> None:
            pass

        def __enter__(self) -> Recorder:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def setsockopt(self, *words: object) -> None:
            done.append(words)

        def setblocking(self, _flag: bool) -> None:
            pass

        def bind(self, address: object) -> None:
            done.append(address)

        def sendmsg(self, *words: Any) -> None:
            done.append(words[1:])
            if words[3][0] == "10.66.1.255":
                raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "socket", Recorder)
    there = ways.Way("en0", "10.66.1.10", ("10.66.1.255", "10.66.1.11"))
    bound = (socket.IPPROTO_IP, 25, (7).to_bytes(4, "little"))
    for system in ("Darwin", "Linux"):
        done.clear()
        out = sender.Sender(system, [there])
        out.send(packet.magic_packet(bytes(6)))
        assert (bound in done) == (system == "Darwin")
        assert ("10.66.1.10", 0) in done
        named = [(socket.IPPROTO_IP, 8, (7).to_bytes(4, "little") + bytes([10, 66, 1, 10]) + bytes(4))]
        assert done[-1] == ([] if system == "Darwin" else named, 0, ("10.66.1.11", 9))
        assert (out.sent, out.errors) == (1, {"en0 to 10.66.1.255": "network is unreachable"})


def test_the_time_limit_is_kept(clock: Any) -> None:
    def slow() -> str:
        _wait.sleep(0.4)
        return "timed out"

    attempt = waking.wake(slow, lambda: None, 1.2)
    assert (attempt.missing, attempt.seconds) == ("timed out", pytest.approx(1.2, abs=0.4))
