# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The runner runs for real here: processes, signals and files are what it is about."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the runner around a Python program; its log is `log` in the temporary directory."""
    started: list[subprocess.Popen[bytes]] = []

    def run(script: str, *options: str) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-IS", runner.__file__, "--log", f"{tmp_path}/log", "--memory", f"{tmp_path}/group"]
        argv += ["--limit", "1000", "--keep", "2", "--grace", "0.3", *options, "--", sys.executable, "-uc", script]
        started.append(subprocess.Popen(argv, cwd=tmp_path))
        return started[-1]

    yield run
    with contextlib.suppress(OSError, ValueError):
        os.killpg(int((tmp_path / "group").read_text().split()[0]), signal.SIGKILL)
    for process in started:
        process.kill()
        process.wait()


def eventually(question: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if question():
            return True
        time.sleep(0.02)
    return False


def content(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def alive(process: str) -> bool:
    """Tell whether a process is there and no zombie."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    return False


@pytest.mark.parametrize(
    ("script", "status"),
    [
        pytest.param("pass", 0, id="success"),
        pytest.param("raise SystemExit(7)", 7, id="failure"),
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137, id="killed"),
    ],
)
def test_it_ends_like_its_program(start: Callable[..., subprocess.Popen[bytes]], script: str, status: int) -> None:
    assert start(script).wait(10) == status


def test_a_program_that_is_not_there_is_said_in_the_log(tmp_path: Path) -> None:
    argv = [
        "--log",
        f"{tmp_path}/log",
        "--memory",
        f"{tmp_path}/group",
        "--limit",
        "9",
        "--keep",
        "0",
        "--",
        "/no/such",
    ]
    done = subprocess.run([sys.executable, "-IS", runner.__file__, *argv], check=False)
    assert done.returncode == 78
    assert content(tmp_path / "log") == "/no/such cannot be started: No such file or directory\n"


def test_both_streams_are_logged(start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path) -> None:
    start("import sys; print('out'); print('err', file=sys.stderr)").wait(10)
    assert content(tmp_path / "log") == "out\nerr\n"


def test_the_log_is_rotated_while_the_program_runs(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    process = start("import time\nfor n in range(40): print(f'{n:099}'); time.sleep(0.01)\ntime.sleep(60)")
    assert eventually(lambda: f"{39:099}" in content(tmp_path / "log"))
    assert process.poll() is None
    files = sorted(file.name for file in tmp_path.glob("log*"))
    assert files == ["log", "log.1", "log.2"]
    assert all((tmp_path / name).stat().st_size <= 1000 for name in files)
    kept = "".join(content(tmp_path / name) for name in ("log.2", "log.1", "log"))
    assert [int(line) for line in kept.split()] == list(range(int(kept[:99]), 40))


def test_a_stop_reaches_the_program_and_it_may_take_its_time(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    process = start(
        "import signal, sys, time\n"
        "def stop(*_):\n time.sleep(0.3); print('bye'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, stop); print('ready'); time.sleep(60)"
    )
    assert eventually(lambda: "ready\n" in content(tmp_path / "log"))
    process.terminate()
    assert process.wait(10) == 0
    assert content(tmp_path / "log") == "ready\nbye\n"
    assert not (tmp_path / "group").exists()


def test_a_signal_to_read_the_configuration_again_reaches_the_program_alone(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    process = start(
        "import signal, time\nsignal.signal(signal.SIGUSR2, lambda *_: print('again')); print('ready'); time.sleep(60)",
        "--forward",
        "USR2",
    )
    assert eventually(lambda: content(tmp_path / "log") == "ready\n")
    for number in (1, 2):
        process.send_signal(signal.SIGUSR2)
        assert eventually(lambda: content(tmp_path / "log") == "ready\n" + "again\n" * number)  # noqa: B023 - at once
    assert process.poll() is None
    process.terminate()
    assert process.wait(10) == 143


def test_such_a_signal_before_there_is_a_program_ends_nobody(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    process = start("import signal; print(signal.getsignal(signal.SIGHUP).name)", "--forward", "HUP", "--wait-for", "x")
    assert eventually(lambda: "waiting for x" in content(tmp_path / "log"))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.1)
    assert process.poll() is None
    (tmp_path / "x").touch()
    assert process.wait(10) == 0
    # And it leaves the program's own way with it alone.
    assert content(tmp_path / "log").endswith("\nSIG_DFL\n")


CHILD = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
PARENT = (
    "import subprocess, sys, time\n"
    f"child = subprocess.Popen([sys.executable, '-c', {CHILD!r}]); time.sleep(0.3); print(child.pid)\n"
)


def test_what_the_program_started_ends_with_it(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start(PARENT)
    assert eventually(lambda: content(tmp_path / "log").strip().isdigit())
    child = content(tmp_path / "log").strip()
    assert process.wait(15) == 0
    assert not alive(child)


def test_what_a_killed_runner_left_is_ended_by_the_next(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    first = start(PARENT + "time.sleep(60)")
    assert eventually(lambda: content(tmp_path / "log").strip().isdigit())
    child, leader = content(tmp_path / "log").strip(), content(tmp_path / "group").split()[0]
    first.kill()
    first.wait()
    assert alive(child)
    assert alive(leader)
    second = start("print('next')")
    assert second.wait(20) == 0
    assert not alive(child)
    assert not alive(leader)


def test_a_memory_from_before_a_restart_of_the_machine_ends_nobody(tmp_path: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    (tmp_path / "group").write_text(f"{bystander.pid} earlier")
    runner.Memory(tmp_path / "group", lambda: "now").end_leftovers(0.1)
    assert bystander.poll() is None
    assert not (tmp_path / "group").exists()
    bystander.kill()
    bystander.wait()


def test_it_waits_for_paths_and_can_be_stopped_meanwhile(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    missing = tmp_path / "volume"
    process = start("print('started')", "--wait-for", str(missing))
    assert eventually(lambda: content(tmp_path / "log") == f"waiting for {missing}\n")
    process.terminate()
    assert process.wait(10) == 0

    process = start("print('started')", "--wait-for", str(missing))
    missing.touch()
    assert process.wait(10) == 0
    assert content(tmp_path / "log").endswith("started\n")


def test_open_files(start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path) -> None:
    start("import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])", "--open-files", "777").wait(10)
    assert content(tmp_path / "log") == "777\n"


SECRETS = {
    "PLAIN": "canary-0123456789",
    "QUOTES": 'it\'s "quoted" `and` \\ escaped',
    "DOLLAR": "$HOME ${HOME} $(id) %n",
    "LINES": "one\n two\t\n",
    "WORLD": "schlüssel 鍵",
    "EMPTY": "",
}
DUMP = "import json, os; print(json.dumps({name: os.environ.get(name) for name in os.environ if name in %r}))"


def test_secrets_arrive_as_they_are(start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_text(json.dumps(SECRETS), encoding="utf-8")
    process = start(DUMP % sorted(SECRETS), "--environment", str(file))
    assert process.wait(10) == 0
    assert json.loads(content(tmp_path / "log")) == SECRETS


def test_secrets_are_in_nobodys_arguments(start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_text(json.dumps(SECRETS), encoding="utf-8")
    process = start("import time; print('ready'); time.sleep(60)", "--environment", str(file))
    assert eventually(lambda: content(tmp_path / "log") == "ready\n")
    group = content(tmp_path / "group").split()[0]
    seen = [Path(f"/proc/{number}/cmdline").read_bytes() for number in (process.pid, group)]
    assert SECRETS["PLAIN"].encode() not in b"".join(seen)
    # Nor in the environment of the runner itself, which anybody's tools may show.
    assert SECRETS["PLAIN"].encode() not in Path(f"/proc/{process.pid}/environ").read_bytes()
    assert SECRETS["PLAIN"].encode() in Path(f"/proc/{group}/environ").read_bytes()


UNREADABLE = [
    pytest.param(lambda file: file.unlink(), "No such file or directory", id="missing"),
    pytest.param(lambda file: file.rename(f"{file}.x") and file.symlink_to(f"{file}.x"), "Too many levels", id="link"),
    pytest.param(lambda file: file.write_text('{"A": canary'), "no JSON", id="damaged"),
]


@pytest.mark.parametrize(("damage", "reason"), UNREADABLE)
def test_without_its_secrets_the_program_does_not_start(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path, damage: Callable[[Path], object], reason: str
) -> None:
    file = tmp_path / "environment"
    file.write_text("{}")
    damage(file)
    process = start("print('started')", "--environment", str(file))
    assert process.wait(10) == 78
    assert content(tmp_path / "log").startswith(f"{file} cannot be read: {reason}")
    assert "canary" not in content(tmp_path / "log")


def test_only_the_service_and_its_group_read_the_log(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    (tmp_path / "log").write_text("from before\n")
    (tmp_path / "log").chmod(0o644)
    start("print('a' * 2000); print('b')").wait(10)
    files = list(tmp_path.glob("log*"))
    assert len(files) > 1
    assert {file.stat().st_mode & 0o777 for file in files} == {0o640}
