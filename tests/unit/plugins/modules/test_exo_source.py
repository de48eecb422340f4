# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import source
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report import exo_source
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import Arguments, Context

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable

COMMIT = "fd707de30b42db4211d15da96b9052e1dc280ed1"
REPOSITORY = "https://github.com/exo-explore/exo.git"
VERSIONS = [
    call(["/usr/bin/python3", "--version"], out="Python 3.13.5\n"),
    call(["/usr/bin/cargo", "--version"], out="cargo 1.85.0 (d73d2caf9 2024-12-31)\n"),
]


def options(host: Path, **more: Any) -> dict[str, Any]:
    return {"path": str(host / "exo"), "repository": REPOSITORY, "tag": "v1.0.71", "commit": COMMIT, **more}


@pytest.fixture(autouse=True)
def work(host_files: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the module work in a place that the test knows, and as a user that is here."""
    place = host_files / "exo/.building-x"

    def mkdtemp(**_: Any) -> str:
        place.mkdir(parents=True)
        return str(place)

    monkeypatch.setattr(source.tempfile, "mkdtemp", mkdtemp)
    monkeypatch.setattr(shutil, "chown", lambda *_: None)
    return place


def as_user(*argv: str, path: str = "/usr/bin", effect: Callable[[], object] | None = None, **more: Any) -> Call:
    names = {"PATH": f"{path}:/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    variables = {**names, **more.pop("variables", {})}
    words = [f"{name}={value}" for name, value in sorted(variables.items())]
    return call(["/usr/sbin/runuser", "-u", "_exo", "--", "/usr/bin/env", "-i", *words, *argv], effect=effect, **more)


def fetches(
    work: Path, *, found: str = COMMIT, files: tuple[str, ...] = ("src/exo/main.py", "resources/card.toml")
) -> list[Call]:
    git = ["/usr/bin/git", "-C", str(work / "build")]

    def unpack() -> None:
        for name in (*files, "LICENSE"):
            path = work / "build" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)

    calls = [
        as_user(*git, "init", "--quiet"),
        as_user(*git, "fetch", "--quiet", "--depth", "1", REPOSITORY, "refs/tags/v1.0.71"),
        as_user(*git, "rev-parse", "FETCH_HEAD^{commit}", out=f"{found}\n"),
    ]
    return [
        *calls,
        *([as_user(*git, "checkout", "--quiet", "--detach", COMMIT, effect=unpack)] if found == COMMIT else []),
    ]


def builds(work: Path, **more: Any) -> Call:
    build, home = work / "build", work / "cargo"

    def compile_it() -> None:
        (build / "target/release").mkdir(parents=True)
        (build / source.LIBRARY).write_text("a library")

    places = {"HOME": home, "CARGO_HOME": home, "CARGO_TARGET_DIR": build / "target", "PYO3_PYTHON": "/usr/bin/python3"}
    features = "pyo3/extension-module,pyo3/experimental-async"
    manifest = str(build / "rust/exo_pyo3_bindings/Cargo.toml")
    argv = ["build", "--release", "--locked", "--features", features, "--manifest-path", manifest, "--lib"]
    return as_user("/usr/bin/cargo", *argv, variables=places, **{"effect": compile_it, **more})


def test_a_commit_is_built_as_exo_s_user_and_belongs_to_root(run_module, host_files: Path, work: Path) -> None:
    result = run_module("exo_source", options(host_files), [*VERSIONS, *fetches(work), builds(work)], system="Linux")
    tree = host_files / "exo/current"
    assert (result["changed"], result["steps"], result["version"]) == (
        True,
        ["fetch", "build", "switch"],
        "fd707de30b42",
    )
    assert {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()} == {
        *(
            "LICENSE",
            "src/exo/main.py",
            "resources/card.toml",
            "lib/exo_pyo3_bindings.so",
            "page/index.html",
            ".complete",
        ),
    }
    assert tree.readlink() == Path("fd707de30b42")
    assert not work.exists()
    again = run_module("exo_source", options(host_files), system="Linux")
    assert (again["changed"], again["settled"]) == (False, True)


def test_check_mode_asks_nothing_and_says_what_it_would_do(run_module, host_files: Path) -> None:
    result = run_module("exo_source", options(host_files), check=True, system="Linux")
    assert (result["changed"], result["steps"]) == (True, ["fetch", "build", "switch"])
    assert not (host_files / "exo").exists()


def test_a_mirror_of_crates_is_written_for_cargo(run_module, host_files: Path, work: Path) -> None:
    seen: list[str] = []

    def note() -> None:
        seen.append((work / "cargo/config.toml").read_text())
        (work / "build/target/release").mkdir(parents=True)
        (work / "build" / source.LIBRARY).write_text("a library")

    wanted = options(host_files, crates_index="sparse+https://mirror/index/")
    run_module("exo_source", wanted, [*VERSIONS, *fetches(work), builds(work, effect=note)], system="Linux")
    assert seen == [
        '[source.crates-io]\nreplace-with = "mirror"\n[source.mirror]\nregistry = "sparse+https://mirror/index/"\n'
    ]


def test_a_mirror_that_is_a_plain_web_server_gives_all_of_the_history(run_module, host_files: Path, work: Path) -> None:
    first, fetch, *rest = fetches(work)
    failed = Call(
        **{**vars(fetch), "rc": 128, "err": "fatal: dumb http transport does not support shallow capabilities"}
    )
    whole = Call(**{**vars(fetch), "argv": [word for word in fetch.argv if word not in {"--depth", "1"}]})
    calls = [*VERSIONS, first, failed, whole, *rest, builds(work)]
    assert run_module("exo_source", options(host_files), calls, system="Linux")["version"] == "fd707de30b42"


def test_another_version_stays_beside_the_one_before(run_module, host_files: Path, work: Path) -> None:
    old = host_files / "exo/000000000000"
    old.mkdir(parents=True)
    (old / ".complete").touch()
    (host_files / "exo/current").symlink_to("000000000000")
    calls = [*VERSIONS, *fetches(work), builds(work)]
    result = run_module("exo_source", options(host_files, keep_previous=True), calls, system="Linux")
    assert (result["settled"], old.exists()) == (False, True)
    assert (host_files / "exo/previous").readlink() == Path("000000000000")


@pytest.mark.parametrize(
    ("calls", "sentence"),
    [
        (
            lambda _: [call(["/usr/bin/python3", "--version"], out="Python 3.12.3")],
            "exo needs Python 3.13, and /usr/bin/python3 of this host is 3.12.3: Debian 13 and Ubuntu 25.04 have it",
        ),
        (
            lambda _: [VERSIONS[0], call(["/usr/bin/cargo", "--version"], out="cargo 1.75.0")],
            "exo needs Rust 1.85 or later, and /usr/bin/cargo of this host is 1.75.0",
        ),
        (lambda work: [*VERSIONS, *fetches(work, found="0" * 40)], "somebody has moved it, so nothing was built."),
        (lambda work: [*VERSIONS, *fetches(work, files=("src/x",))], "is not exo as we know it"),
        (
            lambda work: [*VERSIONS, *fetches(work), builds(work, effect=None, rc=101, err="error: no linker")],
            "exo could not build its network library: error: no linker",
        ),
        (lambda work: [*VERSIONS, *fetches(work), builds(work, effect=None)], "is not exo as we know it"),
    ],
)
def test_what_cannot_be_built_is_one_sentence_and_leaves_nothing(
    run_module, host_files: Path, work: Path, calls: Callable[[Path], list[Call]], sentence: str
) -> None:
    result = run_module("exo_source", options(host_files), calls(work), system="Linux")
    assert sentence in result["msg"]
    assert not (host_files / "exo").exists()


def test_a_link_among_the_sources_leads_root_nowhere(run_module, host_files: Path, work: Path) -> None:
    calls = [*VERSIONS, *fetches(work)]
    unpack = calls[-1].effect
    assert unpack is not None

    def plant() -> None:
        unpack()
        (work / "build/src/exo/main.py").unlink()
        (work / "build/src/exo/main.py").symlink_to("/etc/shadow")

    planted = Call(**{**vars(calls[-1]), "effect": plant})
    result = run_module("exo_source", options(host_files), [*calls[:-1], planted], system="Linux")
    assert "main.py" in result["msg"]
    assert not os.path.lexists(host_files / "exo/current")


def test_the_report_tells_the_commit_and_that_it_computes_on_the_cpu(host_files: Path, replay) -> None:
    arguments = {
        "capability": "exo",
        "check": "exo_source",
        "path": str(host_files / "exo"),
        "commit": COMMIT,
        "version": "1.0.71",
    }
    context = Context(replay([]), lambda *_: None, "Linux")
    line = exo_source.measure(Arguments(arguments), context)
    assert (line.ok, line.measured) == (False, "not built")
    built = host_files / "exo/fd707de30b42"
    built.mkdir(parents=True)
    (built / ".complete").touch()
    (host_files / "exo/current").symlink_to(built.name)
    line = exo_source.measure(Arguments(arguments), context)
    assert (line.ok, line.measured) == (True, "fd707de30b42, on the CPU")
