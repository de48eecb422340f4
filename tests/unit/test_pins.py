# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What comes from elsewhere is pinned by digits that stand here, and comes by the one way that verifies them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import yaml_files

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = sorted(
    path
    for pattern in (
        "roles/*/defaults/*.yml",
        "roles/*/vars/*.yml",
        "roles/*/meta/argument_specs.yml",
        "playbooks/**/*.yml",
    )
    for path in ROOT.glob(pattern)
)
TASKS = sorted(ROOT.glob("roles/*/tasks/*.yml"))
# They fetch without a checksum, or take one from the server that serves the file.
FETCHERS = {
    "ansible.builtin.apt_key",
    "ansible.builtin.apt_repository",
    "ansible.builtin.deb822_repository",
    "ansible.builtin.get_url",
    "ansible.builtin.git",
    "ansible.builtin.pip",
    "ansible.builtin.unarchive",
    "community.general.archive",
    "community.general.homebrew_tap",
    "community.general.npm",
}


def pins(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every checksum, and what stands for it where a release has none."""
    if isinstance(value, Mapping):
        if "checksum" in value and not isinstance(value["checksum"], Mapping):
            yield path, value["checksum"]
        elif re.search(r"_releases?\b", path) and isinstance(value.get("url"), str):
            yield path, None
        for key, member in value.items():
            yield from pins(f"{path}.{key}", member)
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from pins(f"{path}[{place}]", member)


def tasks(listed: Any) -> Iterator[dict[str, Any]]:
    for task in listed or []:
        yield task
        for section in ("block", "rescue", "always"):
            yield from tasks(task.get(section))


@pytest.mark.parametrize("path", VARIABLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_default_pins_by_digits(path: Path) -> None:
    found = dict(pins("", yaml_files.load(path)))
    assert {place: pin for place, pin in found.items() if not re.fullmatch("sha256:[0-9a-f]{64}", str(pin))} == {}


def test_every_program_is_among_the_pins() -> None:
    """The test above sees them all: a release that it does not see would be pinned by nothing."""
    defaults = [path for path in VARIABLES if path.parent.name == "defaults"]
    roles = {path.parents[1].name for path in defaults if list(pins("", yaml_files.load(path)))}
    assert roles >= {"adguard_home", "alertmanager", "bootstrap", "exo", "grafana", "node_exporter", "prometheus"}


@pytest.mark.parametrize("path", TASKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_task_fetches_by_another_way(path: Path) -> None:
    for task in tasks(yaml_files.load(path)):
        assert FETCHERS.isdisjoint(task), task["name"]
        assert "dest" not in (task.get("ansible.builtin.uri") or {}), task["name"]
        package = task.get("ansible.builtin.apt") or {}
        assert not {"deb", "allow_unauthenticated", "force"} & set(package), task["name"]
        release = task.get("hybrid_ai.cluster.release_file")
        assert release is None or re.fullmatch(r"\{\{ [a-z_]+\.checksum \}\}", release["checksum"]), task["name"]


@pytest.mark.parametrize(
    ("variables", "seen"),
    [
        pytest.param({"x_releases": {"1": {"a": {"url": "u", "checksum": "c"}}}}, "c", id="pinned"),
        pytest.param({"x_releases": {"1": {"a": {"url": "u"}}}}, None, id="not pinned"),
        pytest.param({"options": {"x_release": {"default": {"url": "u", "checksum": "c"}}}}, "c", id="specified"),
        pytest.param([{"vars": {"x_release": {"checksum": "c"}}}], "c", id="play"),
    ],
)
def test_pins_are_seen_where_they_stand(variables: Any, seen: str | None) -> None:
    assert [pin for _, pin in pins("", variables)] == [seen]
