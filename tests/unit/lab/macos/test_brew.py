# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``brew``: the stand-in's table of formulae."""

from __future__ import annotations

import json

import pytest

from lab.macos.simulator.tools import brew

ROOT = "Error: Running Homebrew as root is extremely dangerous and no longer supported.\n"


def test_a_bare_mac_has_none() -> None:
    assert brew.PATHS == ()


@pytest.mark.parametrize(
    ("argv", "uid", "rc", "out", "err"),
    [
        pytest.param(["list"], 0, 1, "", ROOT, id="root"),
        pytest.param(["--prefix"], 0, 0, "/opt/homebrew\n", "", id="prefix-even-as-root"),
        pytest.param(["list", "--versions", "squid"], 501, 1, "", "", id="not-installed"),
        pytest.param(
            ["install", "alertmanager"],
            501,
            1,
            "",
            'Error: No available formula with the name "alertmanager".\n',
            id="unknown",
        ),
        pytest.param(
            ["uninstall", "squid"], 501, 1, "", "Error: No such keg: /opt/homebrew/Cellar/squid\n", id="no-keg"
        ),
    ],
)
def test_texts(mac, argv, uid, *, rc, out, err) -> None:
    result = mac.run("brew", *argv, uid=uid)
    assert (result.rc, result.out) == (rc, out)
    assert result.err.startswith(err)


def test_install_and_uninstall(mac) -> None:
    assert mac.run("brew", "install", "squid", uid=501).rc == 0
    assert mac.run("brew", "list", "--versions", "squid", uid=501).out == "squid 7.6\n"
    again = mac.run("brew", "install", "squid", uid=501)
    assert (again.rc, again.err.splitlines()[0]) == (0, "Warning: squid 7.6 is already installed and up-to-date.")
    (formula,) = json.loads(mac.run("brew", "info", "--json=v2", "squid", uid=501).out)["formulae"]
    assert formula["installed"] == [{"version": "7.6"}]
    assert mac.run("brew", "uninstall", "squid", uid=501).rc == 0
    assert mac.run("brew", "list", uid=501).out == ""


DOMAIN = "http://10.66.1.2/homebrew"
BOTTLE = "/private/tmp/squid.bottle.tar.gz"
FETCH = ["curl", "--fail", "--silent", "-o", BOTTLE, f"{DOMAIN}/squid.bottle.tar.gz"]
POUR = ["sudo", "-n", "bsdtar", "-xf", BOTTLE, "-C", "/"]
# What brew pours belongs to whoever called it.
OWN = ["sudo", "-n", "chown", "-R", "501", "/opt/homebrew/Cellar", "/opt/homebrew/opt"]


@pytest.mark.parametrize(
    ("formula", "domain", "answers", "calls", "installed"),
    [
        pytest.param("squid", "", {}, [], True, id="no mirror: an entry of the table"),
        pytest.param("macmon", DOMAIN, {}, [], True, id="no bottle: an entry of the table"),
        pytest.param("squid", DOMAIN, {"fetch": 0, "pour": 0}, [FETCH, POUR, OWN], True, id="poured"),
        pytest.param("squid", DOMAIN, {"fetch": 22}, [FETCH], False, id="the mirror has none"),
        pytest.param("squid", DOMAIN, {"fetch": 0, "pour": 1}, [FETCH, POUR], False, id="a broken bottle"),
    ],
)
def test_a_bottle_is_poured(mac, formula, domain, answers, *, calls, installed) -> None:
    mac.write("/private/etc/homebrew/brew.env", f"{brew.DOMAIN}={domain}\n" if domain else "")
    for name, argv in (("fetch", FETCH), ("pour", POUR)):
        if name in answers:
            mac.answer(*argv, rc=answers[name])
    result = mac.run("brew", "install", formula, uid=501)
    assert (result.rc == 0, mac.calls) == (installed, calls)
    assert (mac.run("brew", "list", "--versions", formula, uid=501).rc == 0) == installed
