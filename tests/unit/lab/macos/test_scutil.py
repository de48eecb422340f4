# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``scutil``: section 11 of the collected outputs, and the resolver."""

from __future__ import annotations

import pytest

from lab.macos.simulator.network.apply import AREA
from lab.macos.simulator.network.session import boot_session

from .links import SHOW, as_text, new_mac


@pytest.mark.parametrize(
    ("argv", "status", "out", "err"),
    [
        pytest.param(["--get", "LocalHostName"], 0, "olab1\n", "", id="set"),
        pytest.param(["--get", "HostName"], 1, "", "HostName: not set\n", id="unset"),
        pytest.param(["--get", "Foo"], 0, "", "", id="get unknown"),
        pytest.param(["--set", "Foo", "x"], 0, "", "", id="set unknown"),
        pytest.param(
            ["--set", "LocalHostName", "a.b"],
            1,
            "",
            "SCPreferencesSetLocalHostName() failed: Invalid argument\n",
            id="bad Bonjour name",
        ),
    ],
)
def test_names(mac, argv, status, out, err) -> None:
    result = mac.run("scutil", *argv)
    assert (result.rc, result.out, result.err) == (status, out, err)


@pytest.mark.parametrize("name", ["ComputerName", "LocalHostName", "HostName"])
def test_set_and_clear(mac, name) -> None:
    assert mac.run("scutil", "--set", name, "mini-1").rc == 0
    assert mac.run("scutil", "--get", name).out == "mini-1\n"
    # Without a value it is read from standard input; an empty line clears.
    assert mac.run("scutil", "--set", name, stdin="").rc == 0
    assert mac.run("scutil", "--get", name).err == f"{name}: not set\n"


def test_kernel_is_named(mac) -> None:
    mac.run("scutil", "--set", "HostName", "olab1.olab")
    assert mac.calls == [["hostname", "olab1.olab"]]


def test_denied(mac) -> None:
    result = mac.run("scutil", "--set", "HostName", "x", uid=501)
    assert (result.rc, result.out, result.err) == (1, "", "Permission denied.\n")


def test_usage(mac) -> None:
    assert mac.run("scutil", "--foo").rc == 64


def test_dns(mac) -> None:
    mac.answer(*SHOW, out=as_text(new_mac()))
    with mac.state.edit(AREA) as applied:
        applied["session"] = boot_session("olab1")
    mac.run("networksetup", "-setsearchdomains", "Ethernet", "olab")
    mac.write("/private/etc/resolver/olab", "nameserver 10.66.1.10\nport 53\n")
    out = mac.run("scutil", "--dns").out
    assert out.startswith(
        "DNS configuration\n\nresolver #1\n  search domain[0] : olab\n  nameserver[0] : 10.66.1.1\n"
        "  if_index : 4 (en0)\n  flags    : Request A records\n"
    )
    assert "\nresolver #2\n  domain   : olab\n  nameserver[0] : 10.66.1.10\n  flags    : Request A records\n" in out
    assert "  flags    : Scoped, Request A records\n" in out


def test_no_dns(mac) -> None:
    assert mac.run("scutil", "--dns").out == "No DNS configuration available\n"


def test_proxy(mac) -> None:
    mac.answer(*SHOW, out=as_text(new_mac()))
    out = mac.run("scutil", "--proxy").out
    assert out == (
        "<dictionary> {\n  ExceptionsList : <array> {\n    0 : *.local\n    1 : 169.254/16\n  }\n  FTPPassive : 1\n}\n"
    )
