# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What hosts run works on Python 3.9: Debian 11's, with everything else that it needs from the same release."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests import collection
from tests.matrix import roots, shipped
from tests.site.cluster import BIN, read_run

HERE = Path(__file__).parent
# A result shows the module's options, which newer versions of Ansible have to be asked for.
ENVIRONMENT = {
    "ANSIBLE_CONFIG": str(collection.ROOT / "ansible.cfg"),
    "ANSIBLE_INJECT_INVOCATION": "true",
    "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
}
PACKAGES = ("python3.9", "python3-pytest", "python3-yaml", "python3-jinja2", "ca-certificates", "mawk")
SHIPPED = "/opt/shipped"
# What the examples of modules name.
VALUES = {
    "adguard_home_password": "a password",
    "configuration": {},
    "models": [],
    "token_from_a_vault": "a token",
    "vault_admin_password": "a password",
}
# What a program needs that runs in an environment of its own, with a newer Python.
ENVIRONMENTS = ("No module named 'libtorrent'",)
# Nobody will answer.
HURRY = {"exo_cluster_info": {"timeout": 0}, "exo_placement_info": {"timeout": 0}}


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """Return a directory of the files that hosts run, as Ansible ships them."""
    place = tmp_path_factory.mktemp("python39") / "shipped"
    shipped.copy(place)
    return place


@pytest.fixture(scope="module")
def debian(directory):
    """Return Debian 11 with that directory, whose path there is the same."""
    return roots.root("bullseye", PACKAGES, directory.parent / "debian", str(directory))


def imported(debian: roots.Root, directory: Path) -> dict[str, str]:
    shutil.copy2(HERE / "import_all.py", directory)
    done = subprocess.run(
        debian.inside("/usr/bin/python3.9", "import_all.py", directory=str(directory)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_file_can_be_imported(debian, directory):
    failed = imported(debian, directory)
    assert failed.pop("").startswith("3.9.")
    assert {name: why for name, why in failed.items() if not any(one in why for one in ENVIRONMENTS)} == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("match 1:\n    case _:\n        pass\n", "SyntaxError", id="match"),
        pytest.param("KIND = int | None\n", "TypeError", id="a union that is evaluated"),
        pytest.param("PAIRS = zip([1], [2], strict=True)\n", "TypeError", id="strict zip"),
        pytest.param("from datetime import UTC\n", "ImportError", id="a newer library"),
    ],
)
def test_what_is_newer_is_found(debian, directory, text, reason):
    name = "ansible_collections/hybrid_ai/cluster/plugins/module_utils/_newer.py"
    (directory / name).write_text(text)
    try:
        assert imported(debian, directory)[name].startswith(reason)
    finally:
        (directory / name).unlink()


def test_the_unit_tests_of_the_modules_pass(debian, directory):
    source, target = (top / "tests/unit/plugins" for top in (collection.ROOT, directory))
    target.mkdir(parents=True)
    for path in source.glob("*.py"):
        shutil.copy2(path, target)
    for name in ("fixtures", "macos_settings", "modules", "module_utils"):
        shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        # Debian 11's pytest tells two files of one name apart by their packages.
        (target / name / "__init__.py").touch()
    argv = ["/usr/bin/python3.9", "-m", "pytest", "--quiet", "--import-mode=append", "tests/unit/plugins"]
    done = subprocess.run(
        debian.inside("env", f"PYTHONPATH={directory}", *argv, directory=str(directory)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr


def modules() -> list[str]:
    """Return the modules that run on hosts; the others only document an action plugin."""
    paths = sorted((collection.ROOT / "plugins/modules").glob("*.py"))
    return [path.stem for path in paths if "\ndef main(" in path.read_text(encoding="utf-8")]


def tasks(module: str) -> list[dict]:
    """Return the examples of a module, and it without options: at the least it says which it needs."""
    text = (collection.ROOT / f"plugins/modules/{module}.py").read_text(encoding="utf-8")
    examples = yaml.safe_load(text.partition('EXAMPLES = r"""')[2].partition('"""')[0])
    name = f"hybrid_ai.cluster.{module}"
    given = [{**(example[name] or {}), **HURRY.get(module, {})} for example in examples if name in example]
    return [{"name": module, name: options} for options in [*given, {}]]


@pytest.fixture(scope="module")
def results(debian, tmp_path_factory):
    """Run every example of every module in Debian 11, as a run does, in check mode; return (module, result) of each."""
    place = tmp_path_factory.mktemp("play")
    host = {"ansible_connection": "community.general.chroot", "ansible_host": str(debian.copy)}
    listed = [task for module in modules() for task in tasks(module)]
    play = {"hosts": "debian", "gather_facts": False, "ignore_errors": True, "vars": VALUES, "tasks": listed}
    (place / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"debian": host}}}))
    (place / "play.yml").write_text(yaml.safe_dump([play]))
    # No example shall reach anything.
    argv = ["unshare", "--net", str(BIN / "ansible-playbook"), "--check", "-vvv", "-i", "hosts.yml", "play.yml"]
    done = subprocess.run(
        debian.beside("env", "--chdir", str(place), *argv),
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    run = read_run(done.returncode, done.stdout)
    assert run.hosts == {"debian"}, done.stdout[-4000:] + done.stderr
    return [(task, result) for task, _, result in run.tasks]


def test_every_module_answers_with_a_result_of_its_own(results):
    answered = {module for module, result in results if "invocation" in result}
    assert answered == set(modules())
    # Ansible's words for one that printed no result: it could not be read by this Python, or died.
    assert [(module, result["msg"]) for module, result in results if died(result)] == []


def died(result: dict) -> bool:
    return "module_stderr" in result or "Module failed" in str(result.get("msg"))


def test_modules_that_need_nothing_of_a_mac_do_their_work(results):
    worked = {module for module, result in results if not result.get("failed")}
    assert worked >= {
        "certificate_authority",
        "file_tree",
        "linux_resolver",
        "release_file",
        "release_tree",
        "service_paths",
    }
