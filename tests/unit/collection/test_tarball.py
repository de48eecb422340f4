# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is published: everything that the collection needs, and nothing else, from a checkout that was worked in too."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path, PurePosixPath

import ansible_collections.community.general as bundled
import pytest
from ansible.galaxy.dependency_resolution.versioning import meets_requirements

from tests import collection, yaml_files
from tests.collection import ROOT, in_the_checkout

GALAXY = yaml_files.load(ROOT / "galaxy.yml")
# What a checkout has besides: a file that is added anywhere else belongs into the tarball, or into this list.
KEPT_BACK = {
    *(".ansible-lint", ".ci", ".config", ".github", ".gitignore", ".pre-commit-config.yaml", ".yamllint"),
    *("Makefile", "ansible.cfg", "collections", "dashboards", "galaxy.yml", "lab", "molecule", "pyproject.toml"),
    *("generate", "requirements", "site.yml", "tests", "tools"),
    *("changelogs/config.yaml", "changelogs/fragments", "docs/site", "inventories/lab"),
}
WRITTEN_BY_GALAXY = {"FILES.json", "MANIFEST.json"}
# What work leaves behind, and what people keep in a checkout.
JUNK = [
    ".ansible/galaxy_cache/api.json",
    ".cache/root/roles/exo/tasks/main.yml",
    ".env",
    ".mypy_cache/3.11/cache.json",
    ".pytest_cache/README.md",
    ".venv/lib/python3.11/site-packages/thing/README.md",
    "build/site/index.md",
    "collections/ansible_collections/community/general/plugins/modules/thing.py",
    "docs/.DS_Store",
    "docs/_build/page.md",
    "generate/__pycache__/role_reference.cpython-311.pyc",
    "hybrid_ai-cluster-0.0.1.tar.gz",
    "hybrid_ai_cluster.egg-info/PKG-INFO",
    "inventories/example/.secrets/grafana_password",
    "inventories/example/.secrets/more.yml",
    "inventories/example/.ssh/id_ed25519",
    "inventories/example/secrets/haproxy_password",
    "inventories/home/group_vars/all.yml",
    "inventories/home/hosts.yml",
    "playbooks/._site.yml",
    "playbooks/site.retry",
    "plugins/modules/.firewall.py.swp",
    "plugins/modules/._firewall.py",
    "plugins/modules/__pycache__/firewall.cpython-311.pyc",
    "plugins/modules/firewall.py.orig",
    "plugins/modules/firewall.py~",
    "roles/exo/.DS_Store",
    "roles/exo/tasks/main.yml.rej",
    "roles/proxy_client/files/__pycache__/download_relay.cpython-311.pyc",
    "tests/output/result.json",
]


def is_kept_back(name: str) -> bool:
    return any(name == place or name.startswith(f"{place}/") for place in KEPT_BACK)


@pytest.fixture(scope="module")
def tarball(tmp_path_factory):
    """The tarball of a checkout that was worked in."""
    used = tmp_path_factory.mktemp("used")
    for name in [*in_the_checkout(), *JUNK]:
        (used / name).parent.mkdir(parents=True, exist_ok=True)
        if name in JUNK:
            (used / name).write_text("left behind\n")
        else:
            shutil.copyfile(ROOT / name, used / name)
    return collection.build(tmp_path_factory.mktemp("built"), used)


@pytest.fixture(scope="module")
def published(tarball):
    return collection.files(tarball)


@pytest.fixture(scope="module")
def place(tarball, tmp_path_factory):
    """Where the collection is installed."""
    return collection.unpack(tarball, tmp_path_factory.mktemp("installed"))


def test_everything_that_belongs_is_in_it_and_nothing_else(published):
    assert published == {name for name in in_the_checkout() if not is_kept_back(name)} | WRITTEN_BY_GALAXY


def test_what_is_kept_back_exists():
    assert [name for name in KEPT_BACK if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", ["bootstrap", "site", "uninstall", "validate", "verify"])
def test_the_playbooks_of_a_stranger_are_in_it(published, name):
    assert f"playbooks/{name}.yml" in published


def test_it_has_an_inventory_to_start_from(published):
    names = {name for name in published if name.startswith("inventories/")}
    assert {"inventories/example/hosts.yml", "inventories/example/group_vars/all.yml"} <= names


def test_every_role_has_a_readme(published):
    roles = {PurePosixPath(name).parts[1] for name in published if name.startswith("roles/")}
    assert {role for role in roles if f"roles/{role}/README.md" not in published} == set()


def test_what_roles_look_up_by_their_own_place_is_in_it(place):
    found = {}
    for path in place.glob("roles/*/tasks/*.yml"):
        for relative in re.findall(r"role_path ~ '(/[^']+)'", path.read_text(encoding="utf-8")):
            found[f"{path.parents[1].name}{relative}"] = (path.parents[1] / relative.lstrip("/")).exists()
    assert {"node_exporter/../../plugins/module_utils/_macos", "prometheus/files/alerts.yml"} <= set(found)
    assert [name for name, exists in found.items() if not exists] == []


def test_its_pages_lead_to_files_that_are_in_it(place):
    links = [
        (path, target)
        for path in place.rglob("*.md")
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
    ]
    assert len(links) > 10
    assert [f"{path}: {target}" for path, target in links if not (path.parent / target).exists()] == []


def test_it_depends_on_what_it_names(place):
    """A dependency that is missing is an error at a stranger's; one too many is downloaded by everybody for nothing."""
    others = Path(next(iter(bundled.__path__))).parents[1]
    known = {f"{path.parent.name}.{path.name}" for path in others.glob("*/*") if (path / "MANIFEST.json").exists()}
    written = {".j2": r"\b(\w+\.\w+)\.\w+", ".py": r"ansible_collections\.(\w+\.\w+)\.", ".yml": r"\b(\w+\.\w+)\.\w+"}
    used = set()
    for folder in ("playbooks", "plugins", "roles"):
        for path in (place / folder).rglob("*.*"):
            if pattern := written.get(path.suffix):
                used |= known.intersection(re.findall(pattern, path.read_text(encoding="utf-8")))
    assert used == set(GALAXY["dependencies"])


def test_what_it_depends_on_is_what_the_tests_run_with():
    wanted = {
        entry["name"]: entry["version"]
        for entry in yaml_files.load(ROOT / "collections/requirements.yml")["collections"]
    }
    assert set(wanted) == set(GALAXY["dependencies"])
    others = Path(next(iter(bundled.__path__))).parents[1]
    for name, requirement in GALAXY["dependencies"].items():
        manifest = json.loads((others / name.replace(".", "/") / "MANIFEST.json").read_text(encoding="utf-8"))
        version = manifest["collection_info"]["version"]
        assert meets_requirements(version, requirement), name
        assert wanted[name] == version, name


def test_its_readme_says_what_to_install(place):
    lines = (place / "meta/requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = [line for line in lines if not line.startswith("#")]
    assert f"pip install ansible-core {' '.join(needed)}\n" in (place / "README.md").read_text(encoding="utf-8")


def test_the_project_has_one_version():
    assert (
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == GALAXY["version"]
    )
