# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``xcrun``: it finds no compiler of Metal, with the Command Line Tools or without, and notes each call."""

from __future__ import annotations

import pytest

from lab.macos.simulator import developer_tools


@pytest.mark.parametrize(
    ("installed", "status", "said"),
    [
        (False, 1, "xcrun: error: invalid active developer path (/Library/Developer/CommandLineTools), missing xcrun"),
        (True, 72, 'xcrun: error: unable to find utility "metal", not a developer tool or in PATH'),
    ],
)
def test_finds_nothing(mac, installed, status, said):
    if installed:
        mac.path(f"{developer_tools.DIRECTORY}/usr/bin").mkdir(parents=True)
    result = mac.run("xcrun", "-sdk", "macosx", "metal")
    assert result.rc == status
    assert said in result.err
    assert mac.state.read("xcrun")["calls"] == [["-sdk", "macosx", "metal"]]
