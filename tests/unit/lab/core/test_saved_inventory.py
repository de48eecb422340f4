# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A saved lab whose inventory has got other hosts is not restored: tests would run on hosts that nobody wrote."""

from __future__ import annotations

import os

import pytest

from lab import inventory, states
from lab.errors import LabError

HOSTS = {
    "olab0": {"ansible_host": "10.66.1.10"},
    "olab1": {"ansible_host": "10.66.1.11", "lab_memory_gigabytes": 16},
}


def topology(**changed):
    hosts = {**HOSTS, "olab1": {**HOSTS["olab1"], **changed}}
    variables = {name: {**values, "cluster_lan_subnet": "10.66.1.0/24"} for name, values in hosts.items()}
    return inventory.parse(
        {"_meta": {"hostvars": variables}, "linux": {"hosts": ["olab0"]}, "macos": {"hosts": ["olab1"]}}
    )


@pytest.fixture
def restored(tmp_path, monkeypatch):
    """Check a lab that was saved from an inventory, which says something now and was written at a time."""

    def check(now, written):
        file = tmp_path / "hosts.yml"
        file.touch()
        os.utime(file, (written, written))
        monkeypatch.setattr(inventory, "read", lambda directory: now)
        states.check_inventory(states.SavedLab("managed", str(tmp_path), topology(), {}, (), (), saved=100.0))

    return check


@pytest.mark.parametrize(
    ("now", "written"),
    [(topology(lab_memory_gigabytes=8), 99), (topology(), 101), (topology(macos_headless_profile="desk"), 101)],
    ids=["nothing was written since", "the same hosts", "another variable"],
)
def test_it_is_restored(restored, now, written):
    restored(now, written)


def test_other_hosts_are_refused(restored):
    with pytest.raises(LabError, match=r"saved lab managed has other hosts than .* says today; `lab forget managed`"):
        restored(topology(lab_memory_gigabytes=8), 101)
