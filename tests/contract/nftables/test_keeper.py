# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The real nft, in a network of its own: rules that somebody removed are missed, and what the unit runs loads them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change, nft, nft_units

from tests.contract.networks import own_network
from tests.unit.monitoring.conftest import library, module, rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

__all__ = ["library", "module", "rendered"]

TABLES = {"metrics": ["10.66.1.10", "192.168.7.0/24", "fd00::/64"], "nodes": ["10.66.1.11"]}
RULES = [
    {"action": "pass", "interface": "loopback"},
    {"action": "pass", "protocol": "tcp", "port": 22},
    {"action": "pass", "protocol": "tcp", "port": 9100, "source": "metrics"},
    {"action": "reset", "protocol": "tcp", "port": 9100},
    {"action": "reset", "protocol": "udp", "port": 9100},
    {"action": "pass", "direction": "out", "protocol": "tcp", "destination": "nodes", "user": "451"},
    {"action": "reset", "direction": "out", "protocol": "tcp", "user": "451"},
]
# What `systemctl reload nftables` does on Debian, and what a person or another program may do.
RELOAD = "flush ruleset\ntable inet filter {\n chain input {\n  type filter hook input priority filter;\n }\n}\n"
LOSSES = {
    "a reload of nftables": RELOAD,
    "a flush of everything": "flush ruleset\n",
    "the table is removed": "delete table inet hybrid_ai\n",
    "the rules are flushed": "flush table inet hybrid_ai\n",
    "an address more": "add element inet hybrid_ai metrics { 203.0.113.9 }\n",
    "a rule before all others": "insert rule inet hybrid_ai input accept\n",
}


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Load rules as the module does, in a network of its own, and return their file."""
    if os.geteuid() != 0 or not shutil.which(nft.NFT):
        pytest.skip("It needs root, and nftables.")
    monkeypatch.setattr(_files, "ROOT", str(tmp_path))
    path = tmp_path / nft.RULES.lstrip("/")
    path.parent.mkdir(parents=True)
    path.write_text(nft.document(change.wanted_from(TABLES, RULES)), encoding="utf-8")
    with own_network():
        subprocess.run([nft.NFT, "-j", "-f", str(path)], check=True)
        yield path


@pytest.fixture
def measured(module: Callable[[str], ModuleType], rendered: Callable[..., list[str]]) -> Callable[[], list[str]]:
    return lambda: rendered("measurements", module("measurements.firewall").measure)


def run(unit: str, step: str, path: Path) -> None:
    """Run what a unit says, with the rules of this test."""
    (line,) = re.findall(rf"^{step}=-?(.+)$", unit, re.MULTILINE)
    subprocess.run([word.replace(nft.RULES, str(path)) for word in line.split()], check=True)


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_lost_is_missed_and_brought_back(rules: Path, measured: Callable[[], list[str]], loss: str) -> None:
    assert measured() == ["firewall_in_effect 1.0"]
    subprocess.run([nft.NFT, "-f", "-"], input=LOSSES[loss].encode(), check=True)
    assert measured() == ["firewall_in_effect 0.0"]
    run(nft_units.UNIT_TEXT, "ExecReload", rules)
    assert measured() == ["firewall_in_effect 1.0"]


def test_what_others_have_loaded_stays(rules: Path, measured: Callable[[], list[str]]) -> None:
    subprocess.run([nft.NFT, "-f", "-"], input=RELOAD.encode(), check=True)
    run(nft_units.UNIT_TEXT, "ExecReload", rules)
    listed = subprocess.run([nft.NFT, "list", "tables"], capture_output=True, text=True, check=True).stdout
    assert listed.split("\n")[:-1] == ["table inet filter", "table inet hybrid_ai"]
    run(nft_units.UNIT_TEXT, "ExecStop", rules)
    assert measured() == ["firewall_in_effect 0.0"]


def test_a_host_without_rules_of_ours_has_no_figure(rules: Path, measured: Callable[[], list[str]]) -> None:
    rules.unlink()
    assert measured() == []


def test_both_units_follow_a_reload_and_a_restart() -> None:
    for word in ("After", "PartOf", "ReloadPropagatedFrom"):
        assert f"\n{word}=nftables.service\n" in nft_units.UNIT_TEXT


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("This machine has no systemd-analyze.")
    units = {nft_units.UNIT_FILE: nft_units.UNIT_TEXT, **nft_units.KEEPER_FILES}
    paths = []
    for name, text in units.items():
        paths.append(tmp_path / name.rpartition("/")[2])
        paths[-1].write_text(text, encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
