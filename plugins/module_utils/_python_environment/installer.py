# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Puts packages into an environment with uv, which comes out of its own wheel and goes again afterwards.

pip is asked for that one file alone. Nothing is ever built: only wheels are taken, each verified by the lock file.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._python_environment.interpreter import PLATFORMS
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._python_environment.lock import PythonEnvironmentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._python_environment.interpreter import Interpreter

PIP_SECONDS = 600
# What a person's shell or the run itself may have set, and what would send packages elsewhere.
_DROPPED = (
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "UV_TARGET",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
)
_OPTIONS = {
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_NO_PROGRESS": "1",
    "UV_SYSTEM_CERTS": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_NO_CACHE_DIR": "1",
}


@contextmanager
def process_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Give variables to the programs that this process starts: an index may carry a password, which no argument may."""
    before = dict(os.environ)
    for name in _DROPPED:
        os.environ.pop(name, None)
    os.environ.update({**_OPTIONS, **variables})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Installer:
    """uv, for the time that one environment takes."""

    def __init__(self, commands: Commands, interpreter: Interpreter, title: str, seconds: int) -> None:
        self._commands, self._interpreter, self._title, self._seconds = commands, interpreter, title, seconds

    def make(self, target: Path, lock: str, uv_lock: str) -> None:
        """Make an environment and install what a lock file says, then let uv judge what is there."""
        work = Path(tempfile.mkdtemp(dir=target.parent, prefix=".making-"))
        try:
            uv = self._bring_uv(work, uv_lock)
            requirements = work / "requirements"
            requirements.write_text(lock, encoding="utf-8")
            with process_environment({"UV_CACHE_DIR": str(work / "cache"), **self._interpreter.environment}):
                python = ["--python", str(target / "bin/python")]
                sync = [uv, "pip", "sync", "--require-hashes", "--only-binary", ":all:", *python]
                self._run([uv, "venv", "--no-project", "--python", self._interpreter.path, str(target)], target)
                self._run([*sync, str(requirements)], target)
                self._run([*sync, "--check", "--offline", str(requirements)], target)
                self._run([uv, "pip", "check", *python], target)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _bring_uv(self, work: Path, uv_lock: str) -> str:
        (work / "uv-requirements").write_text(uv_lock, encoding="utf-8")
        names = [word for name in PLATFORMS[self._interpreter.platform] for word in ("--platform", name)]
        wanted = [
            "--require-hashes",
            "--no-deps",
            "--only-binary",
            ":all:",
            *names,
            "--requirement",
            str(work / "uv-requirements"),
        ]
        with process_environment({"TMPDIR": str(work)}):
            self._run([*self._interpreter.pip, "download", *wanted, "--dest", str(work)], work, PIP_SECONDS)
        wheels = list(work.glob("uv-*.whl"))
        if len(wheels) != 1:
            raise PythonEnvironmentError(f"pip brought no wheel of uv for {self._title}; look at the host's pip.conf.")
        with zipfile.ZipFile(wheels[0]) as wheel:
            member = next((name for name in wheel.namelist() if re.fullmatch(r"uv-[^/]+\.data/scripts/uv", name)), None)
            if member is None:
                raise PythonEnvironmentError(f"{wheels[0].name} holds no program uv; pin another version of it.")
            with wheel.open(member) as source, (work / "uv").open("wb") as program:
                shutil.copyfileobj(source, program)
        (work / "uv").chmod(0o755)
        return str(work / "uv")

    def _run(self, argv: list[str], place: Path, seconds: int | None = None) -> None:
        result = self._commands.run(argv, timeout=seconds or self._seconds)
        if result.rc != 0:
            raise PythonEnvironmentError(explain(result, self._title, place))


def explain(result: Result, title: str, place: Path) -> str:
    """Say in one sentence why pip or uv failed, and what to do; what nobody knows is repeated as it was said."""
    said = f"{result.out}\n{result.err}"
    for pattern, sentence in _REASONS:
        found = re.search(pattern, said, re.IGNORECASE)
        if found:
            named = next((group for group in found.groups() if group), "a package") if found.groups() else ""
            return sentence.format(title=title, what=named, place=place, free=_free_megabytes(place))
    causes = re.findall(r"(?:cause|error):\s*(.+)", said, re.IGNORECASE)
    return f"The environment of {title} could not be made: {_short(' '.join(causes) or result.text)}"


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 400 else f"{words[:400]}…"


def _free_megabytes(place: Path) -> int:
    there = next((path for path in (place, *place.parents) if path.exists()), Path("/"))
    return shutil.disk_usage(there).free // 1_000_000


_DISK = (
    "The environment of {title} does not fit below {place}, where {free} MB are free: make room, or let"
    " cluster_directory be on another disk."
)
_OTHER_FILE = (
    "The environment of {title} was not made, because {what} is another file than the one that was pinned: find out who"
    " changed it, the index, its mirror or the cache, before you pin the new one."
)
_NO_WHEEL = (
    "The environment of {title} was not made, because {what} has no wheel for this host's Python and platform, and"
    " nothing is built here: pin a version that has one."
)
_NO_VERSION = "The package index of this host does not have {what}, which {title} needs: pin another version."
_REFUSED = (
    "The environment of {title} could not be made, because the package index of this host asks for a password, or"
    " refuses it: correct cluster_python_index, or the host's pip.conf."
)
_NO_INDEX = (
    "The environment of {title} could not be made, because this host reaches no package index: let it reach one,"
    " directly or through the cache on the management node (cluster_download_cache), or name a mirror in"
    " cluster_python_index."
)
_REASONS = (
    (r"No space left on device", _DISK),
    (r"Hash mismatch for `([^`]+)`|DO NOT MATCH THE HASHES[^\n]*\n\s*(\S+)", _OTHER_FILE),
    (r"Wheels are required for `([^`]+)`|`([^`]+)` has no wheels? (?:with|for)|(\S+) has no wheels with", _NO_WHEEL),
    (r"no version of (\S+)|satisfies the requirement (\S+) \(from versions: (?!none)", _NO_VERSION),
    (r"\b(?:401|403|407)\b[^\n]*(?:Unauthorized|Forbidden|Proxy)|Unauthorized", _REFUSED),
    (r"error sending request|Request failed after|dns error|timed out|Network is unreachable", _NO_INDEX),
    (r"Connection (?:refused|broken|reset)|NewConnectionError|not known|from versions: none", _NO_INDEX),
)
