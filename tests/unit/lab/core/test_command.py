# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lab import access, cli, names, preflight, state, status
from lab.errors import EXIT_NOT_UP, EXIT_UNKNOWN_HOST, EXIT_USAGE, LabError
from lab.topology import End, Topology

if TYPE_CHECKING:
    from pathlib import Path

SHADOW = "root:*:19000:0:99999:7:::\nadmin:!:19000:0:99999:7:::\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every path of the lab in a temporary directory, and accept this machine."""
    for name in ("CACHE", "DISKS", "RUNTIME", "NETNS_DIRECTORY"):
        monkeypatch.setattr(names, name, tmp_path / name.lower())
    monkeypatch.setattr(preflight, "check_machine", lambda: None)


@pytest.fixture
def running(desk: Topology, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that a lab is up."""
    names.runtime("desk").mkdir(parents=True)
    state.State("desk", "/inventory", desk).save()


@pytest.mark.parametrize(
    ("argv", "code", "sentence"),
    [
        pytest.param(
            ["--name", "My-Lab", "status"],
            EXIT_USAGE,
            "lab: The lab name 'My-Lab' is not usable: write 1 to 11 lower-case letters and digits, a letter first.\n",
            id="lab name",
        ),
        pytest.param(
            ["--name", "other", "status"],
            EXIT_NOT_UP,
            "lab: The lab other is not up; start it with `lab --name other up`.\n",
            id="not up",
        ),
        pytest.param(
            ["--name", "desk", "power", "off", "olab9"],
            EXIT_UNKNOWN_HOST,
            "lab: The lab has no host olab9; it has olab0, olab1, olab2.\n",
            id="unknown host",
        ),
        pytest.param(
            ["--name", "desk", "cable", "olab1:1", "olab2"],
            EXIT_USAGE,
            "lab: 'olab2' is not a valid end of a cable; write HOST:PORT, for example olab1:2.\n",
            id="no port",
        ),
        pytest.param(
            ["--name", "desk", "cable", "olab1:1", "olab1:1"],
            EXIT_USAGE,
            "lab: A cable has two ends, and olab1:1 is one.\n",
            id="cable with one end",
        ),
        pytest.param(
            ["--name", "desk", "cable", "--unplug", "olab1:3", "olab2:3"],
            EXIT_USAGE,
            "lab: There is no cable olab1:3 olab2:3.\n",
            id="cable that is not there",
        ),
    ],
)
@pytest.mark.usefixtures("running")
def test_errors_are_one_line(argv: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(argv) == code
    captured = capsys.readouterr()
    assert captured.err == sentence
    assert captured.out == ""


@pytest.mark.usefixtures("running")
def test_verbose_shows_where_an_error_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["-v", "--name", "other", "status"])
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.usefixtures("running")
def test_command_of_exec_keeps_its_options() -> None:
    options = cli.parser().parse_args(["exec", "olab1", "--", "ls", "-l"])
    assert cli._command(options) == ["ls", "-l"]


def test_damaged_state_is_no_state() -> None:
    names.runtime("desk").mkdir(parents=True)
    (names.runtime("desk") / "lab.json").write_text("{", encoding="utf-8")
    assert state.load_or_none("desk") is None


def test_end_of_a_cable() -> None:
    assert cli.parse_end("olab1:2") == End("olab1", 2)


def test_hash_goes_into_shadow_and_comes_from_the_password() -> None:
    hashed = access.password_hash("secret")
    assert access.password_hash("secret") != hashed  # salted
    text = access.shadow_with(SHADOW, "admin", hashed)
    assert text.splitlines()[1] == f"admin:{hashed}:19000:0:99999:7:::"
    assert access.shadow_with("root:*:1:::::\n", "admin", hashed).endswith(f"admin:{hashed}:19000:0:99999:7:::\n")


def test_password_is_made_once_and_private() -> None:
    names.runtime("desk").mkdir(parents=True)
    first = access.password("desk")
    assert first == access.password("desk")
    assert len(first) >= 20
    assert (names.runtime("desk") / "password").stat().st_mode & 0o777 == 0o600


def test_ssh_finds_hosts_by_name_and_address(desk: Topology) -> None:
    text = access.ssh_config("desk", desk)
    assert "Host olab1 10.66.1.11\n    HostName 10.66.1.11\n" in text
    assert "connect.py lab-desk %h %p\n    ProxyUseFdpass yes\n" in text
    assert "StrictHostKeyChecking yes" in text


@pytest.mark.usefixtures("running")
def test_two_labs_are_not_mistaken_for_each_other() -> None:
    names.NETNS_DIRECTORY.mkdir()
    for name in ("lab-a", "lab-a-x", "lab-ab", "lab-ab-x", "other"):
        (names.NETNS_DIRECTORY / name).touch()
    assert names.lab_namespaces("a") == ["lab-a-x", "lab-a"]
    assert names.existing_labs() == ["a", "ab", "desk"]


def test_lab_name_that_fits_everywhere() -> None:
    assert names.check_lab_name("olab") == "olab"
    with pytest.raises(LabError):
        names.check_lab_name("a" * 12)


def test_table() -> None:
    collected = {
        "hosts": [
            {
                "name": "olab1",
                "kind": "macos",
                "state": "running",
                "address": "10.66.1.11",
                "model": "Mac16,10",
                "release": "26.5",
                "uptime_seconds": 61,
            },
            {
                "name": "gpu1",
                "kind": "linux",
                "state": "off",
                "address": "10.66.1.20",
                "model": "",
                "release": "",
                "uptime_seconds": None,
            },
        ],
        "cables": [["olab1:1", "olab2:1"]],
    }
    assert status.render(collected).splitlines() == [
        "HOST   STATE    ADDRESS     MACHINE              UP",
        "olab1  running  10.66.1.11  Mac16,10 macOS 26.5  1m 01s",
        "gpu1   off      10.66.1.20  Linux                -",
        "cable  olab1:1 - olab2:1",
    ]
    assert json.loads(json.dumps(collected)) == collected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(None, "-"), (5.9, "5s"), (125, "2m 05s"), (7260, "2h 01m")], ids=["off", "s", "m", "h"]
)
def test_duration(seconds: float | None, expected: str) -> None:
    assert status.duration(seconds) == expected
