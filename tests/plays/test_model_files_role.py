# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The role that hands models on, on hosts that are network namespaces of this machine.

Everything runs but for three things: what is a service of the system elsewhere is a process in the namespace of the
host, the environment is the one that the tests run in, and models belong to root.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests

from tests.chain.hosts import FOLDER, damage, write_model
from tests.chain.network import network
from tests.plays.conftest import REPOSITORY, Played

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTS = ("store", "one", "two")
ENTRY = {
    "name": "small",
    "source": {"repository": "org/model", "revision": "a" * 40},
    "format": "safetensors",
    "backend": "mlx_lm",
}
# A process in the namespace that its home names, instead of a service.
SERVICE = """
import os, signal, subprocess
from ansible.module_utils.basic import AnsibleModule
names = ["name", "description", "state", "arguments", "environment", "user", "group", "working_directory", "limits",
         "restart", "restart_token", "account"]
module = AnsibleModule({name: {"type": "raw"} for name in names}, supports_check_mode=True)
home = module.params["working_directory"]
pid_file, log = os.path.join(home, "pid"), open(os.path.join(home, "log"), "ab")
running = open(pid_file).read().split("\\n", 1) if os.path.exists(pid_file) else None
wanted = None
if module.params["state"] != "absent":
    wanted = repr((module.params["arguments"], module.params["environment"]))
changed = (running[1] if running else None) != wanted
if changed and not module.check_mode:
    if running:
        os.kill(int(running[0]), signal.SIGTERM)
        os.unlink(pid_file)
    if wanted:
        space = open(os.path.join(home, "namespace")).read()
        started = subprocess.Popen(
            ["ip", "netns", "exec", space, *map(str, module.params["arguments"])], stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, env={**os.environ, **module.params["environment"]}, start_new_session=True)
        with open(pid_file, "w") as file:
            file.write("%d\\n%s" % (started.pid, wanted))
    with open(os.path.join(home, "calls"), "a") as file:
        file.write("%s\\n" % (module.params["state"] or "started"))
module.exit_json(changed=changed, account_missing=[])
"""
ACCOUNT = """
from ansible.module_utils.basic import AnsibleModule
names = ["name", "uid", "description", "home", "shell", "hidden", "directories", "files"]
module = AnsibleModule({name: {"type": "raw"} for name in names}, supports_check_mode=True)
module.exit_json(changed=False, ready=True, missing=[], name=module.params["name"])
"""
ENVIRONMENT = [
    {
        "name": "Use the environment of the tests",
        "ansible.builtin.file": {
            "src": str(Path(sys.executable).parents[1]),
            "dest": "{{ python_environment_definition.path }}/current",
            "state": "link",
        },
    }
]


class Site:
    """The hosts, and runs of the role on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.collections = folder / "collections"
        cluster = self.collections / "ansible_collections/hybrid_ai/cluster"
        for part in ("plugins/modules", "roles"):
            (cluster / part).mkdir(parents=True)
        for source, replaced in (
            ("plugins", {"modules"}),
            ("plugins/modules", set()),
            ("roles", {"python_environment"}),
        ):
            for path in (REPOSITORY / source).iterdir():
                if path.name not in {*replaced, "service.py", "service_user_info.py"}:
                    (cluster / source / path.name).symlink_to(path)
        (cluster / "meta").symlink_to(REPOSITORY / "meta")
        (cluster / "plugins/modules/service.py").write_text(SERVICE)
        (cluster / "plugins/modules/service_user_info.py").write_text(ACCOUNT)
        tasks = cluster / "roles/python_environment/tasks"
        tasks.mkdir(parents=True)
        (tasks / "main.yml").write_text(yaml.safe_dump(ENVIRONMENT))

    def host(self, name: str) -> Path:
        """Return where everything of a host lies."""
        return self.folder / "hosts" / name

    def models(self, name: str) -> Path:
        """Return where its models lie."""
        return self.host(name) / "models"

    def describe(self, addresses: dict[str, str]) -> None:
        """Make the places of the hosts, and an inventory."""
        for name, address in addresses.items():
            work = self.host(name) / "models-home/transfer"
            work.mkdir(parents=True)
            (self.host(name) / "model-files-environment").mkdir()
            (self.host(name) / "models-home/namespace").write_text(f"{address[1]}")
        members = {
            name: {"ansible_host": address, "cluster_directory": str(self.host(name))}
            for name, (address, _) in addresses.items()
        }
        groups = {"mlx_lm": {"hosts": {"one": {}, "two": {}}}, "linux": {"hosts": {name: {} for name in addresses}}}
        content = {"all": {"hosts": members, "children": groups}}
        (self.folder / "hosts.yml").write_text(yaml.safe_dump(content))

    def run(self, *arguments: str, models: list[dict[str, object]] | None = None) -> Played:
        """Apply the role."""
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "ansible_become": False,
            "cluster_models": [ENTRY] if models is None else models,
            "cluster_model_store": "store",
            "cluster_lan_subnet": "10.67.9.0/24",
            "model_files_patience_seconds": 20,
            "__cluster_state_directory": str(self.folder / "state"),
            "__cluster_models_account": {
                "name": "root",
                "description": "Models of the cluster",
                "home": "{{ cluster_directory }}/models-home",
            },
        }
        (self.folder / "variables.json").write_text(json.dumps(variables))
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "--inventory",
            str(self.folder / "hosts.yml"),
        ]
        done = subprocess.run(
            [
                *command,
                "--extra-vars",
                f"@{self.folder}/variables.json",
                "--extra-vars",
                "__cluster_checked=true",
                "playbooks/models.yml",
                "--tags",
                "model_files",
                *list(arguments),
            ],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
                "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
                "ANSIBLE_NOCOLOR": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return Played(done.returncode, done.stdout + done.stderr)

    def processes(self) -> list[int]:
        """Return what of the role's service runs."""
        return [int(path.read_text().split("\n", 1)[0]) for path in self.folder.glob("hosts/*/models-home/pid")]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    with network("plays", HOSTS) as joined:
        made.describe({name: (address, joined.space(name)) for name, address in joined.hosts.items()})
        try:
            yield made
        finally:
            for number in made.processes():
                os.kill(number, signal.SIGKILL)


@pytest.fixture
def content() -> dict[str, bytes]:
    return {"weights.bin": os.urandom(4 << 20), "config.json": b"{}"}


def changed(played: Played) -> set[str]:
    """Return the hosts on which something changed."""
    lines = [line.split() for line in played.text.splitlines() if " changed=" in line]
    return {words[0] for words in lines if "changed=0" not in words}


def test_every_host_that_serves_a_model_has_it_and_the_second_run_does_nothing(site, content):
    manifest = write_model(site.models("store"), content)
    predicted = site.run("--check")
    assert (predicted.rc, changed(predicted)) == (0, {"store", "one", "two"}), predicted.text
    assert not site.models("one").exists()
    played = site.run()
    assert played.rc == 0, played.text
    assert "two gets org--model from one at 10.67.9.2, or else from store" in played.text
    for name in ("one", "two"):
        assert manifests.read(site.models(name), FOLDER) == manifest
        assert manifests.check(site.models(name), manifest, hash=True) == []
    assert site.processes() == []
    calls = {name: (site.host(name) / "models-home/calls").read_text() for name in HOSTS}
    assert set(calls.values()) == {"started\nabsent\n"}
    again = site.run()
    assert (again.rc, changed(again)) == (0, set()), again.text
    assert {name: (site.host(name) / "models-home/calls").read_text() for name in HOSTS} == calls


def test_a_failure_is_its_sentence_and_leaves_no_service(site, content):
    write_model(site.models("store"), content)
    damage(site.models("store") / FOLDER / "weights.bin")
    played = site.run()
    assert played.rc != 0
    text = " ".join(played.text.split())
    assert "store does not hand on org--model: weights.bin of org--model has the right size and another content" in text
    assert "store does not hand its models on, see there; one got nothing." in text
    assert site.processes() == []
    assert not (site.models("one") / FOLDER).exists()


def test_what_is_damaged_on_a_host_is_mended_when_asked_for(site, content):
    manifest = write_model(site.models("store"), content)
    for name in ("one", "two"):
        write_model(site.models(name), content)
    damage(site.models("two") / FOLDER / "weights.bin")
    assert changed(site.run()) == set()
    played = site.run("--extra-vars", "model_files_compare=true")
    assert played.rc == 0, played.text
    assert manifests.check(site.models("two"), manifest, hash=True) == []
    assert "one" not in changed(played) or (site.host("one") / "models-home/calls").exists()


def test_what_the_table_does_not_name_stays_and_what_it_names_absent_goes(site, content):
    write_model(site.models("store"), content)
    for name in ("one", "two"):
        write_model(site.models(name), content)
    write_model(site.models("one"), {"config.json": b"{}"}, folder="org--older")
    (site.models("two") / FOLDER / "._weights.bin").write_bytes(b"of another system")
    played = site.run()
    assert "one keeps models that cluster_models does not name: org--older" in " ".join(played.text.split())
    assert changed(played) == {"two"}
    assert (site.models("two") / ".aside" / FOLDER / "._weights.bin").exists()
    played = site.run(models=[{**ENTRY, "state": "absent"}])
    assert played.rc == 0, played.text
    assert [(site.models(name) / FOLDER).exists() for name in ("one", "two")] == [False, False]
    assert (site.models("one") / "org--older/config.json").exists()


def test_without_the_store_it_says_what_to_add_where_something_is_needed(site, content):
    write_model(site.models("store"), content)
    played = site.run("--limit", "one")
    assert played.rc != 0
    text = " ".join(played.text.split())
    assert "one needs org--model, which store has, and store takes no part in this run" in text
    assert "--limit one,store" in text
