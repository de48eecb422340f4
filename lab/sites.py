# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Sites of the internet that this machine surely reaches: a lab may have no other way out."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from lab import names, process


def write(lab: str) -> None:
    """Name the hosts that packages come from, for the lab's inventory and for tests."""
    found = {"debian": debian(), "python": python()}
    (names.runtime(lab) / "sites.json").write_text(json.dumps(found), encoding="utf-8")


def read(lab: str) -> dict[str, str]:
    """Return what was written when the lab went up: the hosts by ``debian`` and ``python``."""
    sites: dict[str, str] = json.loads(Path(names.runtime(lab) / "sites.json").read_text(encoding="utf-8"))
    return sites


def debian() -> str:
    """Return the host that apt asks first."""
    answer = process.run("apt-get", "indextargets", "--format", "$(SITE)", check=False).stdout
    return urlsplit(answer.partition("\n")[0]).hostname or ""


def python() -> str:
    """Return the host that pip asks, which its help names whether it is configured or built in."""
    answer = process.run(sys.executable, "-m", "pip", "help", "download", check=False).stdout
    address = re.search(r"Base URL of the Python Package Index\s+\(default\s+(https?://[^)\s]+)\)", answer)
    return urlsplit(address.group(1)).hostname or "" if address else ""
