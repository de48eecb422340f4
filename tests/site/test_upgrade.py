# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""An installation of the first release that people had is brought up to date by one run, and keeps its secrets.

What its example wrote into the inventory for its passwords is refused, with what to remove.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import states
from tests.run import changes
from tests.site.cluster import ROOT, Cluster

RELEASE = "64b5541"
MACS = ["olab1", "olab2", "olab3"]
# What the lab hands out today under versions that the release did not pin.
VERSIONS = {"node_exporter_version": "1.11.1", "grafana_version": "13.1.3"}
# Where the lab's own stand-ins are, which hosts that the release knew get by now.
STANDINS = ("lab_", "nvidia_driver_")
SECRETS = ("adguard_home_password", "grafana_admin_password")
_SECRET = "{{{{ lookup('ansible.builtin.password', inventory_dir ~ '/secrets/{}', length=20) }}}}"
USERS = "cut -d: -f1 /etc/passwd | grep ^_ | sort"
SERVICES = {
    "linux": "ls /etc/systemd/system | grep ^hybrid-ai- | sort",
    "macos": "ls /Library/LaunchDaemons | grep ^hybrid-ai | sort",
}


@dataclass
class Home:
    """A person's inventory beside a lab."""

    cluster: Cluster
    inventory: Path

    def run(self, checkout: Path, *arguments: str, refused: bool = False) -> str:
        """Run a playbook of a checkout and return what it printed."""
        environment = {
            **self.cluster.environment,
            "ANSIBLE_CONFIG": str(checkout / "ansible.cfg"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        }
        argv = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(self.inventory), *arguments]
        done = subprocess.run(argv, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) == refused, done.stdout[-4000:] + done.stderr[-2000:]
        return done.stdout

    def without(self, *names: str) -> None:
        """Remove variables from the inventory."""
        path = self.inventory / "group_vars/all.yml"
        content = {name: value for name, value in _variables(path).items() if name not in names}
        path.write_text(yaml.safe_dump(content, sort_keys=False))

    def secrets(self, folder: str) -> dict[str, str]:
        """Return the secrets of a folder beside the inventory."""
        return {name: (self.inventory / folder / name).read_text() for name in SECRETS}


def _inventory(directory: Path, release: Path) -> None:
    """Write the inventory that the release understands: today's values of its variables, secrets as its example had."""
    lab = "inventories/lab"
    for path in (release / lab).rglob("*.yml"):
        place = path.relative_to(release / lab)
        content, today = (_variables(checkout / lab / place) for checkout in (release, ROOT))
        if place.parts[0] == "group_vars":
            content = {name: today.get(name, value) for name, value in content.items()}
            content |= {name: value for name, value in today.items() if name.startswith(STANDINS)}
        if place.name == "all.yml":
            content |= {name: _SECRET.format(name) for name in SECRETS} | VERSIONS
        target = directory / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.safe_dump(content, sort_keys=False))


def _variables(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text()) if path.exists() else {}


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Path:
    """Return a checkout of the release."""
    target = tmp_path_factory.mktemp("release")
    argv = ["git", "-c", "safe.directory=*", "archive", "--format=tar", RELEASE]
    packed = subprocess.run(argv, cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "--extract", "--directory", str(target)], input=packed, check=True)
    return target


@pytest.fixture(scope="module")
def home(cluster, release, tmp_path_factory) -> Home:
    """Return a home whose lab has what the release installed."""
    states.lab("down")
    states.lab("up", "--inventory", "inventories/lab")
    made = Home(cluster, tmp_path_factory.mktemp("inventories") / "home")
    _inventory(made.inventory, release)
    secret = str(cluster.directory / "password")
    made.run(release, "playbooks/bootstrap.yml", "--connection-password-file", secret, "--become-password-file", secret)
    made.run(release, "site.yml")
    return made


def test_one_run_brings_it_up_to_date(home):
    secrets = home.secrets("secrets")
    said = home.run(ROOT, "site.yml", refused=True)
    assert "remove them, since a role keeps its password by itself" in said
    assert home.secrets("secrets") == secrets
    home.without(*SECRETS)
    before = {host: home.cluster.execute(host, "sh", "-c", USERS).split() for host in ("olab0", "olab1", "gpu1")}
    home.run(ROOT, "site.yml")
    assert home.secrets(".secrets") == secrets
    assert not (home.inventory / "secrets").exists()
    recap = home.run(ROOT, "site.yml")
    assert set(re.findall(r"changed=(\d+)", recap)) == {"0"}
    home.run(ROOT, "playbooks/verify.yml")
    for host, users in before.items():
        # Nobody is left without a service, and no service without its user.
        assert home.cluster.execute(host, "sh", "-c", USERS).split() == users


def test_it_left_nothing_that_a_new_installation_lacks(home):
    left = {host: _services(home.cluster, host) for host in ("olab0", "olab1", "gpu1")}
    states.site()
    # That one serves models besides, which nobody asked for when the inventory was written.
    assert {host: sorted(services - _services(home.cluster, host)) for host, services in left.items()} == {
        host: [] for host in left
    }


def _services(cluster: Cluster, host: str) -> set[str]:
    return set(cluster.execute(host, "sh", "-c", SERVICES["macos" if host in MACS else "linux"]).split())


def test_the_release_is_the_one_that_people_had():
    assert (changes.git("show", "--no-patch", "--format=%s", RELEASE) or [""])[0] == "Mend what the last reading found"
