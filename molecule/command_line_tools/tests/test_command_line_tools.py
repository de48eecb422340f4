# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apple's Command Line Tools are there, and no dialog was opened for them."""

from __future__ import annotations

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab1")


def test_the_tools_are_selected_and_have_a_receipt(host):
    assert host.check_output("xcode-select -p") == "/Library/Developer/CommandLineTools"
    assert "version: " in host.check_output("pkgutil --pkg-info=com.apple.pkg.CLTools_Executables")


def test_the_flag_that_asks_for_them_is_gone(host):
    assert not host.file("/tmp/.com.apple.dt.CommandLineTools.installondemand.in-progress").exists


def test_the_stub_became_a_python(host):
    assert host.check_output("/usr/bin/python3 -c 'print(6 * 7)'") == "42"
