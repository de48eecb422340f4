# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The script before GNU's programs: what BSD's refuse is refused, what differs is translated."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path("lab/macos/files/System/Library/Simulator/bin/bsd")


class Bench:
    """Runs a program through the script, over this machine's GNU programs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "hidden").mkdir()
        self._script = directory / "bsd"
        self._script.write_text(SCRIPT.read_text().replace("/System/Library/Simulator/bin", f"{directory}/hidden"))
        self._script.chmod(0o755)

    def run(self, tool: str, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        for name in (tool, "tr"):
            if not (self.directory / "hidden" / name).exists():
                (self.directory / "hidden" / name).symlink_to(str(shutil.which(name)))
        link = self.directory / tool
        if not link.exists():
            link.symlink_to(self._script)
        return subprocess.run(
            [link, *words], input=stdin, capture_output=True, text=True, check=False, cwd=self.directory
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize(
    ("tool", "words", "message"),
    [
        pytest.param("ls", ["--full-time"], "unrecognized option `--full-time'", id="ls long"),
        pytest.param("cp", ["-t", "a", "b"], "illegal option -- t", id="cp -t"),
        pytest.param("cp", ["--parents", "a", "b"], "unrecognized option `--parents'", id="cp long"),
        pytest.param("mv", ["-fT", "a", "b"], "illegal option -- T", id="mv -T among others"),
        pytest.param("date", ["-d", "now"], "illegal option -- d", id="date -d"),
        pytest.param("readlink", ["-e", "."], "illegal option -- e", id="readlink -e"),
        pytest.param("xargs", ["-d", "x"], "illegal option -- d", id="xargs -d"),
        pytest.param("grep", ["-P", "x"], "illegal option -- P", id="grep -P"),
        pytest.param("du", ["-b"], "illegal option -- b", id="du -b"),
        pytest.param("find", ["-name", "x"], "illegal option -- n", id="find without a path"),
        pytest.param("find", [".", "-printf", "x"], "-printf: unknown primary or operator", id="find -printf"),
        pytest.param("head", ["-n", "-1"], "illegal line count -- -1", id="head without the last"),
        pytest.param("rm", ["--force", "x"], "unrecognized option `--force'", id="rm long"),
        pytest.param("sed", ["--in-place", "s/a/b/", "f"], "unrecognized option `--in-place'", id="sed long"),
    ],
)
def test_refused(bench: Bench, tool: str, words: list[str], message: str) -> None:
    done = bench.run(tool, *words)
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == f"{tool}: {message}"


@pytest.mark.parametrize(
    ("tool", "words", "stdin", "out"),
    [
        pytest.param("ls", ["--color=never", "-d", "."], "", ".\n", id="ls --color"),
        pytest.param("grep", ["--color=never", "b"], "a\nb\n", "b\n", id="grep long"),
        pytest.param("sort", ["--reverse"], "a\nb\n", "b\na\n", id="sort long"),
        pytest.param("base64", ["-D"], "YQ==\n", "a", id="base64 -D"),
        pytest.param("base64", ["--decode"], "YQ==\n", "a", id="base64 --decode"),
        pytest.param("sed", ["-E", "s/(a)/\\1b/"], "a\n", "ab\n", id="sed -E"),
        pytest.param("head", ["-1"], "a\nb\n", "a\n", id="head -1"),
        pytest.param("printf", ["%s", "--x"], "", "--x", id="operands that look like options"),
        pytest.param("env", ["echo", "--x"], "", "--x\n", id="options of another program"),
        pytest.param("xargs", ["echo", "--x"], "a", "--x a\n", id="options behind xargs"),
        pytest.param("find", [".", "-maxdepth", "0"], "", ".\n", id="find"),
    ],
)
def test_accepted(bench: Bench, tool: str, words: list[str], stdin: str, out: str) -> None:
    done = bench.run(tool, *words, stdin=stdin)
    assert (done.returncode, done.stdout, done.stderr) == (0, out, "")


@pytest.mark.parametrize(
    ("words", "content", "copy"),
    [
        pytest.param(["-i", "", "s/a/b/", "f"], "b\n", None, id="no copy"),
        pytest.param(["-i", ".bak", "-e", "s/a/b/", "f"], "b\n", "a\n", id="copy"),
        pytest.param(["-i.bak", "s/a/b/", "f"], "b\n", "a\n", id="suffix attached"),
        pytest.param(["-E", "-i", "", "s/(a)/\\1\\1/", "f"], "aa\n", None, id="after another option"),
        pytest.param(["-Ei", "", "s/(a)/\\1\\1/", "f"], "aa\n", None, id="in one word"),
    ],
)
def test_sed_in_place(bench: Bench, words: list[str], content: str, copy: str | None) -> None:
    file, bak = bench.directory / "f", bench.directory / "f.bak"
    file.write_text("a\n")
    assert bench.run("sed", *words).returncode == 0
    assert (file.read_text(), bak.read_text() if bak.exists() else None) == (content, copy)


def test_gnus_sed_in_place_fails(bench: Bench) -> None:
    (bench.directory / "f").write_text("a\n")
    assert bench.run("sed", "-i", "s/a/b/", "f").returncode != 0
    assert (bench.directory / "f").read_text() == "a\n"


def test_an_option_after_the_operand_is_an_operand(bench: Bench) -> None:
    (bench.directory / "f").touch()
    done = bench.run("rm", "f", "-f")
    assert done.returncode != 0
    assert "rm:" in done.stderr


def test_mktemp_takes_a_prefix(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(bench.directory))
    assert bench.run("mktemp", "-d", "-t", "pre").stdout.startswith(f"{bench.directory}/pre.")
