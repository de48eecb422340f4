# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""distribution_package: what is remembered of a package, and what a removal does; dpkg's words are of 1.21.22."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

DPKG = ["/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", "/usr/bin/dpkg"]
NEEDED = """dpkg: dependency problems prevent removal of haproxy:
 front depends on haproxy (>= 2.6).

dpkg: error processing package haproxy (--purge):
 dependency problems - not removing
Errors were encountered while processing:
 haproxy
"""
LOCKED = """dpkg: error: dpkg frontend lock was locked by another process with pid 128
Note: removing the lock file is always wrong, can damage the locked area
and the entire system. See <https://wiki.debian.org/Teams/Dpkg/FAQ#db-lock>.
"""
REFUSED = """dpkg: error processing package haproxy (--purge):
 installed haproxy package pre-removal script subprocess returned error exit status 1
"""


def status(word: str) -> Call:
    argv = ["/usr/bin/dpkg-query", "--show", "--showformat", "${db:Status-Status}", "haproxy"]
    if word:
        return call(argv, out=word)
    return call(argv, rc=1, err="dpkg-query: no packages found matching haproxy\n")


def dpkg(*words: str, **named: Any) -> Call:
    return call([*DPKG, *words, "haproxy"], **named)


@pytest.fixture
def record(host_files: Path) -> Path:
    return host_files / "var/lib/hybrid-ai/packages.before.json"


@pytest.fixture
def package(run_module: Run) -> Run:
    def run(state: str, *calls: Call, **named: Any) -> dict[str, Any]:
        return run_module("distribution_package", {"name": "haproxy", "state": state}, calls, **named)

    return run


def brought(package: Run, before: str = "") -> None:
    assert package("noted", status(before))["installed"] is False


@pytest.mark.parametrize(
    ("found", "remembered"),
    [
        pytest.param("", "not-installed", id="never-heard-of"),
        pytest.param("not-installed", "not-installed", id="purged"),
        pytest.param("config-files", "config-files", id="removed-but-for-its-configuration"),
    ],
)
def test_what_is_to_be_installed_is_remembered_and_no_change(
    package: Run, record: Path, found: str, remembered: str
) -> None:
    predicted = package("noted", status(found), check=True)
    assert (predicted["changed"], predicted["installed"]) == (False, False)
    assert not record.exists()
    noted = package("noted", status(found))
    assert (noted["changed"], noted["installed"]) == (False, False)
    assert json.loads(record.read_text())["packages"]["haproxy"]["before"] == remembered
    # The next run finds it.
    assert package("noted", status("installed"))["installed"] is True
    assert json.loads(record.read_text())["packages"]["haproxy"]["before"] == remembered


def test_what_is_installed_is_not_remembered(package: Run, record: Path) -> None:
    found = package("noted", status("installed"))
    assert (found["changed"], found["installed"]) == (False, True)
    assert not record.exists()


def test_what_was_brought_is_removed_and_forgotten(package: Run, record: Path) -> None:
    brought(package)
    would = package("absent", status("installed"), dpkg("--no-act", "--purge"), check=True)
    assert (would["changed"], would["kept"]) == (True, [])
    assert record.exists()
    steps = [status("installed"), dpkg("--no-act", "--purge"), dpkg("--purge"), status("")]
    done = package("absent", *steps)
    assert (done["changed"], done["kept"]) == (True, [])
    assert done["diff"] == {"before": {"haproxy": "installed"}, "after": {"haproxy": "not-installed"}}
    assert not record.exists()
    assert package("absent", status(""))["changed"] is False


def test_others_stay_remembered(package: Run, run_module: Run, record: Path) -> None:
    brought(package)
    other = call([*status("").argv[:-1], "squid"], rc=1)
    run_module("distribution_package", {"name": "squid"}, [other])
    package("absent", status("installed"), dpkg("--no-act", "--purge"), dpkg("--purge"), status(""))
    assert list(json.loads(record.read_text())["packages"]) == ["squid"]


def test_configuration_that_was_there_before_stays(package: Run) -> None:
    brought(package, "config-files")
    steps = [dpkg("--no-act", "--remove"), dpkg("--remove"), status("config-files")]
    assert package("absent", status("installed"), *steps)["changed"] is True


def test_what_was_there_before_stays(package: Run) -> None:
    kept = ["haproxy: it was not remembered as brought"]
    for check in (True, False):
        result = package("absent", status("installed"), check=check)
        assert (result["changed"], result["kept"]) == (False, kept)
    assert package("absent", status("config-files"))["kept"] == []


def test_what_others_need_stays_and_is_remembered_on(package: Run, record: Path) -> None:
    brought(package)
    for check in (True, False):
        result = package("absent", status("installed"), dpkg("--no-act", "--purge", rc=1, err=NEEDED), check=check)
        assert (result["changed"], result["kept"]) == (False, ["haproxy: front depends on haproxy (>= 2.6)"])
    assert record.exists()


def test_what_somebody_removed_is_only_forgotten(package: Run, record: Path) -> None:
    brought(package)
    assert package("absent", status(""))["changed"] is False
    assert not record.exists()


def test_an_upgrade_of_somebody_else_is_waited_for(package: Run) -> None:
    brought(package)
    locked = dpkg("--purge", rc=2, err=LOCKED)
    steps = [dpkg("--no-act", "--purge"), locked, locked, dpkg("--purge"), status("")]
    assert package("absent", status("installed"), *steps)["changed"] is True


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        pytest.param(
            [dpkg("--purge", rc=1, err=REFUSED)],
            (
                "dpkg could not remove haproxy: dpkg: error processing package haproxy (--purge): installed haproxy "
                "package pre-removal script subprocess returned error exit status 1"
            ),
            id="its-script-fails",
        ),
        pytest.param(
            [dpkg("--purge"), status("half-installed")],
            "dpkg removed haproxy, which is still half-installed; run `dpkg --audit`.",
            id="still-there",
        ),
    ],
)
def test_a_removal_that_fails(package: Run, record: Path, steps: list[Call], sentence: str) -> None:
    brought(package)
    failed = package("absent", status("installed"), dpkg("--no-act", "--purge"), *steps)
    assert failed["failed"]
    assert failed["msg"] == sentence
    assert record.exists()


def test_a_dpkg_that_cannot_tell(package: Run) -> None:
    broken = call(status("").argv, rc=2, err="dpkg-query: error: unable to open the database\n")
    assert "cannot tell whether haproxy is installed" in package("noted", broken)["msg"]
