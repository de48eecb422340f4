# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Bare Macs, cabled at random: `cluster init` writes what is there, and the site that it describes ends green.

It ends the lab it finds. The command runs inside the lab's network, where a person's machine would be. CABLES_SEED
repeats a cabling that failed.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from lab.names import fabric_namespace
from lab.topology import THUNDERBOLT_PORTS
from tests import states
from tests.site.cluster import BIN, ROOT, Cluster

if TYPE_CHECKING:
    from pathlib import Path

MACS = {"olab1": "10.66.1.11", "olab2": "10.66.1.12", "olab3": "10.66.1.13"}
SEED = int(os.environ.get("CABLES_SEED") or random.SystemRandom().randrange(10**6))
# What the written inventory says by itself. The rest only the lab knows: where downloads and hosts are.
OWN = (
    *("ansible_user", "bootstrap_ssh_directory", "cluster_domain", "cluster_lan_subnet", "cluster_lan_gateway"),
    *("thunderbolt_links", "thunderbolt_subnet"),
)


def random_cables() -> list[dict[str, int]]:
    """Return two to four cables between different Macs in random ports."""
    chance = random.Random(SEED)
    ends = [(host, port) for host in MACS for port in range(1, THUNDERBOLT_PORTS + 1)]
    while True:
        chance.shuffle(ends)
        pairs = list(zip(ends[::2], ends[1::2], strict=False))[: chance.randrange(2, 5)]
        if all(one[0] != other[0] for one, other in pairs):
            return [dict(pair) for pair in pairs]


def same(links) -> set[frozenset[tuple[str, int]]]:
    """Return cables without an order."""
    return {frozenset(link.items()) for link in links}


class Bare:
    """A lab of bare Macs, the inventory that it was made of, and the one that is written from it."""

    def __init__(self, folder: Path) -> None:
        self.made, self.home, self.around = folder / "lab", folder / "home", folder / "around"
        self.cables = random_cables()
        values = yaml.safe_load((ROOT / "inventories/lab/group_vars/all.yml").read_text())
        self._write(self.made, {"macos": self._macs()}, {**values, "thunderbolt_links": self.cables})
        values = {key: value for key, value in values.items() if key not in OWN}
        # The key and the host keys are those of the inventory.
        values["ansible_ssh_common_args"] += " -o UserKnownHostsFile={{ bootstrap_ssh_directory }}/known_hosts"
        # Without a management node this machine hands everything out.
        values["lab_artifacts"] = "file://{{ lab_directory }}/artifacts"
        values["cluster_downloads_directory"] = str(folder / "downloads")
        values["exo_download_probe"] = None
        self._write(self.around, {}, values)
        self.cluster = Cluster(states.lab_name(), str(self.home))
        self.password = str(self.cluster.directory / "password")

    @staticmethod
    def _macs():
        model = {"lab_model": "Mac16,10", "lab_macos": "26.5", "lab_memory_gigabytes": 16}
        return {"hosts": {host: {"ansible_host": address} for host, address in MACS.items()}, "vars": model}

    @staticmethod
    def _write(folder: Path, groups, values) -> None:
        (folder / "group_vars").mkdir(parents=True)
        (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": groups}}))
        (folder / "group_vars/all.yml").write_text(yaml.safe_dump(values))

    def command(self, *arguments: str, inside: bool) -> subprocess.CompletedProcess[str]:
        """Run the command, inside the lab's network or outside of it."""
        where = ["ip", "netns", "exec", fabric_namespace(self.cluster.name)] if inside else []
        return subprocess.run(
            [*where, sys.executable, "-m", "hybrid_cluster.command", *arguments],
            cwd=ROOT,
            env={**self.cluster.environment, "PYTHONPATH": str(ROOT / "src")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def init(self, *arguments: str):
        """Run it as in a script, and return its document."""
        words = ("init", "-i", str(self.home), "--yes", "--json", "--models", "none", "--password-file", self.password)
        done = self.command(*words, *arguments, inside=True)
        assert done.returncode == 0, f"seed {SEED}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    @property
    def links(self):
        """The cables that are written."""
        return yaml.safe_load((self.home / "group_vars/all.yml").read_text())["thunderbolt_links"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Return the lab. Each Mac announces Remote Login, which on a real one launchd does while that is on."""
    found = Bare(tmp_path_factory.mktemp("bare"))
    states.lab("down")
    states.lab("up", "--inventory", str(found.made))
    for number, host in enumerate(MACS, start=1):
        # Bonjour tells namesakes apart like this.
        name = "Admin\u2019s Mac mini" + (f" ({number})" if number > 1 else "")
        found.cluster.execute(
            host, "sh", "-c", f"nohup dns-sd -R '{name}' _ssh._tcp local. 22 </dev/null >/dev/null 2>&1 &"
        )
    yield found
    states.lab("down")


def test_what_is_written_is_what_is_there(bare):
    document = bare.init()
    assert {host["name"]: host["address"] for host in document["hosts"]} == MACS
    assert (document["silent"], document["notes"]) == ({}, [])
    assert same(bare.links) == same(bare.cables), f"seed {SEED}"
    written = yaml.safe_load((bare.home / "hosts.yml").read_text())["all"]["children"]
    assert {name: host["ansible_host"] for name, host in written["macos"]["hosts"].items()} == MACS
    values = yaml.safe_load((bare.home / "group_vars/all.yml").read_text())
    assert (values["cluster_lan_subnet"], values["cluster_lan_gateway"]) == ("10.66.1.0/24", "10.66.1.1")


def test_again_it_changes_nothing(bare):
    document = bare.init()
    assert (document["files"], document["written"]) == ([], False)


def free_port(cables, host: str) -> int | None:
    """Return a port of a host without a cable."""
    taken = {link.get(host) for link in cables}
    return next((port for port in range(1, THUNDERBOLT_PORTS + 1) if port not in taken), None)


def test_a_cable_that_was_moved_is_followed(bare):
    # Four cables have eight of the nine ports at most.
    moved, host, port = next(
        (link, host, port)
        for link in bare.cables
        for host in link
        if (port := free_port(bare.cables, host)) is not None
    )
    now = {**moved, host: port}
    bare.cluster.lab("cable", *(f"{name}:{end}" for name, end in moved.items()), "--unplug")
    bare.cluster.lab("cable", *(f"{name}:{end}" for name, end in now.items()))
    bare.cables[bare.cables.index(moved)] = now
    document = bare.init()
    assert (same(document["removed"]), same(document["added"])) == (same([moved]), same([now])), f"seed {SEED}"
    assert same(bare.links) == same(bare.cables), f"seed {SEED}"


def test_the_site_that_it_describes_ends_green(bare):
    sources = [word for folder in (bare.home, bare.around) for word in ("-i", str(folder))]
    secrets = ["--connection-password-file", bare.password, "--become-password-file", bare.password]
    bootstrap = [str(BIN / "ansible-playbook"), *sources, "playbooks/bootstrap.yml", *secrets]
    done = subprocess.run(
        bootstrap, cwd=ROOT, env=bare.cluster.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]
    # With the key that bootstrap has brought, no password is needed.
    known = json.loads(bare.command("init", "-i", str(bare.home), "--yes", "--json", "--check", inside=True).stdout)
    assert (known["silent"], known["removed"], known["added"]) == ({}, [], [])
    applied = bare.command("apply", *sources, "--json", inside=False)
    document = json.loads(applied.stdout)
    ended = (applied.returncode, document["troubles"], document["false_lines"])
    assert ended == (0, {}, {}), f"seed {SEED}: {applied.stdout}{applied.stderr}"
