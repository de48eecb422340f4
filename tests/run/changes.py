# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which scenarios a change concerns: those whose role, building blocks, plugins or stand-ins it touches."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import yaml

from tests.run.stages import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.run.stages import Stage

TURN = ROOT / "tests/turn.yml"
_OURS = re.compile(r"hybrid_ai\.cluster\.(\w+)")
_IMPORT = re.compile(r"hybrid_ai\.cluster\.plugins\.((?:module|plugin)_utils[\w.]*)(?: import \(?([\w\s,]+))?")
_SHARED = (
    *("ansible.cfg", "molecule/prepare.yml", "molecule/with_store.yml", "molecule/with_driver.yml"),
    *("molecule/converge.yml", ".config/molecule/"),
)
_STAND_INS = {"macos": "lab/macos/", "nvidia": "lab/standins/nvidia/"}


def landed() -> tuple[str, dict[str, int]]:
    """Return the commit that landed last, and in how many landings in a row a stage has not run, by its name."""
    known = yaml.safe_load(TURN.read_text(encoding="utf-8"))
    return str(known["landed"]), dict(known["left"] or {})


def changed_files(commit: str) -> list[str]:
    """Return the files that differ from a commit, uncommitted ones included; all of them where it is not known."""
    tracked = git("diff", "--name-only", commit)
    new = git("ls-files", "--others", "--exclude-standard") or []
    return [*(tracked if tracked is not None else git("ls-files") or []), *new]


def git(*arguments: str) -> list[str] | None:
    """Return the lines that git prints, or nothing where it fails; the checkout may be somebody else's."""
    argv = ["git", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else None


def tested() -> str:
    """Return the commit of this checkout, marked where files differ from it."""
    return (git("describe", "--always", "--dirty") or ["unknown"])[0]


def concerned(scenarios: list[str], files: list[str]) -> set[str]:
    """Return the scenarios that a change of some files concerns."""
    # Nothing that runs reads the pages for people.
    read = [path for path in files if not path.endswith(".md")]
    return {name for name in scenarios if any(_concerns(path, depends(name)) for path in read)}


def touched(stages: Iterable[Stage], files: list[str]) -> set[str]:
    """Return the stages that say themselves what they are about, where a file of that differs."""
    return {stage.name for stage in stages if any(path.startswith(begin) for path in files for begin in stage.about)}


def _concerns(path: str, prefixes: frozenset[str]) -> bool:
    return any(path == prefix or (prefix.endswith("/") and path.startswith(prefix)) for prefix in prefixes)


def depends(scenario: str) -> frozenset[str]:
    """Return the files and folders that a scenario depends on."""
    found = {f"molecule/{scenario}/", *_SHARED}
    settings = (ROOT / "molecule" / scenario / "molecule.yml").read_text(encoding="utf-8")
    if not re.search(r"SCENARIO_HOSTS: (management|olab0)$", settings, re.MULTILINE):
        found.add("lab/macos/")
    if (ROOT / "lab/standins" / scenario).is_dir():
        found.add(f"lab/standins/{scenario}/")
    for role in _roles(scenario):
        found.add(f"roles/{role}/")
        for word in _words(role):
            found |= _plugin(word)
    return frozenset(found)


def _roles(first: str) -> set[str]:
    """Return a role and the roles that it applies or depends on."""
    found, new = set(), {first}
    while new:
        found |= new
        new = {word for role in new for word in _words(role) if (ROOT / "roles" / word).is_dir()} - found
    return found


@cache
def _words(role: str) -> frozenset[str]:
    """Return what a role names of the collection: other roles, modules, filters."""
    files = (ROOT / "roles" / role).rglob("*.yml")
    return frozenset(word for path in files for word in _OURS.findall(path.read_text(encoding="utf-8")))


@cache
def _plugin(name: str) -> frozenset[str]:
    found: set[str] = set()
    for kind in ("modules", "action", "filter", "lookup"):
        path = ROOT / "plugins" / kind / f"{name}.py"
        if path.exists():
            found |= {str(path.relative_to(ROOT))} | _imports(path)
    return frozenset(found)


def _imports(first: Path) -> set[str]:
    """Return the shared code that a file imports, and what that imports."""
    found: set[str] = set()
    waiting = [first]
    while waiting:
        for dotted, listed in _IMPORT.findall(waiting.pop().read_text(encoding="utf-8")):
            place = ROOT / "plugins" / dotted.replace(".", "/")
            for path in _files(place, re.findall(r"\w+", listed)):
                name = f"{path.relative_to(ROOT)}/" if path.is_dir() else str(path.relative_to(ROOT))
                if name not in found:
                    found.add(name)
                    waiting += path.rglob("*.py") if path.is_dir() else [path]
    return found


def _files(place: Path, listed: list[str]) -> list[Path]:
    """Return the files that an import names, or the package where what it names is none of its files."""
    if (module := place.with_suffix(".py")).exists():
        return [module]
    inner = [place / f"{name}.py" if (place / f"{name}.py").exists() else place / name for name in listed]
    found = [path for path in inner if path.exists()]
    return found or [place]
