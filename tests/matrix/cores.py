# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The oldest ansible-core that the collection says it needs, and the newest there is: an environment for each."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from lab import names
from tests.collection import ROOT
from tests.matrix import roots
from tests.run import changes

if TYPE_CHECKING:
    from pathlib import Path

# The newest needs a newer Python than the oldest that the project runs on.
SUITE = "trixie"
PACKAGES = ("python3", "python3-venv", "ca-certificates", "git", "openssh-client")
# How this machine reaches a package index and the lab, whose artifacts are links into its cache.
SHARED = (
    *("/etc/hosts", "/etc/pip.conf", "/etc/resolv.conf", "/etc/ssl/certs", "/run", str(names.CACHE)),
    *("/usr/local/share/ca-certificates", "/usr/share/ca-certificates"),
)
TESTS = ("distlib", "pathspec", "pytest", "pytest-xdist")


@dataclass(frozen=True)
class Core:
    """An environment with an ansible-core."""

    venv: Path
    root: roots.Root | None = None
    """Where its Python is, unless it is this one's."""

    def argv(self, *argv: str) -> list[str]:
        """Return the command line of a program of the environment, run in the checkout."""
        command = ["env", f"PATH={self.venv}/bin:/usr/sbin:/usr/bin:/sbin:/bin", *argv]
        return self.root.inside(*command, directory=str(ROOT)) if self.root else command

    def run(self, *argv: str) -> str:
        """Run a program of the environment and return what it printed."""
        done = subprocess.run(self.argv(*argv), cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(argv)}: {done.stdout[-6000:]}{done.stderr[-3000:]}"
        return done.stdout

    def pip(self, *arguments: str) -> None:
        """Install packages."""
        self.run("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)


def floor() -> str:
    """Return the version that the collection says it needs at least."""
    return re.fullmatch(r">=([\d.]+)", yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"])[1]


def _others() -> list[str]:
    """Return what a management machine needs besides Ansible, and what runs the tests, as arguments of pip."""
    lines = (ROOT / "requirements/runtime.in").read_text(encoding="utf-8").splitlines()
    needed = [line for line in lines if line and not line.startswith(("#", "-r", "ansible=="))]
    return ["-r", str(ROOT / "meta/requirements.txt"), *needed, *TESTS]


def oldest(place: Path) -> Core:
    """Return the one with the oldest, on this Python."""
    core = Core(ROOT / "build/core-oldest")
    subprocess.run([sys.executable, "-m", "venv", core.venv], check=True)
    core.pip(f"ansible-core=={floor()}", *_others())
    # The collections; it asks for a later core itself.
    core.pip("--no-deps", _requirement("ansible"))
    return core


def newest(place: Path) -> Core:
    """Return the one with the newest that has collections, on Debian 13's Python."""
    (git,) = changes.git("rev-parse", "--path-format=absolute", "--git-common-dir") or [str(ROOT / ".git")]
    shared = [path for path in (*SHARED, git, str(ROOT)) if os.path.exists(path)]  # noqa: PTH110 - mounts are words
    core = Core(ROOT / "build/core-newest", roots.root(SUITE, PACKAGES, place, *shared))
    subprocess.run(core.root.inside("/usr/bin/python3", "-m", "venv", str(core.venv)), check=True)
    core.pip("--upgrade", "ansible", "ansible-core", *_others())
    return core


def _requirement(name: str) -> str:
    lines = (ROOT / "requirements/runtime.in").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{name}=="))


CORES = {"oldest": oldest, "newest": newest}
