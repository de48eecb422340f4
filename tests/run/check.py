# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`python -m tests.run.check lint unit`: the linters and the unit tests side by side, a line for each when it ends."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import yaml
from pathspec import GitIgnoreSpec

from tests.run import changes
from tests.run.stages import ROOT

_BIN = Path(sys.executable).parent
_ANSIBLE_LINT = "ansible-lint"
_SUFFIXES = (".j2", ".py", ".yaml", ".yml")
_CORES = os.cpu_count() or 1
# The linters are at work on one core; but many unit tests wait, for a gateway that wakes or a program that ends.
_WORKERS = max(2, _CORES - 1)
# What takes longest first.
_UNIT = {"unit tests": ("pytest", f"--numprocesses={_WORKERS}", "--quiet", "tests/unit")}
_LINT = {
    _ANSIBLE_LINT: ("ansible-lint", "--offline"),
    "antsibull-docs": ("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", "."),
    "mypy": ("mypy",),
    "yamllint": ("yamllint", "--strict", "."),
    "antsibull-changelog": ("antsibull-changelog", "lint"),
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
}
_SETS = {"unit": _UNIT, "lint": _LINT}


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    name: str
    status: int
    seconds: float
    said: str
    """What it printed, both streams in the order in which they came."""

    def __str__(self) -> str:
        """Return its last line where it passed, and all it said where it failed."""
        lines = self.said.strip().splitlines() or [""]
        head = f"{'FAILED' if self.status else 'passed'}  {self.name:<20} {self.seconds:5.1f} s"
        return "\n".join([head, *lines]) if self.status else f"{head}  {lines[-1]}"


def lintables(files: list[str]) -> list[str]:
    """Return what ansible-lint is to read of changed files: roles as a whole, others by themselves."""
    settings = yaml.safe_load((ROOT / ".ansible-lint").read_text(encoding="utf-8"))
    # It passes over what is excluded only where it looks for files by itself.
    excluded = GitIgnoreSpec.from_lines(settings["exclude_paths"])
    paths = {Path(name) for name in excluded.match_files(files, negate=True) if name.endswith(_SUFFIXES)}
    found = {Path(*path.parts[:2]) if path.parts[0] == "roles" else path for path in paths}
    return sorted(str(path) for path in found if (ROOT / path).exists())


def commands(sets: list[str], *, changed: bool) -> dict[str, tuple[str, ...]]:
    """Return the command lines of sets of commands, by their names."""
    chosen = {name: argv for key in ("unit", "lint") if key in sets for name, argv in _SETS[key].items()}
    if changed and _ANSIBLE_LINT in chosen:
        commit, _ = changes.landed()
        read = lintables(changes.changed_files(commit))
        chosen[_ANSIBLE_LINT] += tuple(read)
        # Told of no file, it would read all of them.
        if not read:
            del chosen[_ANSIBLE_LINT]
    return chosen


def run(name: str, argv: tuple[str, ...]) -> Ended:
    """Run a command of the project's environment."""
    environment = {**os.environ, "PATH": f"{_BIN}:{os.environ['PATH']}", "NO_COLOR": "1"}
    # Each of many processes would compile the tests and the plugins anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.monotonic()
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return Ended(name, done.returncode, time.monotonic() - start, done.stdout)


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for, and return 1 where something failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.run.check", description=__doc__)
    parser.add_argument("sets", nargs="+", choices=sorted(_SETS), metavar="set", help=" or ".join(sorted(_SETS)))
    parser.add_argument("--changed", action="store_true", help="ansible-lint reads what changed since the last landing")
    options = parser.parse_args(arguments)
    failed = False
    chosen = commands(options.sets, changed=options.changed)
    if "lint" in options.sets and _ANSIBLE_LINT not in chosen:
        print(f"skipped  {_ANSIBLE_LINT}: nothing that it reads has changed since the last landing", flush=True)
    with ThreadPoolExecutor(max_workers=_CORES) as pool:
        for ended in as_completed([pool.submit(run, name, argv) for name, argv in chosen.items()]):
            print(ended.result(), flush=True)
            failed |= ended.result().status != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
