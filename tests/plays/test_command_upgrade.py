# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster upgrade` with plays of its own and the gateway itself, while clients ask all the time."""

from __future__ import annotations

import json
import time

import pytest
import yaml

from hybrid_cluster.command import exits
from tests.plays.test_command_apply import LOCAL, Site
from tests.unit.command import many_hosts
from tests.unit.command.conftest import COLUMNS

HOSTS = {"both": ["box1", "box2"], "one": ["box3"]}
NAMES = ["box1", "box2", "box3"]


class Upgraded(Site):
    """A checkout whose site.yml takes a host away for a moment, behind a gateway."""

    def __init__(self, place, gate):
        super().__init__(place)
        self.gate = gate
        self.marks = place / "marks"
        self.marks.mkdir()
        for name, node in gate.nodes.items():
            node.is_away = (self.marks / f"{name}.away").exists
        models = [
            {
                "name": model,
                "source": {"url": "http://127.0.0.1/m.gguf", "checksum": "sha256:0"},
                "format": "gguf",
                "backend": "llama_cpp",
                "hosts": hosts,
            }
            for model, hosts in HOSTS.items()
        ]
        boxes = {name: {**LOCAL, "ansible_host": f"127.0.0.{number}"} for number, name in enumerate(NAMES, 11)}
        groups = {
            "linux": {"hosts": {"desk": {**LOCAL, "ansible_host": "127.0.0.10"}, **boxes}},
            "management": {"hosts": {"desk": None}},
            "llama_cpp": {"hosts": dict.fromkeys(NAMES)},
        }
        shared = {"cluster_models": models, "cluster_secrets_directory": str(place / ".secrets")}
        self.inventory.write_text(yaml.safe_dump({"all": {"children": groups, "vars": shared}}))
        away = f"{self.marks}/{{{{ inventory_hostname }}}}.away"
        self.upgrade = [
            {"name": "Begin", "ansible.builtin.copy": {"content": "", "dest": away}},
            {"name": "Work", "ansible.builtin.command": "sleep 1", "changed_when": False},
            {"name": "End", "ansible.builtin.file": {"path": away, "state": "absent"}},
        ]
        self.plays(llama_cpp=self.upgrade)
        look = {"name": "Look", "ansible.builtin.debug": {"msg": "as it should be"}}
        verify = [{"hosts": "all", "gather_facts": False, "tasks": [look]}]
        (self.root / "playbooks/verify.yml").write_text(yaml.safe_dump(verify))

    @property
    def argv(self):
        return [*many_hosts_command(super().argv), "--gateway", self.gate.url]


def many_hosts_command(argv):
    return ["upgrade" if word == "apply" else word for word in argv]


@pytest.fixture
def site(tmp_path):
    with many_hosts.site(tmp_path, HOSTS) as gate:
        yield Upgraded(tmp_path, gate)


def test_under_load_no_request_is_lost(site):
    with site.gate.load("both", "one") as load:
        time.sleep(0.5)
        said = site.on_a_terminal()
        time.sleep(0.5)
    assert said.code == exits.OK, said.out
    assert max(map(len, said.lines)) <= COLUMNS
    assert said.lines[-1] == "Upgraded: box1-3, desk"
    assert load.lost == []
    # Those of the model that one host alone has wait meanwhile, so that there are fewer.
    assert load.whole == load.sent > 50
    assert {name: node.cut for name, node in site.gate.nodes.items()} == dict.fromkeys(NAMES, 0)
    assert site.gate.drained() == []


def test_the_first_that_fails_ends_it_without_a_loss(site):
    broken = {"name": "Break", "ansible.builtin.fail": {"msg": "It broke."}, "when": "inventory_hostname == 'box2'"}
    site.plays(llama_cpp=[*site.upgrade, broken])
    with site.gate.load("both", "one") as load:
        said = site.apply("--json")
        time.sleep(0.5)
    assert said.code == exits.HOSTS_FAILED
    document = said.json
    assert (document["done"], document["left"]) == (["box1"], ["box3", "desk"])
    assert document["turns"][1]["run"]["first_failure"]["task"] == "Break"
    assert "It broke." in document["turns"][1]["run"]["first_failure"]["text"]
    assert said.err.startswith("cluster: box2 is not upgraded: site.yml: the task Break failed on box2.")
    assert site.gate.drained() == ["box2"]
    assert load.lost == []
    assert load.whole == load.sent > 50
    # What is left goes on from there, when it is mended.
    site.plays(llama_cpp=site.upgrade)
    again = site.apply("--limit", "box2,box3", "--tags", "llama_cpp")
    assert again.code == exits.OK, again.err
    assert again.lines[-1] == "Upgraded: box2-3"
    assert site.gate.drained() == []
    assert json.loads((site.gate.gate.folder / "drains.json").read_text())["drains"] == {}
