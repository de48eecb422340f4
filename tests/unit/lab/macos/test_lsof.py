# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""lsof: who listens on a port, as fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.lab.macos.conftest import Mac

ARGUMENTS = ["-nP", "-FpcLPn", "-iUDP:53"]
SS = ["ss", "-Hlnpu", "sport = :53"]


@pytest.mark.parametrize(
    ("printed", "rc", "out"),
    [
        pytest.param("", 1, "", id="nobody"),
        pytest.param(
            'UNCONN 0 0 0.0.0.0:53 0.0.0.0:* users:(("AdGuardHome",pid=72,fd=4))\n',
            0,
            "p72\ncAdGuardHome\nL_adguard\nf4\nPUDP\nn*:53\n",
            id="everywhere",
        ),
        pytest.param(
            'UNCONN 0 0 127.0.0.1:53 0.0.0.0:* users:(("named",pid=72,fd=4))\n',
            0,
            "p72\ncnamed\nL_adguard\nf4\nPUDP\nn127.0.0.1:53\n",
            id="at one address",
        ),
    ],
)
def test_a_port(mac: Mac, printed: str, rc: int, out: str) -> None:
    mac.answer(*SS, out=printed)
    mac.answer("ps", "-o", "user:32=", "-p", "72", out="_adguard\n")
    result = mac.run("lsof", *ARGUMENTS)
    assert (result.rc, result.out) == (rc, out)


@pytest.mark.parametrize("arguments", [[], ["-i"], ["-nP", "-iUDP:53"], [*ARGUMENTS, "-t"]], ids=str)
def test_what_is_not_simulated_says_so(mac: Mac, arguments: list[Any]) -> None:
    result = mac.run("lsof", *arguments)
    assert result.rc == 1
    assert "only lists internet ports" in result.err
