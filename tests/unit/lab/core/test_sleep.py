# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A host goes to sleep, a packet for its card wakes it, and nothing else does."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

import pytest

from lab import (
    arming,
    card,
    cgroups,
    cli,
    names,
    netns,
    power,
    preflight,
    process,
    sleep_state,
    sleeping,
    state,
    wiring,
)
from lab.errors import NotUpError
from lab.topology import Host, Topology

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LAB = "desk"
CARD = "02:00:00:00:00:01"
MAGIC = b"\xff" * 6 + bytes.fromhex(CARD.replace(":", "")) * 16


class Machine:
    """What the lab does to this machine, in its order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.frozen: set[str] = set()
        self.armed = True
        self.on = {"olab0", "olab1", "olab2"}
        self.frames: list[bytes] = []


@pytest.fixture
def machine(tmp_path: Path, desk: Topology, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Have a lab that is up, of which only the files are real."""
    made = Machine()
    for name in ("RUNTIME", "DISKS", "NETNS_DIRECTORY"):
        monkeypatch.setattr(names, name, tmp_path / name.lower())
    names.runtime(LAB).mkdir(parents=True)
    (names.runtime(LAB) / "log").mkdir()
    state.State(LAB, "/inventory", desk).save()

    def freeze(_lab: str, host: str, *, frozen: bool) -> None:
        made.done.append(f"{'freeze' if frozen else 'thaw'} {host}")
        (made.frozen.add if frozen else made.frozen.discard)(host)

    def kill(_lab: str, *parts: str) -> None:
        made.done.append(f"kill {'/'.join(parts)}")
        if len(parts) == 1:
            made.on.discard(parts[0])
            made.frozen.discard(parts[0])

    monkeypatch.setattr(preflight, "check_machine", lambda: None)
    monkeypatch.setattr(cgroups, "freeze", freeze)
    monkeypatch.setattr(cgroups, "is_frozen", lambda _lab, host: host in made.frozen)
    monkeypatch.setattr(cgroups, "processes", lambda _lab, host: [1] if host in made.on else [])
    monkeypatch.setattr(cgroups, "leader", lambda _lab, host: 1 if host in made.on else None)
    monkeypatch.setattr(cgroups, "kill", kill)
    monkeypatch.setattr(cgroups, "create", lambda *_words: [])
    monkeypatch.setattr(process, "batch", lambda _argv, lines: made.done.extend(lines))
    monkeypatch.setattr(
        wiring,
        "refresh",
        lambda lab, topology, *_: made.done.append(f"awake {' '.join(sorted(state.awake(lab, topology)))}"),
    )
    monkeypatch.setattr(arming, "is_armed", lambda _lab, _host: made.armed)
    monkeypatch.setattr(sleeping.subprocess, "Popen", lambda argv, **_named: made.done.append(" ".join(argv[-6:])))
    return made


DOWN = ["freeze olab0", "link set dev olab0.eth0 down", "awake olab1 olab2"]
UP = ["link set dev olab0.eth0 up", "thaw olab0", "awake olab0 olab1 olab2"]


def test_it_is_frozen_and_silent_before_its_card_listens(machine: Machine) -> None:
    assert cli.run(["--name", LAB, "sleep", "olab0", "--going-down", "4", "--waking", "7"]) == 0
    assert machine.done == [*DOWN, "lab.card desk olab0 4.0 7.0 1"]
    assert sleep_state.phase(LAB, "olab0") == "going down"


def test_one_that_has_not_armed_its_card_is_told(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.armed = False
    assert cli.run(["--name", LAB, "sleep", "olab0"]) == 0
    assert capsys.readouterr().err == (
        "lab: olab0 has not armed its card: no packet wakes it; `lab power press olab0` does\n"
    )
    assert machine.done[-1] == "lab.card desk olab0 2 3 0"


@pytest.mark.parametrize(
    ("host", "phase", "now"),
    [("olab9", None, "olab9"), ("olab0", None, "off"), ("olab0", "asleep", "asleep"), ("olab0", "waking", "waking")],
)
def test_only_one_that_runs_can_go_to_sleep(
    machine: Machine, capsys: pytest.CaptureFixture[str], host: str, phase: str | None, now: str
) -> None:
    machine.on.discard(host if phase is None else "")
    if phase:
        machine.frozen.add(host)
        sleep_state.write(LAB, host, phase)
    assert cli.run(["--name", LAB, "sleep", host]) != 0
    assert now in capsys.readouterr().err
    assert machine.done == []


@pytest.mark.parametrize("seconds", ["-1", "nan", "soon", "99999"])
def test_seconds_are_seconds(seconds: str) -> None:
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["sleep", "olab0", f"--waking={seconds}"])


@pytest.fixture
def slept(machine: Machine, desk: Topology, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Have olab0 go to sleep, with a clock that needs no time and a switch that sends what a test says."""
    power.sleep(LAB, desk.host("olab0"), going_down=4, waking=7)
    machine.done.clear()
    monkeypatch.setattr(card.time, "sleep", lambda seconds: machine.done.append(f"{seconds} s"))

    def heard(_frames: object, _lab: str, host: Host) -> bool:
        machine.done.append(f"{host.name} is {sleep_state.phase(LAB, host.name)}")
        return any(card.is_magic(frame, host.interfaces[0].address) for frame in machine.frames)

    monkeypatch.setattr(card, "plug_in", lambda _lab: contextlib.nullcontext())
    monkeypatch.setattr(card, "listen", heard)
    return machine


def frame(desk: Topology) -> bytes:
    """Return a magic packet for olab0, in a frame of something."""
    address = desk.host("olab0").interfaces[0].address
    return b"\x08\x42" + b"\xff" * 6 + bytes.fromhex(address.replace(":", "")) * 16 + b"more"


def test_a_packet_wakes_it_after_a_while(slept: Machine, desk: Topology) -> None:
    slept.frames = [frame(desk)]
    card.run(LAB, "olab0", 4, 7, armed=True)
    assert slept.done == ["4 s", "olab0 is asleep", "7 s", *UP]
    assert sleep_state.phase(LAB, "olab0") is None
    assert power.describe(LAB, desk.host("olab0")) == "running"


def test_one_that_is_not_armed_sleeps_on(slept: Machine, desk: Topology) -> None:
    slept.frames = [frame(desk)]
    card.run(LAB, "olab0", 4, 7, armed=False)
    assert slept.done == ["4 s"]
    assert power.describe(LAB, desk.host("olab0")) == "asleep"


def test_its_button_wakes_it_and_ends_its_card(slept: Machine, desk: Topology) -> None:
    power.press(LAB, desk.host("olab0"))
    assert slept.done == ["kill .cards/olab0", *UP]


def test_a_power_cut_ends_its_sleep_too(slept: Machine, desk: Topology) -> None:
    power.off(LAB, desk.host("olab0"))
    assert slept.done == ["kill olab0", "kill .cards/olab0", "link set dev olab0.eth0 up", "awake olab1 olab2"]
    assert power.describe(LAB, desk.host("olab0")) == "off"


def test_a_power_cut_while_it_wakes_wins(slept: Machine, desk: Topology, monkeypatch: pytest.MonkeyPatch) -> None:
    slept.frames = [frame(desk)]
    monkeypatch.setattr(card.time, "sleep", lambda seconds: seconds == 7 and power.off(LAB, desk.host("olab0")))
    card.run(LAB, "olab0", 4, 7, armed=True)
    assert "thaw olab0" not in slept.done


def test_it_does_not_shut_down_in_its_sleep(slept: Machine, desk: Topology) -> None:
    with pytest.raises(Exception, match="The host olab0 is asleep; wake it first"):
        power.shutdown(LAB, desk.host("olab0"))
    assert slept.done == []


def test_a_host_that_is_off_cannot_sleep(machine: Machine, desk: Topology) -> None:
    machine.on.clear()
    with pytest.raises(NotUpError, match="The host olab0 is off; only one that runs can go to sleep"):
        power.sleep(LAB, desk.host("olab0"), going_down=0, waking=0)


@pytest.mark.parametrize(
    ("heard", "wakes"),
    [
        pytest.param(MAGIC, True, id="bare"),
        pytest.param(b"any header" + MAGIC + b"password", True, id="wrapped"),
        pytest.param(MAGIC[:-1], False, id="short"),
        pytest.param(MAGIC.replace(b"\x01", b"\x02"), False, id="another-card"),
    ],
)
def test_magic(heard: bytes, wakes: bool) -> None:
    assert card.is_magic(heard, CARD) is wakes


def test_the_card_listens_for_as_long_as_the_host_is_frozen(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.frozen.add("olab0")
    asked: list[Any] = []

    class Switch:
        def __init__(self, *_words: object) -> None:
            self._frames: list[Any] = [b"noise", TimeoutError(), MAGIC]

        def __enter__(self) -> Switch:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def bind(self, address: object) -> None:
            asked.append(address)

        def setsockopt(self, *words: object) -> None:
            asked.append(words)

        def settimeout(self, _seconds: float) -> None:
            pass

        def recv(self, _size: int) -> bytes:
            heard = self._frames.pop(0)
            if isinstance(heard, Exception):
                raise heard
            return bytes(heard)

    @contextlib.contextmanager
    def inside(namespace: str) -> Iterator[None]:
        asked.append(namespace)
        yield

    monkeypatch.setattr(netns, "inside", inside)
    monkeypatch.setattr(card.socket, "socket", Switch)
    monkeypatch.setattr(socket, "if_nametoindex", lambda _name: 5)
    host = Host("olab0", "linux", "10.66.1.10", CARD)
    assert card.listen(card.plug_in(LAB), LAB, host)
    promiscuous = (5).to_bytes(4, "little") + b"\1\0\0\0" + bytes(8)
    assert asked[:3] == ["lab-desk", ("lan", 3), (263, 1, promiscuous)]
    machine.frozen.clear()
    assert not card.listen(card.plug_in(LAB), LAB, host)


LINK = "[Match]\nMACAddress={card}\n[Link]\nWakeOnLan={modes}\n"
PROFILE = "[connection]\nid=lan\n[ethernet]\nwake-on-lan={flags}\n"


@pytest.mark.parametrize(
    ("files", "armed"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"systemd/network/10-lan.link": LINK.format(card=CARD.upper(), modes="magic")}, True, id="link"),
        pytest.param({"systemd/network/10-lan.link": LINK.format(card=CARD, modes="off")}, False, id="off"),
        pytest.param(
            {"systemd/network/10-lan.link": LINK.format(card="02:00:00:00:00:99", modes="magic")},
            False,
            id="another-card",
        ),
        pytest.param({"systemd/network/10-lan.link": "MACAddress=what?"}, False, id="unreadable"),
        pytest.param(
            {"NetworkManager/system-connections/lan.nmconnection": PROFILE.format(flags=64)}, True, id="networkmanager"
        ),
        pytest.param(
            {"NetworkManager/system-connections/lan.nmconnection": PROFILE.format(flags=1)}, False, id="as-it-was"
        ),
    ],
)
def test_linux_arms_its_card_with_files(tmp_path: Path, files: dict[str, str], armed: bool) -> None:
    for name, text in files.items():
        path = tmp_path / "etc" / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    assert arming.linux_is_armed(tmp_path, CARD) is armed


@pytest.mark.parametrize(
    ("stored", "armed"),
    [(None, True), ('{"ac": {"womp": 0}}', False), ('{"ac": {"womp": 1}}', True), ('{"ac": {}}', True), ("{", True)],
)
def test_a_mac_arms_its_card_with_womp(tmp_path: Path, stored: str | None, armed: bool) -> None:
    path = tmp_path / names.SIMULATOR_DATABASE / "state" / "power.json"
    path.parent.mkdir(parents=True)
    if stored is not None:
        path.write_text(stored, encoding="utf-8")
    assert arming.mac_is_armed(tmp_path) is armed
