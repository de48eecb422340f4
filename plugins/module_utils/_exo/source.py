# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""exo from its sources, for Linux: one commit, its network library built by cargo, beside the one before.

What is fetched is known by the hash of its commit, and each crate by the hash in Cargo.lock. It is built by exo's own
user, because crates run programs of theirs while they are built. The page of exo is not built: that would need a third
toolchain.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _no_follow
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._release_tree import PREVIOUS, ReleaseTree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

GIT, RUNUSER, ENV = "/usr/bin/git", "/usr/sbin/runuser", "/usr/bin/env"
LIBRARY = "target/release/libexo_pyo3_bindings.so"
MODULE = "lib/exo_pyo3_bindings.so"
SOURCES = ("src", "resources", "LICENSE")
LEAST_RUST = (1, 85)
"""What the crates of Cargo.lock need."""
PAGE = (
    "<!doctype html><title>exo</title><p>This node was built without exo's page. Open it at a Mac of the cluster, at"
    " the same port.</p>\n"
)
MARK = ".complete"
_MIRROR = '[source.crates-io]\nreplace-with = "mirror"\n[source.mirror]\nregistry = {}\n'
_FEATURES = "pyo3/extension-module,pyo3/experimental-async"


class SourceError(ClusterError):
    """exo could not be built from its sources."""


def name_of(commit: str) -> str:
    """Return the directory of a commit."""
    return commit[:12]


def make_plan(tree: ReleaseTree, commit: str, *, keep_previous: bool) -> list[str]:
    """Return the steps to a commit."""
    name = name_of(commit)
    kept = bool(tree.others()) or tree.version(PREVIOUS) is not None
    switch = [] if tree.version() == name else ["switch"]
    forget = [] if keep_previous or not (kept or (switch and tree.version())) else ["forget"]
    return [*([] if tree.has(name) else ["fetch", "build"]), *switch, *forget]


class Toolchain:
    """The programs that it is built with."""

    def __init__(self, commands: Commands, python: str, cargo: str) -> None:
        self._commands, self.python, self.cargo = commands, python, cargo

    def check(self, series: str) -> None:
        """Refuse a host that lacks one of them, before anything is fetched; `series` is the Python that exo needs."""
        found = self._version([self.python, "--version"])
        if ".".join(map(str, found[:2])) != series:
            raise SourceError(
                f"exo needs Python {series}, and {self.python} of this host is {_text(found)}: Debian 13 and Ubuntu"
                " 25.04 have it, or write in exo_python where one lies."
            )
        rust = self._version([self.cargo, "--version"])
        if rust < LEAST_RUST:
            raise SourceError(
                f"exo needs Rust {_text(LEAST_RUST)} or later, and {self.cargo} of this host is {_text(rust)}: Debian"
                " 13 has it, or write in exo_cargo where one lies."
            )

    def _version(self, argv: list[str]) -> tuple[int, ...]:
        result = self._commands.run(argv)
        numbers = re.search(r"\d+(\.\d+)+", result.out)
        return tuple(map(int, numbers.group().split("."))) if result.rc == 0 and numbers else ()


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version)) or "not there"


class Builder:
    """Fetches and builds one commit in a directory of its own."""

    def __init__(
        self,
        commands: Commands,
        tools: Toolchain,
        user: str,
        environment: Mapping[str, str],
        *,
        crates_index: str | None = None,
        timeout: int = 3600,
    ) -> None:
        self._commands, self._tools, self._user = commands, tools, user
        self._environment, self._crates_index, self._timeout = environment, crates_index, timeout

    def make(self, tree: ReleaseTree, repository: str, tag: str, commit: str) -> None:
        """Make the directory of a commit; it appears whole or not at all."""
        tree.path.mkdir(mode=0o755, parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=tree.path, prefix=".building-"))
        try:
            work.chmod(0o755)
            build, fresh = work / "build", work / "tree"
            build.mkdir()
            shutil.chown(build, self._user)
            self._fetch(build, repository, tag, commit)
            fresh.mkdir()
            for name in SOURCES:
                with _no_follow.place("/", str(build / name)) as found:
                    _copy(found, fresh / name)
            self._build(build, work / "cargo")
            (fresh / MODULE).parent.mkdir()
            with _no_follow.place("/", str(build / LIBRARY)) as found:
                _copy(found, fresh / MODULE)
            (fresh / "page").mkdir()
            (fresh / "page/index.html").write_text(PAGE, encoding="utf-8")
            (fresh / MARK).touch()
            target = tree.path / name_of(commit)
            if target.exists():
                shutil.rmtree(target)
            fresh.rename(target)
        except FileNotFoundError as error:
            raise SourceError(
                f"{repository} at {commit} is not exo as we know it: there is no {error.filename}."
            ) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
            with contextlib.suppress(OSError):
                tree.path.rmdir()  # where it holds nothing

    def _fetch(self, build: Path, repository: str, tag: str, commit: str) -> None:
        """Fetch a tag, and refuse it where it is another commit; nothing of it has run then."""
        git = [GIT, "-C", str(build)]
        self._run([*git, "init", "--quiet"], "be prepared")
        wanted = [repository, f"refs/tags/{tag}"]
        try:
            self._run([*git, "fetch", "--quiet", "--depth", "1", *wanted], f"fetch {tag} of {repository}")
        except SourceError:
            # A mirror that is only a web server gives all of the history or nothing.
            self._run([*git, "fetch", "--quiet", *wanted], f"fetch {tag} of {repository}")
        found = self._run([*git, "rev-parse", "FETCH_HEAD^{commit}"], f"read {tag}").strip()
        if found != commit:
            raise SourceError(
                f"{tag} of {repository} is the commit {found}, not {commit}: somebody has moved it, so nothing was"
                " built."
            )
        self._run([*git, "checkout", "--quiet", "--detach", commit], f"unpack {tag}")

    def _build(self, build: Path, home: Path) -> None:
        home.mkdir()
        if self._crates_index:
            (home / "config.toml").write_text(_MIRROR.format(json.dumps(self._crates_index)), encoding="utf-8")
        shutil.chown(home, self._user)
        where = ["--manifest-path", str(build / "rust/exo_pyo3_bindings/Cargo.toml"), "--lib"]
        argv = [self._tools.cargo, "build", "--release", "--locked", "--features", _FEATURES, *where]
        places = {
            "HOME": home,
            "CARGO_HOME": home,
            "CARGO_TARGET_DIR": build / "target",
            "PYO3_PYTHON": self._tools.python,
        }
        self._run(argv, "build its network library", **{name: str(place) for name, place in places.items()})

    def _run(self, argv: list[str], what: str, **more: str) -> str:
        """Run a program as exo's user, with nothing of root's environment."""
        path = f"{Path(self._tools.cargo).parent}:/usr/local/bin:/usr/bin:/bin"
        variables = {"PATH": path, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **self._environment, **more}
        words = [f"{name}={value}" for name, value in sorted(variables.items())]
        result = self._commands.run([RUNUSER, "-u", self._user, "--", ENV, "-i", *words, *argv], timeout=self._timeout)
        if result.rc != 0:
            last = " ".join(" ".join((result.err or result.out).split()).split(" ")[-60:])
            raise SourceError(f"exo could not {what}: {last or f'status {result.rc}'}")
        return result.out


def _copy(found: _no_follow.Place, target: Path) -> None:
    """Copy out of a directory of exo's user, who must not lead root elsewhere: a link or a second name fails."""
    status = found.status()
    if status is None:
        raise FileNotFoundError(errno.ENOENT, "no such file", found.path)
    if not stat.S_ISDIR(status.st_mode):
        descriptor = found.open_file(alone=True)
        with os.fdopen(descriptor, "rb") as file, target.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        return
    target.mkdir()
    directory = found.open(_no_follow.DIRECTORY)
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries]
        for name in names:
            _copy(_no_follow.Place(directory, name, f"{found.path}/{name}"), target / name)
    finally:
        os.close(directory)
