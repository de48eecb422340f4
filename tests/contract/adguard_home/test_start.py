# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What AdGuard Home takes when it starts, and what it ends with, though its own check of the file takes that."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.adguard_home import start_settings

if TYPE_CHECKING:
    from tests.contract.adguard_home.conftest import Home


@pytest.mark.parametrize("changes", start_settings.TAKEN.values(), ids=start_settings.TAKEN.keys())
def test_it_starts_with(home: Home, changes: dict[str, Any]) -> None:
    content = home.minimal(**changes)
    # What `start` asks for, to see that it answers.
    asked = {"domain": "olab1.olab", "answer": "10.66.1.11", "enabled": True}
    content["filtering"] = {"rewrites": [asked, *content["filtering"]["rewrites"]]}
    home.write(content)
    home.start()


@pytest.mark.parametrize("changes", start_settings.REFUSED.values(), ids=start_settings.REFUSED.keys())
def test_it_ends_at_start_with(home: Home, changes: dict[str, Any]) -> None:
    home.write(home.minimal(**changes))
    ended = subprocess.run(
        [*home.command, "--no-check-update", "-c", str(home.path), "-w", str(home.directory)],
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 1
