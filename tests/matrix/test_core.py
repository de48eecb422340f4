# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The project with another ansible-core, CORE: unit tests, and a whole site from bare hosts."""

from __future__ import annotations

import os

import pytest

from tests import states
from tests.matrix import cores
from tests.site.cluster import Cluster

NAME = os.environ.get("CORE", "newest")


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    """Return the environment, made or brought up to date first."""
    return cores.CORES[NAME](tmp_path_factory.mktemp("core") / "root")


@pytest.fixture(scope="module")
def cluster(core):
    """Return a lab of bare hosts, whose playbooks that ansible-core runs."""

    class Managed(Cluster):
        def argv(self, playbook: str, *arguments: str) -> list[str]:
            return core.argv("ansible-playbook", "-i", self.inventory, playbook, *arguments)

    lab = Managed(states.lab_name())
    lab.lab("down")
    lab.lab("up", "--inventory", lab.inventory)
    return lab


def test_it_is_another_than_the_pinned_one(core):
    from ansible.release import __version__ as pinned

    version = core.run("python", "-c", "from ansible.release import __version__; print(__version__)").strip()
    assert version == cores.floor() if NAME == "oldest" else numbers(version)[:2] > numbers(pinned)[:2]


def numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")[:3]]


def test_the_unit_tests_pass(core):
    core.run("python", "-m", "pytest", "--quiet", "--numprocesses=auto", "tests/unit", "tests/plays")


def test_bare_hosts_become_a_site_that_a_second_run_leaves_alone(cluster):
    cluster.bootstrap()
    assert cluster.play("site.yml").succeeded().changed
    assert cluster.play("site.yml").succeeded().changed == set()
