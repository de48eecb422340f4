# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The management node, the Macs that compute, and patience."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import testinfra

from tests.lab_hosts import lab_hosts


@pytest.fixture(scope="session")
def manager():
    """Return the Mac that manages."""
    return testinfra.get_host(lab_hosts("olab0")[0])


@pytest.fixture(scope="session")
def workers():
    """Return the Macs that compute by name."""
    return {name: testinfra.get_host(lab_hosts(name)[0]) for name in ("olab1", "olab2", "olab3")}


@pytest.fixture(scope="session")
def password() -> str:
    """Return the password of the lab, which its services have too."""
    return (Path("/run/hybrid-lab") / os.environ["LAB_NAME"] / "password").read_text(encoding="ascii").strip()


@pytest.fixture(scope="session")
def fetch(manager):
    """Return what reads a JSON document from a port that is for the management node alone."""
    return lambda place: json.loads(
        manager.check_output("curl --globoff --silent --fail %s", f"http://127.0.0.1:{place}")
    )


@pytest.fixture(scope="session")
def wait():
    """Return what waits until something is true."""

    def until(condition, what: str, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come about within {seconds} seconds"
            time.sleep(1)

    return until
