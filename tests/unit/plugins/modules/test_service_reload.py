# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A service that says how it is reloaded: the program itself is asked which configuration it serves."""

from __future__ import annotations

import plistlib
import socket
import socketserver
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import launchd, reloading
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import Description
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.systemd import make_unit

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

UNIT = "hybrid-ai-front.service"
SYSTEMCTL = "/usr/bin/systemctl"
SHOW = [SYSTEMCTL, "show", "-p", "ActiveState", "-p", "SubState", "-p", "MainPID", "-p", "UnitFileState"]
SHOW += ["-p", "NeedDaemonReload", "-p", "ExecMainStatus", UNIT]
CHECK = ["/usr/sbin/front", "-c", "-f", "/etc/$front"]
RELOAD = {"signal": "USR2", "check": CHECK, "socket": "/s", "request": "show info", "stamp": "new", "timeout": 3}
FRONT: dict[str, Any] = {
    "name": "front",
    "arguments": ["/usr/sbin/front", "-f", "/etc/front"],
    "user": "front",
    "notifies": True,
    "reload": RELOAD,
}
DESCRIPTION = Description(
    "front", "front", FRONT["arguments"], user="front", notifies=True, reload=reloading.Reload(**RELOAD)
)


class Front:
    """A program that answers at its socket; what it shows is a line among others."""

    def __init__(self, path: Path) -> None:
        self.shows: str | None = "old"
        self.asked: list[bytes] = []
        front = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                front.asked.append(self.rfile.readline())
                if front.shows is not None:
                    self.wfile.write(f"Name: front\ndescription: {front.shows}\nPid: 43\n".encode())

        self.server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def show(self, text: str | None) -> Callable[[], None]:
        """Return what changes the text that it shows."""
        return lambda: setattr(self, "shows", text)


@pytest.fixture
def front(host_files: Path) -> Iterator[Front]:
    """Run the program on a host where its unit is as wanted."""
    directory = host_files / "etc/systemd/system"
    directory.mkdir(parents=True)
    (directory / UNIT).write_text(make_unit(DESCRIPTION))
    (directory / UNIT).chmod(0o644)
    made = Front(host_files / "s")
    yield made
    made.server.shutdown()
    made.server.server_close()


def show(active: str = "active", pid: int = 42, sub: str = "running") -> Call:
    values = f"ActiveState={active}\nSubState={sub}\nMainPID={pid}\nUnitFileState=enabled\nNeedDaemonReload=no\n"
    return call(SHOW, out=f"{values}ExecMainStatus=0\n")


def journal(text: str) -> Call:
    return call(["/usr/bin/journalctl", "-u", UNIT, "-n", "10", "-o", "cat", "--no-pager"], out=text)


CHECKED = call(CHECK)
CHECKER = "The program that checks the configuration of the service front"


def asked(**more: Any) -> dict[str, Any]:
    return {**FRONT, "reload": {**RELOAD, **more}}


def told(effect: Callable[[], None] | None = None) -> Call:
    return call([SYSTEMCTL, "reload", UNIT], effect=effect)


def test_its_unit_says_how() -> None:
    text = make_unit(DESCRIPTION)
    assert "Type=notify\n" in text
    assert 'ExecReload="/usr/sbin/front" "-c" "-f" "/etc/$$front"\nExecReload=/bin/kill -USR2 $MAINPID\n' in text
    assert "new" not in text.split()


def test_a_service_that_does_not_say_how_is_as_before() -> None:
    text = make_unit(Description("front", "front", FRONT["arguments"]))
    assert "Type=exec\n" in text
    assert "ExecReload" not in text


def test_what_it_serves_already_is_left_alone(run_module, front: Front) -> None:
    front.shows = "new"
    result = run_module("service", FRONT, [show()], system="Linux", diff=True)
    assert (result["changed"], result["steps"], result["reloaded"], result["restarted"]) == (False, [], False, False)
    assert result["diff"]["before"] == result["diff"]["after"]
    assert front.asked == [b"show info\n"]


def test_another_configuration_is_taken_without_an_end(run_module, front: Front) -> None:
    calls = [show(), CHECKED, told(front.show("new")), show(), show()]
    result = run_module("service", FRONT, calls, system="Linux", diff=True)
    assert (result["changed"], result["steps"]) == (True, ["reload_configuration"])
    assert (result["reloaded"], result["restarted"]) == (True, False)
    assert result["diff"]["before"]["configuration"] == "another one"
    assert result["diff"]["after"]["configuration"] == "as wanted"
    assert "warnings" not in result


def test_check_mode_asks_and_tells_nobody(run_module, front: Front) -> None:
    result = run_module("service", FRONT, [show()], system="Linux", check=True)
    assert (result["changed"], result["steps"], result["reloaded"]) == (True, ["reload_configuration"], True)
    assert front.shows == "old"


def test_a_configuration_that_is_refused_is_never_read(run_module, front: Front) -> None:
    refused = call(CHECK, rc=1, err="[ALERT] parsing [front.cfg:3]: unknown keyword\n\nnothing is read\n")
    result = run_module("service", FRONT, [show(), refused], system="Linux")
    assert result["failed"]
    assert result["msg"] == (
        "/usr/sbin/front refuses the configuration of the service front, which goes on with the one that it has:"
        " [ALERT] parsing [front.cfg:3]: unknown keyword | nothing is read"
    )
    assert front.shows == "old"


def test_a_program_that_goes_on_with_the_old_one_is_an_error(run_module, front: Front) -> None:
    calls = [show(), CHECKED, told(), show(), journal("cannot bind socket\n")]
    result = run_module("service", FRONT, calls, system="Linux")
    assert result["failed"]
    assert result["msg"] == (
        "The service front did not take its configuration within 3 seconds: it still serves another one; the end of the"
        " journal of hybrid-ai-front.service: cannot bind socket"
    )


@pytest.mark.parametrize("silent", ["closes", "is gone"])
def test_a_program_that_says_nothing_is_told_and_has_to_prove(run_module, front: Front, host_files, silent) -> None:
    if silent == "closes":
        front.shows = None
    else:
        (host_files / "s").unlink()
    calls = [show(), CHECKED, told(), show(), journal("")]
    result = run_module("service", FRONT, calls, system="Linux")
    assert result["failed"]
    assert result["msg"].endswith("within 3 seconds: it does not answer at /s")


def test_a_part_of_a_word_is_no_proof(run_module, front: Front) -> None:
    front.shows = "newer"
    result = run_module("service", FRONT, [show()], system="Linux", check=True)
    assert result["changed"]


def test_one_that_ended_instead_is_told_of(run_module, front: Front) -> None:
    calls = [show(), CHECKED, told(front.show("new")), show(pid=77), show(pid=77)]
    result = run_module("service", FRONT, calls, system="Linux")
    assert (result["reloaded"], result["restarted"]) == (True, True)
    assert "what was open has been cut off" in str(result["warnings"])


def test_one_that_keeps_ending_is_started_anew(run_module, front: Front) -> None:
    looping = show("activating", 0, "auto-restart")
    calls = [looping, call([SYSTEMCTL, "stop", UNIT]), call([SYSTEMCTL, "start", UNIT], effect=front.show("new"))]
    result = run_module("service", FRONT, [*calls, show(), show(), show()], system="Linux")
    assert (result["steps"], result["restarted"], result["reloaded"]) == (["stop", "start"], True, False)


def test_a_start_is_no_proof_either(run_module, front: Front) -> None:
    calls = [show("inactive", 0, "dead"), call([SYSTEMCTL, "start", UNIT]), show(), show(), show(), journal("")]
    result = run_module("service", FRONT, calls, system="Linux")
    assert result["failed"]
    assert "it still serves another one" in result["msg"]


def test_one_that_waits_for_its_files_is_left_to_wait(run_module, front: Front, host_files) -> None:
    waiting = {**FRONT, "wait_for_paths": ["/mnt/x"]}
    description = Description(**{**vars(DESCRIPTION), "wait_for_paths": ["/mnt/x"]})
    (host_files / "etc/systemd/system" / UNIT).write_text(make_unit(description))
    result = run_module("service", waiting, [show("activating", 7, "start-pre")], system="Linux")
    assert (result["changed"], front.asked) == (False, [])


def test_a_changed_description_is_a_restart(run_module, front: Front) -> None:
    calls = [call([SYSTEMCTL, "stop", UNIT]), call([SYSTEMCTL, "daemon-reload"])]
    calls += [call([SYSTEMCTL, "start", UNIT], effect=front.show("new")), show(), show(), show()]
    result = run_module("service", {**FRONT, "stop_seconds": 9}, [show(), *calls], system="Linux")
    assert result["steps"] == ["stop", "write", "reload", "start"]


def test_one_that_is_stopped_is_not_asked(run_module, front: Front) -> None:
    calls = [show(), call([SYSTEMCTL, "stop", UNIT]), call([SYSTEMCTL, "disable", UNIT])]
    stopped = call(SHOW, out="ActiveState=inactive\nSubState=dead\nMainPID=0\nUnitFileState=disabled\n")
    run_module("service", {**FRONT, "state": "stopped"}, [*calls, stopped], system="Linux")
    assert front.asked == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (asked(stamp=""), "The stamp of the configuration of the service front is not one word: use a checksum."),
        (asked(stamp="a b"), "The stamp of the configuration of the service front is not one word: use a checksum."),
        (
            asked(check=["front", "-c"]),
            f"{CHECKER} must be an absolute path, which front is not.",
        ),
        (
            {**FRONT, "restart": "never"},
            "The service front may end for good (restart: never), so it cannot be reloaded too.",
        ),
    ],
)
def test_what_cannot_be(run_module, host_files, options, sentence) -> None:
    result = run_module("service", options, system="Linux")
    assert (result["failed"], result["msg"]) == (True, sentence)


def test_one_who_never_ends_his_answer_is_not_waited_for(host_files, monkeypatch) -> None:
    monkeypatch.setattr(reloading, "ANSWER_SECONDS", 0.1)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(host_files / "s"))
        server.listen()
        assert reloading.Reload(**RELOAD).served() is None


LABEL = "hybrid-ai.front"
LAUNCHCTL = "/bin/launchctl"
PLIST = f"/Library/LaunchDaemons/{LABEL}.plist"
ENABLED = call([LAUNCHCTL, "print-disabled", "system"], out="\tdisabled services = {\n\t}\n")


def job(pid: int = 42) -> Call:
    text = f"x = {{\n\tpath = {PLIST}\n\tstate = running\n\tpid = {pid}\n\tlast exit code = 0\n}}\n"
    return call([LAUNCHCTL, "print", f"system/{LABEL}"], out=text)


@pytest.fixture
def front_of_a_mac(front: Front, host_files: Path, monkeypatch) -> Front:
    """Have launchd's files as they are wanted, too."""
    monkeypatch.setattr(launchd, "user_ids", lambda _: (450, 450))
    logs = "/var/log/hybrid-ai/front"
    for directory in ("Library/LaunchDaemons", "opt/hybrid-ai/services/front", "var/log/hybrid-ai"):
        (host_files / directory).mkdir(parents=True)
    runner = "/opt/hybrid-ai/services/front/run"
    (host_files / PLIST.lstrip("/")).write_bytes(plistlib.dumps(launchd.make_plist(DESCRIPTION, LABEL, runner)))
    (host_files / PLIST.lstrip("/")).chmod(0o644)
    (host_files / runner.lstrip("/")).write_bytes(launchd.runner_source())
    (host_files / runner.lstrip("/")).chmod(0o755)
    _files.make_directory(logs, 0o755, (450, 450))
    _files.make_file(f"{logs}.launchd.log", 0o644, (450, 450))
    return front


def signalled(rc: int = 0, effect: Callable[[], None] | None = None) -> Call:
    return call([LAUNCHCTL, "kill", "SIGUSR2", f"system/{LABEL}"], rc=rc, err="no" if rc else "", effect=effect)


def test_what_runs_it_on_a_mac_passes_the_signal_on() -> None:
    words = launchd.make_plist(DESCRIPTION, LABEL, "/run")["ProgramArguments"]
    assert words[words.index("--forward") + 1] == "USR2"
    assert words[0] == sys.executable
    assert "--forward" not in launchd.make_plist(Description("front"), LABEL, "/run")["ProgramArguments"]


def test_a_mac_takes_another_configuration(run_module, front_of_a_mac: Front) -> None:
    front = front_of_a_mac
    calls = [ENABLED, job(), CHECKED, signalled(effect=front.show("new")), job()]
    result = run_module("service", FRONT, calls)
    assert (result["steps"], result["reloaded"], result["restarted"]) == (["reload_configuration"], True, False)
    assert run_module("service", FRONT, [ENABLED, job()])["changed"] is False


def test_a_mac_whose_program_goes_on_with_the_old_one(run_module, front_of_a_mac: Front) -> None:
    result = run_module("service", FRONT, [ENABLED, job(), CHECKED, signalled()])
    assert result["failed"]
    assert "it still serves another one" in result["msg"]
    assert front_of_a_mac.shows == "old"


def test_a_mac_that_sends_no_signal(run_module, front_of_a_mac: Front) -> None:
    result = run_module("service", FRONT, [ENABLED, job(), CHECKED, signalled(rc=3)])
    assert result["msg"] == f"SIGUSR2 could not be sent to {LABEL} (status 3): no"
    assert front_of_a_mac.shows == "old"
