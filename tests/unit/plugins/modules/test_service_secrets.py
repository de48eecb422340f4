# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The secret part of a service's environment: in a file for the service alone, and in nothing that anybody is shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import launchd
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.environment import systemd_format

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLACE = "/opt/hybrid-ai/services/meter/environment"
SECRET = "canary-0123456789"
METER = {"name": "meter", "arguments": ["/opt/meter"], "user": "_meter", "environment": {"MODE": "fast"}}
WITH = {**METER, "secret_environment": {"HF_TOKEN": SECRET}}
OTHER = {**METER, "secret_environment": {"HF_TOKEN": f"another-{SECRET}"}}

LAUNCHCTL, LABEL = "/bin/launchctl", "hybrid-ai.meter"
PLIST = f"/Library/LaunchDaemons/{LABEL}.plist"
PRINT = [LAUNCHCTL, "print", f"system/{LABEL}"]
NOT_LOADED = call(PRINT, rc=113)
LOADED = call(PRINT, out=f"x = {{\n\tpath = {PLIST}\n\tstate = running\n\tpid = 42\n}}\n")
ENDED = call(PRINT, out=f"x = {{\n\tpath = {PLIST}\n\tstate = spawn scheduled\n\tlast exit code = 1\n}}\n")
ENABLED = call([LAUNCHCTL, "print-disabled", "system"])
LOAD = [call([LAUNCHCTL, "bootstrap", "system", PLIST]), LOADED, LOADED, LOADED]
UNLOAD = [call([LAUNCHCTL, "bootout", f"system/{LABEL}"]), NOT_LOADED]

SYSTEMCTL, UNIT = "/usr/bin/systemctl", "hybrid-ai-meter.service"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"
PROPERTIES = ("ActiveState", "SubState", "MainPID", "UnitFileState", "NeedDaemonReload", "ExecMainStatus")
SHOW = [SYSTEMCTL, "show", *[word for name in PROPERTIES for word in ("-p", name)], UNIT]
ACTIVE = call(SHOW, out="ActiveState=active\nSubState=running\nMainPID=42\nUnitFileState=enabled\n")
LOOPING = call(SHOW, out="ActiveState=activating\nSubState=auto-restart\nMainPID=0\nUnitFileState=enabled\n")
UNKNOWN = call(SHOW, out="ActiveState=inactive\nMainPID=0\n")
JOURNAL = ["/usr/bin/journalctl", "-u", UNIT, "-n", "10", "-o", "cat", "--no-pager"]


def systemctl(verb: str, *unit: str) -> Call:
    return call([SYSTEMCTL, verb, *unit])


START = [systemctl("daemon-reload"), systemctl("enable", UNIT), systemctl("start", UNIT), ACTIVE, ACTIVE, ACTIVE]


@dataclass(frozen=True)
class Platform:
    """The commands of one supervisor, by what happens."""

    system: str
    owner: tuple[int, int]
    file: str
    """The unit or the property list, which everybody can read."""
    first: list[Call]
    running: list[Call]
    new: list[str]
    start: list[Call]
    restart: list[Call]
    restarted: list[str]
    plain: list[Call]
    plain_steps: list[str]
    remove: list[Call]
    remove_steps: list[str]
    crash: list[Call]


PLATFORMS = [
    Platform(
        "Darwin",
        (450, 451),
        PLIST,
        first=[ENABLED, NOT_LOADED],
        running=[ENABLED, LOADED],
        new=["install_runner", "make_log_directory", "write_environment", "write", "load"],
        start=LOAD,
        restart=[*UNLOAD, *LOAD],
        restarted=["unload", "write_environment", "load"],
        plain=[*UNLOAD, *LOAD],
        plain_steps=["unload", "remove_environment", "write", "load"],
        remove=UNLOAD,
        remove_steps=["unload", "remove", "remove_files"],
        crash=[*LOAD[:1], ENDED, *[ENDED] * 31],
    ),
    Platform(
        "Linux",
        (0, 0),
        UNIT_FILE,
        first=[UNKNOWN],
        running=[ACTIVE],
        new=["write", "write_environment", "reload", "enable", "start"],
        start=START,
        restart=[systemctl("stop", UNIT), systemctl("start", UNIT), ACTIVE, ACTIVE, ACTIVE],
        restarted=["stop", "write_environment", "start"],
        plain=[systemctl("stop", UNIT), START[0], START[2], ACTIVE, ACTIVE, ACTIVE],
        plain_steps=["stop", "write", "remove_environment", "reload", "start"],
        remove=[systemctl("stop", UNIT), systemctl("disable", UNIT), systemctl("daemon-reload"), UNKNOWN],
        remove_steps=["stop", "disable", "remove_environment", "remove", "reload"],
        crash=[*START[:3], *[LOOPING] * 32],
    ),
]


@pytest.fixture(params=PLATFORMS, ids=lambda platform: platform.system)
def platform(request: pytest.FixtureRequest, host_files: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    for directory in ("Library/LaunchDaemons", "etc/systemd/system", "opt/hybrid-ai", "var/log/hybrid-ai"):
        (host_files / directory).mkdir(parents=True)
    monkeypatch.setattr(launchd, "user_ids", lambda description: (450, 451))
    found: Platform = request.param
    return found


@pytest.fixture
def service(
    platform: Platform, run_module: Callable[..., dict[str, Any]], host_files: Path
) -> Callable[..., dict[str, Any]]:
    """Run the module; nothing it says, and nothing that everybody can read, may hold the secret."""

    def run(args: dict[str, Any], calls: list[Call], *, check: bool = False) -> dict[str, Any]:
        result = run_module("service", args, calls, check=check, diff=True, system=platform.system)
        assert SECRET not in json.dumps(result)
        readable = [path for path in host_files.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
        assert [str(path) for path in readable if SECRET.encode() in path.read_bytes()] == []
        return result

    return run


def content(host: Path) -> str:
    return (host / PLACE.lstrip("/")).read_text()


def test_a_new_secret_is_written_for_the_service_alone(
    platform: Platform, service: Callable[..., dict[str, Any]], host_files: Path
) -> None:
    predicted = service(WITH, platform.first, check=True)
    assert not _files.exists(PLACE)
    result = service(WITH, [*platform.first, *platform.start])
    assert predicted["steps"] == result["steps"] == platform.new
    assert predicted["diff"] == result["diff"]
    assert result["diff"]["before"]["secret_environment"] == "none"
    assert result["diff"]["after"]["secret_environment"] == "set"
    assert SECRET in content(host_files)
    assert _files.mode_and_owner(PLACE) == (0o600, *platform.owner)
    assert PLACE in _files.real(platform.file).read_text()
    assert result["invocation"]["module_args"]["secret_environment"] == ["HF_TOKEN"]


def test_the_same_secret_is_no_change(platform: Platform, service: Callable[..., dict[str, Any]]) -> None:
    service(WITH, [*platform.first, *platform.start])
    result = service(WITH, platform.running)
    assert (result["changed"], result["steps"]) == (False, [])
    assert result["diff"]["before"] == result["diff"]["after"]


def test_another_secret_restarts_once(
    platform: Platform, service: Callable[..., dict[str, Any]], host_files: Path
) -> None:
    service(WITH, [*platform.first, *platform.start])
    predicted = service(OTHER, platform.running, check=True)
    result = service(OTHER, [*platform.running, *platform.restart])
    assert predicted["steps"] == result["steps"] == platform.restarted
    assert (result["restarted"], result["diff"]["after"]["secret_environment"]) == (True, "changed")
    assert "another-" in content(host_files)
    assert service(OTHER, platform.running)["changed"] is False


def test_a_file_that_others_may_read_is_closed_without_a_restart(
    platform: Platform, service: Callable[..., dict[str, Any]], host_files: Path
) -> None:
    service(WITH, [*platform.first, *platform.start])
    _files.real(PLACE).chmod(0o644)
    looks = platform.running * (2 if platform.system == "Linux" else 1)
    result = service(WITH, looks)
    assert (result["steps"], result["restarted"]) == (["write_environment"], False)
    assert _files.mode_and_owner(PLACE) == (0o600, *platform.owner)


def test_without_secrets_the_file_goes(platform: Platform, service: Callable[..., dict[str, Any]]) -> None:
    service(WITH, [*platform.first, *platform.start])
    result = service(METER, [*platform.running, *platform.plain])
    assert result["steps"] == platform.plain_steps
    assert result["diff"]["after"]["secret_environment"] == "none"
    assert not _files.exists(PLACE)
    assert "environment" not in _files.real(platform.file).read_text()


def test_absent_leaves_nothing(platform: Platform, service: Callable[..., dict[str, Any]], host_files: Path) -> None:
    service(WITH, [*platform.first, *platform.start])
    result = service({**WITH, "state": "absent"}, [*platform.running, *platform.remove])
    assert result["steps"] == platform.remove_steps
    assert list(host_files.rglob("*meter*")) == []
    assert not _files.exists("/opt/hybrid-ai/services")


def test_a_secret_stands_over_a_plain_variable(platform: Platform, service: Callable[..., dict[str, Any]]) -> None:
    service({**WITH, "environment": {"HF_TOKEN": "plain"}}, [*platform.first, *platform.start])
    assert "plain" not in _files.real(platform.file).read_text()


def test_a_log_that_repeats_the_secret_is_shown_without_it(
    platform: Platform, service: Callable[..., dict[str, Any]]
) -> None:
    said = f"HF_TOKEN {SECRET} is refused: {SECRET[:10]}... is not a token"
    log = _files.real("/var/log/hybrid-ai/meter/meter.log")
    log.parent.mkdir()
    log.write_text(f"{said}\n")
    log.chmod(0o600)
    journal = [call(JOURNAL, out=said)] if platform.system == "Linux" else []
    result = service(WITH, [*platform.first, *platform.crash, *journal])
    assert result["failed"]
    assert result["msg"].endswith("HF_TOKEN *** is refused: ***... is not a token")


def test_words_of_a_secret_configuration_are_not_repeated(
    platform: Platform, service: Callable[..., dict[str, Any]], host_files: Path
) -> None:
    configuration = host_files / "opt/hybrid-ai/etc/meter/meter.yml"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(f"token: {SECRET}\n")
    configuration.chmod(0o600)
    log = _files.real("/var/log/hybrid-ai/meter/meter.log")
    log.parent.mkdir()
    log.write_text(f"meter.yml: line 1: token {SECRET} has ended\n")
    log.chmod(0o600)
    journal = [call(JOURNAL, out=log.read_text())] if platform.system == "Linux" else []
    args = {**METER, "secret_files": ["/opt/hybrid-ai/etc/meter"]}
    result = service(args, [*platform.first, *platform.crash, *journal])
    assert result["msg"].endswith("meter.yml: line 1: token *** has ended")


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(
    platform: Platform, service: Callable[..., dict[str, Any]], host_files: Path
) -> None:
    service(WITH, [*platform.first, *platform.start])
    victim = host_files / "victim"
    victim.write_text("untouched")
    _files.real(PLACE).unlink()
    _files.real(PLACE).symlink_to(victim)
    assert service(WITH, [*platform.running, *platform.restart])["steps"] == platform.restarted
    assert victim.read_text() == "untouched"
    assert not _files.real(PLACE).is_symlink()


def test_a_directory_that_is_a_link_is_refused(
    platform: Platform, service: Callable[..., dict[str, Any]], host_files: Path
) -> None:
    directory = host_files / "opt/hybrid-ai/services/meter"
    directory.parent.mkdir(parents=True)
    (host_files / "elsewhere").mkdir()
    directory.symlink_to(host_files / "elsewhere")
    result = service(WITH, platform.first)
    assert result["msg"].startswith("/opt/hybrid-ai/services/meter is a link or does not belong to root")
    assert list((host_files / "elsewhere").iterdir()) == []


REFUSED = [
    pytest.param(
        {"A-B": SECRET}, "'A-B' is not a valid name of an environment variable of the service meter.", id="name"
    ),
    pytest.param(
        {"A": f"{SECRET}\rb"},
        "The environment variable A of the service meter has a character that systemd does not pass on: of control"
        " characters only tabs and line breaks are possible.",
        id="control",
    ),
    pytest.param(
        {"A": [SECRET]}, "The environment variable A of the service meter is not a string: put it in quotes.", id="list"
    ),
    pytest.param(
        {"HYBRID_AI_RESTART_TOKEN": SECRET},
        "The environment variable HYBRID_AI_RESTART_TOKEN of the service meter is our own: leave it out.",
        id="ours",
    ),
]


@pytest.mark.parametrize(("variables", "message"), REFUSED)
def test_what_cannot_be_passed_on_is_refused_without_its_value(
    platform: Platform, service: Callable[..., dict[str, Any]], variables: dict[str, Any], message: str
) -> None:
    assert service({**METER, "secret_environment": variables}, [])["msg"] == message


def test_short_values_do_not_strike_out_every_sentence(
    platform: Platform, service: Callable[..., dict[str, Any]]
) -> None:
    args = {**METER, "secret_environment": {"OFFLINE": "1", "MODE": "true"}, "user": "_meter1"}
    result = service(args, platform.first, check=True)
    assert result["invocation"]["module_args"]["user"] == "_meter1"


ENVIRONS = [
    pytest.param(b"INVOCATION_ID=1\0HF_TOKEN=" + SECRET.encode() + b"\0", None, id="there"),
    pytest.param(b"meter: working\0\0", None, id="written over"),
    pytest.param(b"INVOCATION_ID=1\0HF_TOKEN=\0", "HF_TOKEN", id="another"),
]


@pytest.mark.parametrize(("environ", "missing"), ENVIRONS)
def test_the_running_program_is_looked_at(
    environ: bytes, missing: str | None, run_module: Callable[..., dict[str, Any]], host_files: Path
) -> None:
    for directory in ("etc/systemd/system", "proc/42"):
        (host_files / directory).mkdir(parents=True)
    (host_files / "proc/42/environ").write_bytes(environ)
    result = run_module("service", WITH, [UNKNOWN, *START], system="Linux")
    if missing is None:
        assert result["changed"]
    else:
        expected = f"{UNIT} runs without {missing} of its secret environment: read `journalctl _PID=1`."
        assert result["msg"] == expected


def test_the_format_of_systemd() -> None:
    variables = {"B": 'it\'s a "b" \\ $HOME `x`', "A": "ü\n two\t"}
    assert systemd_format(variables).decode() == 'A="ü\n two\t"\nB="it\'s a \\"b\\" \\\\ \\$HOME \\`x\\`"\n'
