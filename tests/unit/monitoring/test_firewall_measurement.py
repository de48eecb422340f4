# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether the packet filter of a Mac does what was confirmed; of Linux the real nft is asked, in tests/contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import nft, pf

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

TEXT = "pass in quick proto tcp from any to any port 22 flags any keep state\n"
LOADED = "pass in quick proto tcp from any to any port = 22 flags any keep state\n"
ALTQ = "No ALTQ support in kernel\nALTQ related functions disabled\n"
MAIN = 'scrub-anchor "com.apple/*" all fragment reassemble\nanchor "com.apple/*" all\n'


class Pf(Commands):
    """A Mac's pfctl."""

    def __init__(self, rules: str = LOADED, main: str = MAIN, status: str = "Enabled") -> None:
        self._says = {
            ("-s", "rules"): main,
            ("-s", "info"): f"Status: {status} for 0 days 00:10:00\n",
            ("-a", pf.ANCHOR, "-s", "rules"): rules,
            ("-a", pf.ANCHOR, "-n", "-v", "-f", "-"): LOADED,
        }

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        assert argv[0] == pf.PFCTL
        assert stdin in (None, TEXT)
        return Result(0, self._says[tuple(argv[1:])], ALTQ)


@pytest.fixture
def _confirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_files, "ROOT", str(tmp_path))
    path = tmp_path / pf.RULES.lstrip("/")
    path.parent.mkdir(parents=True)
    path.write_text(TEXT, encoding="utf-8")


@pytest.mark.usefixtures("_confirmed")
@pytest.mark.parametrize(
    ("found", "figure"),
    [
        pytest.param(Pf(), "1.0", id="in effect"),
        pytest.param(Pf(rules=""), "0.0", id="flushed"),
        pytest.param(Pf(rules=f"pass in quick all flags any keep state\n{LOADED}"), "0.0", id="a rule more"),
        pytest.param(Pf(status="Disabled"), "0.0", id="pf is off"),
        pytest.param(Pf(main="pass all flags S/SA keep state\n"), "0.0", id="nothing leads to them"),
    ],
)
def test_a_mac(
    module: Callable[[str], ModuleType], rendered: Callable[..., list[str]], found: Commands, figure: str
) -> None:
    measure = module("measurements.firewall").measure
    assert rendered("measurements", measure, found, "Darwin") == [f"firewall_in_effect {figure}"]


def test_rules_that_cannot_be_read_are_no_measurement(
    module: Callable[[str], ModuleType],
    rendered: Callable[..., list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_files, "ROOT", str(tmp_path))
    path = tmp_path / nft.RULES.lstrip("/")
    path.parent.mkdir(parents=True)
    path.write_text("{", encoding="utf-8")

    class Nft(Commands):
        def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
            return Result(0, '{"nftables": []}')

    error = module("measurements.command").MeasurementError
    with pytest.raises(error, match=r"nftables\.json is damaged"):
        rendered("measurements", module("measurements.firewall").measure, Nft(), "Linux")
