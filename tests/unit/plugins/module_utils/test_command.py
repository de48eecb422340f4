# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import sys
import time

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    CommandError,
    Commands,
    Result,
    require_root,
)

PYTHON = [sys.executable, "-c"]


@pytest.mark.parametrize(
    ("argv", "stdin", "result"),
    [
        pytest.param([*PYTHON, "print('ä')"], None, Result(0, "ä\n", ""), id="output"),
        pytest.param([*PYTHON, "import sys; sys.exit('no')"], None, Result(1, "", "no\n"), id="failure"),
        pytest.param([*PYTHON, "print(repr(input()))"], "secret\n", Result(0, "'secret'\n", ""), id="standard-input"),
        pytest.param([*PYTHON, "import sys; print(sys.stdin.read())"], None, Result(0, "\n", ""), id="closed-input"),
        pytest.param([*PYTHON, "import os; print(os.environ['LC_ALL'])"], None, Result(0, "C\n", ""), id="language"),
    ],
)
def test_run(argv: list[str], stdin: str | None, result: Result) -> None:
    assert Commands().run(argv, stdin) == result


def test_a_command_that_hangs_is_ended_with_its_children() -> None:
    started = time.monotonic()
    script = "import subprocess, time; subprocess.Popen(['sleep', '30']); time.sleep(30)"
    with pytest.raises(CommandError, match="did not finish within 1 seconds"):
        Commands().run([*PYTHON, script], timeout=1)
    assert time.monotonic() - started < 10


def test_a_missing_program_is_named() -> None:
    with pytest.raises(CommandError, match=r"^/no/such/program is not installed on this host.$"):
        Commands().run(["/no/such/program"])


def test_must_reports_what_a_tool_says_on_standard_output() -> None:
    with pytest.raises(CommandError, match="failed with status 4: Foo is not a recognized network service"):
        Commands().check_output([*PYTHON, "import sys; print('Foo is not a recognized network service.'); sys.exit(4)"])


def test_root_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 501)
    with pytest.raises(ClusterError, match=r"^Changing x needs root: set become to true for this task.$"):
        require_root("Changing x")
