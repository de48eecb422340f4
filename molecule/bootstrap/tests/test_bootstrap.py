# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bare host is under management: the key works, sudo does not ask, and a Mac has a Python."""

from __future__ import annotations

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0", "olab1")


@pytest.fixture
def home(host):
    return host.run("sudo -u admin sh -c 'echo $HOME'").stdout.strip()


def test_the_key_is_authorized_once(host, home):
    keys = host.file(f"{home}/.ssh/authorized_keys")
    assert keys.mode == 0o600
    assert keys.content_string.count("ssh-ed25519") == 1


def test_sudo_does_not_ask(host):
    assert host.run("sudo -u admin sudo -k -n true").rc == 0
    assert host.file("/etc/sudoers.d/hybrid-ai").mode == 0o440


def test_ansible_has_a_python(host):
    mac = host.run("uname -s").stdout.strip() == "Darwin"
    python = "/opt/hybrid-ai/python/bin/python3" if mac else "/usr/bin/python3"
    seen = host.check_output(f"{python} -c 'import platform, ssl; print(platform.system())'")
    assert seen == ("Darwin" if mac else "Linux")


def test_nothing_is_left_of_the_way_there(host):
    assert (
        host.run("ls /tmp /opt/hybrid-ai 2>/dev/null | grep -e hybrid-ai-python -e '[.]new' -e '[.]old'").stdout == ""
    )
