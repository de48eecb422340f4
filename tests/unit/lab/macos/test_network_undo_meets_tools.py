# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the undo of a change brings back on a scratch Mac: exactly what was there, or the change is refused."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import undo

from .test_modules_meet_tools import apply, bare
from .test_network_module_meets_tools import kernel

__all__ = ["apply", "bare", "kernel"]

FIXED = {"method": "manual", "address": "10.66.1.51", "netmask": "255.255.255.0", "router": "10.66.1.1"}
READS = ("-getinfo", "-getadditionalroutes", "-getdnsservers", "-getsearchdomains", "-getwebproxy", "-getautoproxyurl")

# (what somebody has set before, what is wanted)
STATES = [
    pytest.param([("-setdhcp", "Ethernet")], {"ipv4": FIXED}, id="dhcp"),
    pytest.param([("-setdhcp", "Ethernet", "desk 7")], {"ipv4": FIXED}, id="dhcp with a client identifier"),
    pytest.param(
        [("-setmanual", "Ethernet", "10.66.1.77", "255.255.255.0", "10.66.1.1")], {"ipv4": FIXED}, id="manual"
    ),
    pytest.param([("-setmanual", "Ethernet", "10.66.1.77", "255.255.0.0")], {"ipv4": FIXED}, id="without a router"),
    pytest.param(
        [("-setmanualwithdhcprouter", "Ethernet", "10.66.1.77")], {"ipv4": FIXED}, id="manual with the router of DHCP"
    ),
    pytest.param([("-setbootp", "Ethernet")], {"ipv4": {"method": "dhcp"}}, id="bootp"),
    pytest.param(
        [
            ("-setmanual", "Ethernet", "10.66.1.77", "255.255.255.0", "10.66.1.1"),
            ("-setadditionalroutes", "Ethernet", "10.9.0.0", "255.255.0.0", "10.66.1.9"),
        ],
        {"ipv4": FIXED},
        id="additional routes",
    ),
    pytest.param([("-setv6LinkLocal", "Ethernet")], {"ipv6": "off"}, id="IPv6 on the link only"),
    pytest.param([("-setv6manual", "Ethernet", "fd00::5", "64", "fd00::1")], {"ipv6": "off"}, id="IPv6 by hand"),
    pytest.param([("-setv6manual", "Ethernet", "fd00::5", "48")], {"ipv6": "automatic"}, id="IPv6 without a router"),
    pytest.param(
        [("-setautoproxyurl", "Ethernet", "http://a/pac"), ("-setautoproxystate", "Ethernet", "off")],
        {"auto_proxy_url": "http://b/pac"},
        id="a proxy script that is switched off",
    ),
]


@pytest.fixture
def commands(bare, monkeypatch) -> list[list[str]]:
    """Whatever the undo would run, kept instead of being given to launchd."""
    kept: list[list[str]] = []
    monkeypatch.setattr(undo, "arm", lambda launchd, seconds, commands: kept.extend(commands))
    return kept


def looks(bare) -> list[str]:
    return [bare.run("networksetup", verb, "Ethernet").out for verb in READS]


@pytest.mark.parametrize(("before", "wanted"), STATES)
def test_what_was_there_comes_back(*, bare, kernel, apply, commands, before, wanted) -> None:
    for words in before:
        assert bare.run("networksetup", *words).rc == 0
    found = looks(bare)
    result = apply("macos_network", {"services": [{"device": "en0", **wanted}], "undo_after": 90})
    assert (result.get("failed"), result["changed"], result["undo_pending"]) == (None, True, True), result
    assert looks(bare) != found
    for program, *words in commands:
        assert bare.run(program, *words).rc == 0, words
    assert looks(bare) == found


def test_a_location_that_is_left_is_there_to_come_back_to(bare, kernel, apply, commands) -> None:
    bare.run("networksetup", "-createlocation", "exo", "populate")
    bare.run("networksetup", "-switchtolocation", "exo")
    args = {"location_absent": "exo", "undo_after": 90, "connection_address": "10.66.1.11"}
    assert apply("macos_network", args)["undo_pending"]
    for program, *words in commands:
        bare.run(program, *words)
    assert bare.run("networksetup", "-getcurrentlocation").out == "exo\n"


def test_it_is_removed_by_the_call_after_the_confirmation(bare, kernel, apply, commands) -> None:
    bare.run("networksetup", "-createlocation", "exo", "populate")
    bare.run("networksetup", "-switchtolocation", "exo")
    args = {"location_absent": "exo", "undo_after": 90, "connection_address": "10.66.1.11"}
    assert apply("macos_network", args)["changed"]
    assert apply("macos_network", {**args, "undo_after": None})["changed"]
    assert bare.run("networksetup", "-listlocations").out == "Automatic\n"
    assert not apply("macos_network", args)["changed"]
