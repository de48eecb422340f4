# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What roles do as root to files stays out of the directories that a service's user owns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests import yaml_files

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
TASK_FILES = sorted(ROOT.glob("roles/*/tasks/*.yml"))
# What each of them touches is named by one of these arguments.
FILE_MODULES = {
    *("assemble", "blockinfile", "copy", "fetch", "file", "find", "get_url", "lineinfile", "replace", "slurp", "stat"),
    *("template", "unarchive"),
}
PATHS = ("path", "paths", "dest", "src")


def tasks_of(document: Any) -> Iterator[dict[str, Any]]:
    """Yield every task, those inside blocks included."""
    for task in document or []:
        yield task
        for section in ("block", "rescue", "always"):
            yield from tasks_of(task.get(section))


def variables(on_macos: bool) -> dict[str, Any]:
    """Return every variable of every role, as templates."""
    found: dict[str, Any] = {}
    for place in ("defaults", "vars"):
        for path in sorted(ROOT.glob(f"roles/*/{place}/main.yml")):
            found.update(yaml_files.load(path) or {})
    group = "macos" if on_macos else "linux"
    facts = {"architecture": "x86_64"}
    host = {"inventory_hostname": "olab0", "ansible_host": "10.66.1.10", "group_names": [group, "management"]}
    inventory = {"groups": {"all": ["olab0"], "management": ["olab0"]}, "inventory_dir": "/inventory"}
    known = {"ansible_facts": facts, "hostvars": {"olab0": host}, "role_path": "/role", "ansible_managed": "managed"}
    return {**found, **host, **inventory, **known}


def trusted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: trusted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [trusted(inner) for inner in value]
    return trust_as_template(value) if isinstance(value, str) else value


class Renderer:
    """Renders what can be known without a host."""

    def __init__(self, on_macos: bool) -> None:
        self.variables = trusted(variables(on_macos))

    def render(self, value: Any, **more: Any) -> Any:
        templar = Templar(DataLoader(), variables={**self.variables, **more})
        try:
            return templar.template(trusted(value))
        except AnsibleError:
            return None

    def services(self) -> dict[str, list[str]]:
        """Return the directories that belong to a service's user, by the name of the variable that describes it."""
        found = {}
        for name, value in self.variables.items():
            if isinstance(value, dict) and {"user", "home", "name"} <= set(value):
                home, more = self.render(value["home"]), self.render(value.get("directories", []))
                found[name] = [home, *(more or [])]
        return found


@pytest.fixture(scope="module", params=[False, True], ids=["linux", "macos"])
def renderer(request: pytest.FixtureRequest) -> Renderer:
    """Know the variables of all roles on one platform."""
    return Renderer(request.param)


def below(path: str, directories: list[str]) -> bool:
    return any(path == directory or path.startswith(f"{directory}/") for directory in directories)


def touched(renderer: Renderer) -> Iterator[tuple[str, str, str]]:
    """Yield role, task and path of every file that a task of ansible.builtin touches."""
    for file in TASK_FILES:
        for task in tasks_of(yaml_files.load(file)):
            arguments = next(
                (task[f"ansible.builtin.{name}"] for name in FILE_MODULES if f"ansible.builtin.{name}" in task), {}
            )
            for item in renderer.render(task.get("loop", [None])) or [None]:
                for key in PATHS:
                    path = renderer.render(arguments.get(key), item=item)
                    if isinstance(path, str):
                        yield file.parts[-3], task["name"], path


def test_the_directories_of_every_service_are_known(renderer: Renderer) -> None:
    services = renderer.services()
    assert len(services) >= 10
    for directories in services.values():
        assert all(isinstance(path, str) and path.startswith("/") for path in directories), directories


def test_no_task_touches_what_lies_in_the_directory_of_a_service(renderer: Renderer) -> None:
    places = [path for directories in renderer.services().values() for path in directories]
    found = list(touched(renderer))
    assert len(found) > 20
    assert [(role, name, path) for role, name, path in found if below(path, places)] == []


def test_such_a_task_would_be_found(renderer: Renderer) -> None:
    places = [path for directories in renderer.services().values() for path in directories]
    path = renderer.render("{{ squid_cache_directory }}/cache.log")
    assert below(path, places)


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_task_gives_a_file_to_somebody_over_a_link(path: Path) -> None:
    """hybrid_ai.cluster.service_paths does, and follows none; nobody but root owns what a stock task makes."""
    for task in tasks_of(yaml_files.load(path)):
        for name in FILE_MODULES:
            arguments = task.get(f"ansible.builtin.{name}") or {}
            assert arguments.get("owner", "root") == "root", task["name"]
            assert "recurse" not in arguments, task["name"]


def test_root_rotates_no_log_in_the_directory_of_a_service(renderer: Renderer) -> None:
    """What rotates gives the new log to somebody by its name, after it has renamed the old one."""
    places = [path for directories in renderer.services().values() for path in directories]
    templates = list(ROOT.glob("roles/*/templates/rotation.j2"))
    assert templates
    for template in templates:
        text = str(renderer.render(template.read_text(encoding="utf-8")))
        logs = [word for word in text.split() if word.startswith("/") and word.endswith(".log")]
        assert logs
        assert [path for path in logs if below(path, places)] == []
