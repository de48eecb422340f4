# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the Python of a host is taken for, where the index is named, and why pip or uv failed, in their own words."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._python_environment import installer, interpreter, lock

from tests import yaml_files

MAC = {"version": [3, 12, 14], "system": "darwin", "says": "darwin", "machine": "aarch64", "pip": True, "wheels": []}
DEBIAN = {**MAC, "version": [3, 11, 2], "system": "linux", "says": "linux", "machine": "x86_64", "pip": False}
SIMULATED = {**DEBIAN, "says": "darwin", "pip": True}


class Answers(Commands):
    """Every command succeeds with the same words."""

    def __init__(self, out):
        self.out, self.seen = out, []

    def run(self, argv, stdin=None, timeout=60):
        self.seen.append((argv, dict(os.environ), timeout))
        return Result(0, self.out)


def read(answer):
    return interpreter.read(Answers(json.dumps(answer)), "/usr/bin/python3")


@pytest.mark.parametrize(
    ("answer", "platform", "environment", "pip"),
    [
        (MAC, "darwin-arm64", {}, ("/usr/bin/python3", "-I", "-m", "pip")),
        (DEBIAN, "linux-amd64", {}, ()),
        ({**DEBIAN, "wheels": ["/w/pip-23.whl"]}, "linux-amd64", {}, ("/usr/bin/python3", "/w/pip-23.whl/pip")),
        ({**DEBIAN, "machine": "aarch64"}, "linux-arm64", {}, ()),
        # It reports Darwin on arm64, and runs programs of Linux.
        (
            SIMULATED,
            "linux-amd64",
            {"_PYTHON_HOST_PLATFORM": "linux-x86_64"},
            ("/usr/bin/python3", "-I", "-m", "pip"),
        ),
    ],
)
def test_an_interpreter_is_what_it_was_built_for(answer, platform, environment, pip):
    found = read(answer)
    assert (found.platform, found.environment, found.pip) == (platform, environment, pip)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            {**DEBIAN, "version": [3, 10, 12]},
            "mlx_lm needs Python 3.11 or newer, and /usr/bin/python3 of this",
        ),
        ({**DEBIAN, "version": [3, 9, 2]}, "such as /usr/bin/python3.11, or upgrade the distribution"),
        ({**MAC, "version": [3, 9, 6]}, "run playbooks/bootstrap.yml for it"),
        ({**DEBIAN, "machine": "riscv64"}, "and this host is linux-riscv64: take the host out of the group."),
        (
            {**MAC, "machine": "x86_64"},
            "for darwin-arm64, linux-amd64, linux-arm64, and this host is darwin-amd64",
        ),
    ],
)
def test_refuses_what_cannot_work(answer, sentence):
    with pytest.raises(lock.PythonEnvironmentError) as error:
        interpreter.check(read(answer), "3.11", "mlx_lm")
    assert sentence in str(error.value)


@pytest.mark.parametrize("answer", [MAC, DEBIAN, SIMULATED])
def test_takes_what_can(answer):
    interpreter.check(read(answer), "3.11", "mlx_lm")


FAILURES = yaml_files.load(Path(__file__).parents[1] / "fixtures/python_environment/failures.yml")


@pytest.mark.parametrize("name", FAILURES)
def test_says_why_it_failed(name):
    said, sentence = FAILURES[name]["said"], FAILURES[name]["sentence"]
    assert sentence in installer.explain(Result(1, "", said), "mlx_lm", Path("/nowhere"))


def test_an_index_with_a_password_is_in_no_argument(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    commands = Answers("")
    with (
        installer.process_environment({"PIP_INDEX_URL": "https://me:secret@mirror/"}),
        pytest.raises(lock.PythonEnvironmentError, match="brought no wheel of uv"),
    ):
        installer.Installer(commands, read(MAC), "mlx_lm", 5).make(tmp_path / "abc", "x", "y")
    (argv, environment, seconds), *others = commands.seen
    assert not others
    assert "macosx_11_0_arm64" in argv
    assert "secret" not in " ".join(argv)
    assert (environment["PIP_INDEX_URL"], seconds) == ("https://me:secret@mirror/", installer.PIP_SECONDS)
    assert "PIP_TARGET" not in environment
    assert list(tmp_path.iterdir()) == []
    assert os.environ["PIP_TARGET"] == "/elsewhere"
    assert "PIP_INDEX_URL" not in os.environ
