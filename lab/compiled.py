# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Programs that are compiled for the lab: begun first, made beside other work, and kept by what they are made of."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from lab import names, rootfs
from lab.packages import SUITE
from lab.removal import remove_tree
from lab.standins.llama_cpp import recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.settings import Settings
    from lab.topology import Topology

CHECKSUMS = "COMPILED.SHA256SUMS"
"""Lines as sha256sum prints them, of the files that the artifact server has from here."""
_LOCK = ".compiling.lock"


class Compilation:
    """What is being compiled; `result` waits for it."""

    def __init__(self, make: Callable[[], Path] | None) -> None:
        self._make = make
        self._made: Path | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        if make:
            self._thread.start()

    def _run(self) -> None:
        try:
            self._made = self._make() if self._make else None
        except BaseException as error:  # it is raised where the result is wanted
            self._error = error

    def result(self) -> Path | None:
        """Return the folder with the archives, once it is there; none where no host needs one."""
        if self._make:
            self._thread.join()
        if self._error:
            raise self._error
        return self._made


def start(
    topology: Topology, settings: Settings, wrap: Callable[[list[str]], list[str]], say: Callable[[str], None]
) -> Compilation:
    """Begin with what the hosts of a lab need, if the cache lacks it."""
    if not any(host.has_llama_cpp for host in topology.hosts):
        return Compilation(None)
    return Compilation(lambda: _llama_cpp(settings, wrap, say))


def _llama_cpp(settings: Settings, wrap: Callable[[list[str]], list[str]], say: Callable[[str], None]) -> Path:
    architecture = rootfs.architecture()
    target = names.CACHE / f"compiled-{recipe.key(architecture)}"
    names.CACHE.mkdir(parents=True, exist_ok=True)
    # Not the lock of the root file systems, which are made meanwhile.
    with (names.CACHE / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not target.is_dir():
            say("compiling llama.cpp, which takes minutes once")
            for stale in names.CACHE.glob("compiling-*"):  # the lock is ours: these were killed
                remove_tree(stale)
            source = recipe.fetch(names.CACHE / "sources")
            compilers = rootfs.small(SUITE, recipe.recipe.PACKAGES, settings)
            work = Path(tempfile.mkdtemp(prefix="compiling-", dir=names.CACHE))
            try:
                made = work / "made/llama_cpp"
                made.mkdir(parents=True)
                archive = recipe.make(compilers, source, work, architecture, wrap)
                archive = archive.replace(made / archive.name)
                digest = hashlib.sha256(archive.read_bytes()).hexdigest()
                (work / "made" / CHECKSUMS).write_text(f"{digest}  llama_cpp/{archive.name}\n", encoding="ascii")
                for path in (work, work / "made", made):
                    path.chmod(0o755)
                (work / "made").rename(target)
            finally:
                remove_tree(work)
    rootfs.mark_used(target)
    return target


def remove_unfinished() -> None:
    """Remove what killed compilations left, unless one is running now."""
    if not names.CACHE.is_dir():
        return
    with (names.CACHE / _LOCK).open("w") as file, contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for stale in names.CACHE.glob("compiling-*"):
            remove_tree(stale)
