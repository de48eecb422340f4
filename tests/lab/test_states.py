# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A lab is saved under a name, and any lab goes on from there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab import cgroups, disk
from lab.errors import LabError

from .conftest import INVENTORY, Lab, remains

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE = "tests-state"
LATER = "tests-later"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab of a Linux host and two Macs, one of which is off, that was changed, rewired and saved."""
    one = Lab("tests3", tmp_path_factory.mktemp("inventories"), INVENTORY)
    for name in (LATER, STATE):
        one.run("down")
        one.run("forget", name, check=False)
    one.up()
    one.inside(
        "box", "sh", "-c", "echo kept > /root/kept; rm /etc/issue; mv /etc/skel /etc/moved; rm -r /etc/apt/keyrings"
    )
    one.inside("mac1", "pmset", "-a", "autorestart", "1")
    one.run("cable", "mac1:1", "mac2:2", "--unplug")
    one.run("cable", "mac1:3", "mac2:1")
    Path("/run/hybrid-lab", one.name, "ssh", "id_ed25519").write_text("a key\n", encoding="utf-8")
    one.run("power", "off", "mac2")
    one.run("save", STATE, "--ready", "test -e /")
    yield one
    one.run("down")
    for name in (LATER, STATE):
        one.run("forget", name, check=False)
    assert remains(one.name) == {}


def hosts(lab: Lab) -> dict[str, str]:
    return {host["name"]: host["state"] for host in json.loads(lab.run("status", "--json").stdout)["hosts"]}


def test_lab_goes_on_after_it_was_saved(saved: Lab) -> None:
    assert hosts(saved) == {"box": "running", "mac1": "running", "mac2": "off"}
    assert saved.inside("box", "cat", "/root/kept").stdout == "kept\n"
    listed = saved.run("states").stdout
    assert STATE in listed
    assert "the lab tests3" in listed


def test_what_was_deleted_stays_deleted(saved: Lab) -> None:
    saved.inside("box", "test", "!", "-e", "/etc/issue")
    saved.inside("box", "test", "-d", "/etc/moved", "-a", "!", "-e", "/etc/skel")
    box = disk.load(saved.name, "box")
    assert box is not None
    assert box.read("root/kept") == "kept\n"
    with pytest.raises(LabError, match="has no file /etc/issue"):
        box.read("etc/issue")


def test_restore_of_the_whole_lab(saved: Lab) -> None:
    password = Path("/run/hybrid-lab", saved.name, "password").read_text(encoding="ascii")
    saved.inside("box", "sh", "-c", "echo later > /root/later; rm /root/kept")
    saved.run("cable", "mac1:3", "mac2:1", "--unplug")
    saved.run("down")
    saved.run("restore", STATE)
    assert hosts(saved) == {"box": "running", "mac1": "running", "mac2": "off"}
    saved.inside("box", "sh", "-c", "! test -e /root/later && ! test -e /etc/issue && test -e /root/kept")
    assert "autorestart          1" in saved.inside("mac1", "pmset", "-g", "custom").stdout
    assert Path("/run/hybrid-lab", saved.name, "password").read_text(encoding="ascii") == password
    assert Path("/run/hybrid-lab", saved.name, "ssh", "id_ed25519").read_text(encoding="utf-8") == "a key\n"
    assert json.loads(saved.run("status", "--json").stdout)["cables"] == [["mac1:3", "mac2:1"]]


def test_restore_of_one_host(saved: Lab) -> None:
    saved.inside("box", "rm", "/root/kept")
    saved.inside("mac1", "pmset", "-a", "autorestart", "0")
    saved.run("restore", STATE, "box")
    saved.inside("box", "test", "-e", "/root/kept")
    assert "autorestart          0" in saved.inside("mac1", "pmset", "-g", "custom").stdout


def test_saved_labs_lie_on_each_other(saved: Lab) -> None:
    saved.inside("box", "touch", "/root/later")
    saved.run("save", LATER, "--whole")
    assert f"in use by the lab tests3 and the saved lab {LATER}" in saved.run("forget", STATE, check=False).stderr
    assert "know each other" in saved.run("restore", LATER, "box", check=False).stderr
    saved.run("restore", STATE)
    saved.inside("box", "test", "!", "-e", "/root/later")
    saved.run("restore", LATER)
    saved.inside("box", "test", "-e", "/root/later", "-a", "-e", "/root/kept")


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        pytest.param(["save", STATE], 2, f"There is a saved lab {STATE} already; `lab forget {STATE}`", id="taken"),
        pytest.param(["save", "../x"], 2, "The name '../x' is not usable", id="no name"),
        pytest.param(["restore", "nothing"], 2, "There is no saved lab nothing; there are: ", id="unknown"),
        pytest.param(["restore", STATE, "ghost"], 9, "The lab has no host ghost", id="unknown host"),
        pytest.param(["forget", "nothing"], 2, "There is no saved lab nothing", id="nothing to forget"),
    ],
)
def test_what_cannot_be_done(saved: Lab, arguments: list[str], status: int, sentence: str) -> None:
    result = saved.run(*arguments, check=False)
    assert (result.returncode, result.stderr.count("\n")) == (status, 1)
    assert sentence in result.stderr


def test_other_layers_are_refused(saved: Lab) -> None:
    record = Path("/var/lib/hybrid-lab/.states", STATE, "state.json")
    before = record.read_text(encoding="utf-8")
    try:
        record.write_text(before.replace("/root-", "/root-0"), encoding="utf-8")
        result = saved.run("restore", STATE, check=False)
    finally:
        record.write_text(before, encoding="utf-8")
    assert "lies on other root file systems or artifacts than today's" in result.stderr
    assert hosts(saved)["box"] == "running"


def test_a_lab_that_is_down_cannot_be_saved(other: Lab) -> None:
    result = other.run("save", "tests-nothing", check=False)
    assert result.returncode == 8
    assert "The lab tests2 is not up" in result.stderr


def test_a_lab_that_ended_with_its_machine_does_not_keep_a_saved_one(saved: Lab) -> None:
    saved.run("restore", LATER)
    cgroups.kill(saved.name)
    forgotten = saved.run("forget", LATER)
    assert "nothing of the lab tests3 runs any more; removing it" in forgotten.stderr
    saved.run("forget", STATE)
    assert remains(saved.name) == {}
