# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``configd``: what it takes notice of."""

from __future__ import annotations

import pytest

from lab.macos.simulator.tools.configd import linked

from .links import SHOW, new_mac, shown


@pytest.mark.parametrize(
    ("cabled", "expected"),
    [
        pytest.param((), {"lo", "en0"}, id="no cable"),
        pytest.param(("en2",), {"lo", "en0", "en2", "bridge0"}, id="a cable"),
    ],
)
def test_linked(mac, cabled, expected) -> None:
    mac.answer(*SHOW, out=shown(new_mac(cabled=cabled)))
    assert linked(mac.context("configd")) == expected


def test_needs_root(mac) -> None:
    result = mac.run("configd", uid=501)
    assert (result.rc, result.err) == (1, "configd: Operation not permitted\n")
