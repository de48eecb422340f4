# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Apple's tools say about a headless Mac."""

from __future__ import annotations

import re

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab1")


@pytest.mark.parametrize(
    ("key", "value"),
    [("sleep", 0), ("displaysleep", 0), ("disksleep", 0), ("powernap", 0), ("womp", 1), ("autorestart", 1)],
)
def test_power(host, key, value):
    text = host.check_output("pmset -g custom")
    assert re.search(rf"^ {key} +([0-9]+)$", text, re.MULTILINE).group(1) == str(value)


@pytest.mark.parametrize("name", ["ComputerName", "LocalHostName", "HostName"])
def test_name(host, name):
    assert host.check_output(f"scutil --get {name}") == "olab1"


def test_spotlight_is_off(host):
    assert "Indexing disabled." in host.check_output("mdutil -s /")


def test_no_update_is_installed_by_itself(host):
    domain = "/Library/Preferences/com.apple.SoftwareUpdate"
    assert host.check_output(f"defaults read {domain} AutomaticallyInstallMacOSUpdates") == "0"


def test_filevault_is_off(host):
    assert host.check_output("fdesetup status") == "FileVault is Off."
