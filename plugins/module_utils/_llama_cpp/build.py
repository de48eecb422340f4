# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How llama.cpp is built from its source, for a host whose system is too old for upstream's archive, and for the lab.

The programs are static but for the system's own libraries, so that one folder with two files is all there is. Without
OpenSSL they cannot fetch anything from a hub, which the router would else do for whoever has the API key.
"""

from __future__ import annotations

import re
import tarfile
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PROGRAMS = ("llama-server", "ggml-rpc-server")
PACKAGES = ("cmake", "g++", "ninja-build")
"""What the build needs, by the names of Debian and Ubuntu."""
_VERSION = re.compile(r"b([0-9]+)")
_SAID = re.compile(r"\(build ([0-9]+),|version: ([0-9]+) \(")
OPTIONS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_ALL_WARNINGS=OFF",
    "-DGGML_CCACHE=OFF",
    "-DGGML_RPC=ON",
)


class BuildError(ClusterError):
    """The source could not be built, or is not what was expected."""


def number(version: str) -> str:
    """Return the number of a version such as b11434."""
    match = _VERSION.fullmatch(version)
    if not match:
        raise BuildError(f"{version} is not a version of llama.cpp; write one such as b11434.")
    return match[1]


def configure(source: Path, build: Path, version: str, options: Sequence[str] = ()) -> list[str]:
    """Return the command that prepares the build.

    The source distribution has no history, so the version has to be said. Later options hold over earlier ones.
    """
    said = [f"-DLLAMA_BUILD_NUMBER={number(version)}", "-DLLAMA_BUILD_COMMIT=source"]
    return ["cmake", "-S", str(source), "-B", str(build), "-G", "Ninja", *OPTIONS, *said, *options]


def compile_command(build: Path, jobs: int | None = None) -> list[str]:
    """Return the command that builds."""
    parallel = ["--parallel", str(jobs)] if jobs else []
    return ["cmake", "--build", str(build), *parallel, "--target", *PROGRAMS]


def find_source(unpacked: Path) -> Path:
    """Return the folder with llama.cpp in what a source distribution unpacked to."""
    for pattern in ("CMakeLists.txt", "*/CMakeLists.txt", "*/llama.cpp/CMakeLists.txt"):
        for path in sorted(unpacked.glob(pattern)):
            if (path.parent / "tools/server").is_dir():
                return path.parent
    raise BuildError(f"There is no source of llama.cpp in {unpacked}; correct the pin.")


def check_version(said: str, version: str) -> None:
    """Refuse a program that says it is another version, by the text of `llama-server --version`."""
    match = _SAID.search(said)
    if not match or (match[1] or match[2]) != number(version):
        has = " ".join(said.split())[:120] or "nothing"
        raise BuildError(f"The program that was built says {has!r} of its version, and should be {version}.")


def pack(build: Path, source: Path, version: str, archive: Path) -> None:
    """Write an archive with one folder, as upstream's releases are."""
    temporary = archive.with_name(f".{archive.name}.new")
    archive.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    try:
        with tarfile.open(temporary, "w:gz", compresslevel=1) as packed:
            for program in PROGRAMS:
                packed.add(build / "bin" / program, f"llama-{version}/{program}", filter=_as_roots)
            packed.add(source / "LICENSE", f"llama-{version}/LICENSE", filter=_as_roots)
        temporary.replace(archive)
    finally:
        if temporary.exists():
            temporary.unlink()


def _as_roots(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member
