# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A shell that has read what `lab completion` prints completes its commands, their options and their choices."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from lab import cli, completion

ASK = """
COMP_WORDS=({words}) COMP_CWORD={place}
_lab
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def complete(*words: str) -> list[str]:
    script = completion.script("bash", completion.words(cli.parser()))
    listed = " ".join(f"'{word}'" for word in words)
    text = script + ASK.format(words=listed, place=len(words) - 1)
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["lab", "st"], ["status", "states"], id="command"),
        pytest.param(["lab", "--na"], ["--name"], id="option"),
        pytest.param(["lab", "--name", "other", "res"], ["reset", "restore"], id="command-after-an-option"),
        pytest.param(["lab", "power", "o"], ["off", "on"], id="choice"),
        pytest.param(["lab", "up", "--inv"], ["--inventory"], id="option-of-a-command"),
        pytest.param(["lab", "completion", "z"], ["zsh"], id="shell"),
        pytest.param(["lab", "down", "x"], [], id="nothing"),
    ],
)
def test_bash_completes(words: list[str], expected: list[str]) -> None:
    assert complete(*words) == expected


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["completion", "bash"]) == 0
    assert "complete -o default -F _lab lab" in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh_reads_it() -> None:
    script = completion.script("zsh", completion.words(cli.parser()))
    assert subprocess.run(["zsh", "-f", "-c", script], capture_output=True, check=True).stderr == b""
