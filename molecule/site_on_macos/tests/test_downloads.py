# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What one Mac has downloaded by HTTPS costs the next nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PACKAGE = "pyyaml"
LOG = "/var/log/hybrid-ai/squid-requests/access.log"
# What a login of zsh reads, and then what arrived.
DOWNLOAD = ". /etc/zshenv; curl --silent --show-error --fail --output /dev/null --write-out '%%{size_download}' %s"


@pytest.fixture(scope="module")
def address() -> str:
    """Return where pip would get a package from."""
    words = ["--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", "-"]
    answer = subprocess.run(
        [sys.executable, "-m", "pip", "install", *words, PACKAGE], capture_output=True, text=True, check=True
    )
    found: str = json.loads(answer.stdout)["install"][0]["download_info"]["url"]
    return found


def test_the_second_download_comes_from_the_cache(manager, workers, address):
    first, second = (int(workers[name].check_output(DOWNLOAD, address)) for name in ("olab1", "olab2"))
    assert first == second > 10_000
    # Only the very first request went on to the internet; where these tests ran before, it is in the log before.
    costs = requests(manager, address)
    assert costs[0] >= first or manager.file(f"{LOG}.0.bz2").exists
    assert set(costs[1:]) == {0}


def requests(manager, address: str) -> list[int]:
    """Return how many bytes each request for an address has brought from outside."""
    lines = [line.split() for line in manager.check_output("cat %s", LOG).splitlines()]
    return [int(words[-1].replace("-", "0")) for words in lines if "CONNECT" not in words and address in words]
