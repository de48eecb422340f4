# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The tarball in an environment of its own, with ansible-core and what it declares, brings bare hosts to a whole site.

It runs in a directory that has nothing to do with a checkout, with Ansible's own configuration.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from ansible.release import __version__ as core
from ansible_collections import community

from tests import collection, states
from tests.collection import ROOT
from tests.site.cluster import Cluster

HOSTS = {"macos": ["olab1"], "linux": ["olab0"], "management": ["olab0"], "exo": ["olab1"]}


@dataclass
class Stranger:
    """Somebody's home, who has no checkout."""

    home: Path

    @property
    def collections(self) -> Path:
        """Where Ansible installs collections for whom nothing is configured."""
        return self.home / ".ansible/collections/ansible_collections"

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in a directory of theirs."""
        kept = {name: os.environ[name] for name in ("LAB_NAME", "LANG", "TERM") if name in os.environ}
        # How this machine reaches a package index.
        kept |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        environment = {
            **kept,
            "ANSIBLE_NOCOLOR": "1",
            "HOME": str(self.home),
            "LAB_NAME": states.lab_name(),
            "PATH": f"{self.home}/environment/bin:{os.defpath}:/usr/sbin:/sbin",
        }
        argv = [f"{self.home}/environment/bin/{program}", *arguments]
        directory = self.home / "desk"
        directory.mkdir(exist_ok=True)
        return subprocess.run(argv, cwd=directory, env=environment, capture_output=True, text=True, check=False)

    def succeed(self, program: str, *arguments: str) -> str:
        """Run a program that has to succeed, and return what it printed."""
        done = self.run(program, *arguments)
        assert done.returncode == 0, f"{program} {' '.join(arguments)}: {done.stdout[-6000:]}{done.stderr[-3000:]}"
        return done.stdout

    def pip(self, *arguments: str) -> None:
        """Install packages."""
        self.succeed("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """Return somebody with ansible-core and a tarball, in `desk`."""
    home = tmp_path_factory.mktemp("stranger")
    subprocess.run([sys.executable, "-m", "venv", str(home / "environment")], check=True)
    person = Stranger(home)
    person.pip(f"ansible-core=={core}")
    collection.build(home / "desk")
    return person


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Return a lab of two bare hosts, whose inventory is the lab's without the others."""
    inventory = tmp_path_factory.mktemp("inventories") / "two"
    shutil.copytree(ROOT / "inventories/lab", inventory)
    known = yaml.safe_load((inventory / "hosts.yml").read_text())["all"]["children"]
    groups = {
        group: {**known[group], "hosts": {name: known[group]["hosts"][name] for name in names}}
        for group, names in HOSTS.items()
    }
    (inventory / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": groups}}))
    values = yaml.safe_load((inventory / "group_vars/all.yml").read_text())
    (inventory / "group_vars/all.yml").write_text(yaml.safe_dump({**values, "thunderbolt_links": []}))
    cluster = Cluster(states.lab_name(), str(inventory))
    cluster.lab("down")
    cluster.lab("up", "--inventory", str(inventory))
    yield cluster
    cluster.lab("down")


def test_it_is_not_installed_without_what_it_depends_on(stranger):
    (tarball,) = (stranger.home / "desk").glob("*.tar.gz")
    install = ("ansible-galaxy", "collection", "install", "--offline", str(tarball))
    refused = stranger.run(*install)
    assert refused.returncode != 0
    declared = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["dependencies"]
    assert any(name in refused.stderr for name in declared), refused.stderr
    # Galaxy would bring them; it is out of reach here.
    for name in declared:
        place = stranger.collections / name.replace(".", "/")
        shutil.copytree(Path(next(iter(community.__path__))).parent / name.replace(".", "/"), place)
    stranger.succeed(*install)
    listed = set(re.findall(r"^(\w+\.\w+)", stranger.succeed("ansible-galaxy", "collection", "list"), re.MULTILINE))
    # The last one is a part of ansible-core.
    assert listed == {"hybrid_ai.cluster", *declared, "ansible._protomatter"}
    stranger.pip("-r", str(stranger.collections / "hybrid_ai/cluster/meta/requirements.txt"))


def test_bare_hosts_become_a_site_that_is_verified(stranger, bare):
    secret = str(bare.directory / "password")
    passwords = ("--connection-password-file", secret, "--become-password-file", secret)
    stranger.succeed("ansible-playbook", "-i", bare.inventory, "hybrid_ai.cluster.bootstrap", *passwords)
    printed = stranger.succeed("ansible-playbook", "-i", bare.inventory, "hybrid_ai.cluster.site")
    assert changes(printed).keys() == {"olab0", "olab1"}
    assert all(changes(printed).values())
    # It was the installed collection, which knows of no checkout.
    assert str(ROOT) not in printed


def changes(printed: str) -> dict[str, int]:
    """Return how many tasks changed each host, by what Ansible prints at the end."""
    found = re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=0\s+failed=0", printed, re.MULTILINE)
    return {host: int(number) for host, number in found if host != "localhost"}
