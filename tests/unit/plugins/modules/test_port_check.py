# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who holds a port, on both platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import ports

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LSOF = ["/usr/sbin/lsof", "-nP", "-FpcLPn", "-iUDP:53", "-iTCP:53"]
RESPONDER = "p71\ncmDNSResponder\nL_mdnsresponder\nf8\nPUDP\nn*:53\nf9\nPTCP\nn*:53\n"
OURS = "p72\ncAdGuardHome\nL_adguard\nf8\nPUDP\nn*:53\n"
ELSEWHERE = "p73\ncnamed\nLroot\nf8\nPUDP\nn127.0.0.1:53\n"
CLIENT = "p74\nccurl\nLadmin\nf8\nPTCP\nn10.66.1.11:50000->10.66.1.10:53\n"
HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
WANTED = {"port": 53, "protocols": ["udp", "tcp"], "service": "AdGuard Home", "user": "_adguard"}


def free(addresses: list[str]) -> dict[str, Any]:
    return {**WANTED, "addresses": addresses}


@pytest.mark.parametrize(
    ("answer", "addresses", "sentence"),
    [
        pytest.param(call(LSOF, rc=1), ["0.0.0.0"], None, id="free"),
        pytest.param(call(LSOF, out=OURS), ["0.0.0.0"], None, id="ours already"),
        pytest.param(call(LSOF, out=CLIENT), ["0.0.0.0"], None, id="a client"),
        pytest.param(call(LSOF, out=ELSEWHERE), ["10.66.1.10"], None, id="at another address"),
        pytest.param(call(LSOF, out=ELSEWHERE), ["0.0.0.0"], "taken by named (process 73", id="all addresses wanted"),
        pytest.param(
            call(LSOF, out=RESPONDER),
            ["10.66.1.10"],
            "Port 53 is taken by mDNSResponder (process 71 of user _mdnsresponder, UDP 0.0.0.0); AdGuard Home needs it."
            " Turn Internet Sharing off in System Settings, or give AdGuard Home another port or address.",
            id="Internet Sharing",
        ),
        pytest.param(call(LSOF, rc=1, err="lsof: broken"), ["0.0.0.0"], "lsof could not say", id="lsof fails"),
    ],
)
@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_on_macos(
    run_module: Callable[..., dict[str, Any]], answer: Call, addresses: list[str], sentence: str | None, check: bool
) -> None:
    result = run_module("port_check", free(addresses), [answer], check=check)
    assert not result.get("changed")
    assert result.get("failed", False) is (sentence is not None)
    assert (sentence or "") in result.get("msg", "")


@pytest.fixture
def sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Make a host whose process 41 has one socket."""
    process = tmp_path / "proc/41"
    (process / "fd").mkdir(parents=True)
    (process / "comm").write_text("dnsmasq\n")
    (process / "fd/5").symlink_to("socket:[777]")
    (tmp_path / "proc/net").mkdir()
    monkeypatch.setattr(ports, "PROC", str(tmp_path / "proc"))

    def make(table: str, line: str) -> None:
        rest = " 00000000:00000000 00:00000000 00000000  0        0 777\n"
        (tmp_path / "proc/net" / table).write_text(HEADER + (f"  1: {line}{rest}" if line else ""))

    return make


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(("udp", "", ["10.66.1.10"], None), id="free"),
        pytest.param(("udp", "3500007F:0035 00000000:0000 07", ["10.66.1.10"], None), id="resolved's own address"),
        pytest.param(("udp", "00000000:0035 00000000:0000 07", ["10.66.1.10"], "UDP 0.0.0.0"), id="everywhere"),
        pytest.param(
            ("udp", "0A01420A:0035 00000000:0000 07", ["10.66.1.10"], "UDP 10.66.1.10"), id="the same address"
        ),
        pytest.param(("tcp", "0A01420A:0035 00000000:0000 0A", ["10.66.1.10"], "TCP 10.66.1.10"), id="listening"),
        pytest.param(("tcp", "0A01420A:0035 0B01420A:9999 01", ["10.66.1.10"], None), id="a connection"),
        pytest.param(("udp6", "0" * 32 + ":0035 " + "0" * 32 + ":0000 07", ["10.66.1.10"], "UDP ::"), id="IPv6"),
        pytest.param(
            ("udp6", "0" * 24 + "01000000:0035 " + "0" * 32 + ":0000 07", ["0.0.0.0"], None), id="IPv6 loopback"
        ),
        pytest.param(("udp", "0A01420A:0036 00000000:0000 07", ["10.66.1.10"], None), id="another port"),
    ],
)
def test_on_linux(
    run_module: Callable[..., dict[str, Any]],
    sockets: Callable[[str, str], None],
    case: tuple[str, str, list[str], str | None],
) -> None:
    table, line, addresses, sentence = case
    sockets(table, line)
    result = run_module("port_check", free(addresses), system="Linux")
    assert result.get("failed", False) is (sentence is not None)
    if sentence:
        assert f"Port 53 is taken by dnsmasq (process 41 of user root, {sentence})" in result["msg"]


def test_a_name_is_no_address(run_module: Callable[..., dict[str, Any]]) -> None:
    assert "nowhere is not an address" in run_module("port_check", free(["nowhere"]))["msg"]
