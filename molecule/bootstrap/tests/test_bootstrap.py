# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that was under management gets another key beside the one it knows, and a Mac its Python elsewhere."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0", "olab1")


@pytest.fixture
def home(host):
    return host.run("sudo -u admin sh -c 'echo $HOME'").stdout.strip()


def key(directory: str) -> str:
    """Return a public key of the controller, without its comment."""
    file = Path("/run/hybrid-lab", os.environ["LAB_NAME"], directory, "id_ed25519.pub")
    return " ".join(file.read_text(encoding="ascii").split()[:2])


def test_both_keys_are_authorized_once(host, home):
    keys = host.file(f"{home}/.ssh/authorized_keys")
    assert keys.mode == 0o600
    assert key("ssh") != key("scenario/ssh")
    for directory in ("ssh", "scenario/ssh"):
        assert keys.content_string.count(key(directory)) == 1


def test_the_other_key_lets_in(host):
    lab = Path("/run/hybrid-lab", os.environ["LAB_NAME"])
    # The lab's own configuration names the key that it began with.
    lines = (lab / "ssh_config").read_text(encoding="utf-8").splitlines()
    configuration = lab / "scenario/ssh_config"
    configuration.write_text("\n".join(line for line in lines if "identityfile" not in line.lower()), encoding="utf-8")
    options = ["-F", str(configuration), "-i", str(lab / "scenario/ssh/id_ed25519")]
    for option in ("BatchMode=yes", "ControlPath=none", "IdentitiesOnly=yes"):
        options += ["-o", option]
    subprocess.run(["ssh", *options, host.backend.host.name, "true"], check=True)


def test_sudo_does_not_ask(host):
    assert host.run("sudo -u admin sudo -k -n true").rc == 0
    assert host.file("/etc/sudoers.d/hybrid-ai").mode == 0o440


def test_ansible_has_a_python(host):
    mac = host.run("uname -s").stdout.strip() == "Darwin"
    python = "/opt/cluster/python/bin/python3" if mac else "/usr/bin/python3"
    seen = host.check_output(f"{python} -c 'import platform, ssl; print(platform.system())'")
    assert seen == ("Darwin" if mac else "Linux")


def test_nothing_is_left_of_the_way_there(host):
    assert host.run("ls /tmp /opt/cluster 2>/dev/null | grep -e hybrid-ai-python -e '[.]new' -e '[.]old'").stdout == ""
