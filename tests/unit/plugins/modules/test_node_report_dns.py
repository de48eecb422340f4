# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lines about DNS: what a server says, and whom a host asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _dns_query

from tests.unit.plugins.harness import call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

SERVER = "10.66.1.10"
NAME = {"check": "dns", "server": SERVER, "name": "olab1.olab", "expected": ["10.66.1.11"]}
ADDRESS = {"check": "dns", "server": SERVER, "name": "10.66.1.11", "type": "PTR", "expected": ["olab1.olab"]}
RESOLVERS = {"check": "resolvers", "expected": ["10.66.1.10", "10.66.1.1"], "search": ["olab"]}
SCUTIL = ["/usr/sbin/scutil", "--dns"]
TEXT = """\
DNS configuration

resolver #1
  search domain[0] : olab
  nameserver[0] : 10.66.1.10
  nameserver[1] : 10.66.1.1
  if_index : 4 (en0)
  flags    : Request A records
  reach    : 0x00000002 (Reachable)

resolver #2
  domain   : local
  options  : mdns
  timeout  : 5

DNS configuration (for scoped queries)

resolver #1
  search domain[0] : other
  nameserver[0] : 192.168.1.1
  if_index : 5 (en1)
"""
PLAIN = "search olab\nnameserver 10.66.1.10\nnameserver 10.66.1.1\noptions timeout:1\n"


def line(run_module: Run, check: dict[str, Any], calls: Any = (), system: str = "Linux") -> dict[str, Any]:
    found: dict[str, Any] = run_module("node_report", {"checks": [check]}, list(calls), system=system)["lines"][0]
    return found


@pytest.mark.parametrize(
    ("check", "answer", "expected"),
    [
        pytest.param(NAME, _dns_query.DnsAnswer("NOERROR", ("10.66.1.11",)), (True, "10.66.1.11"), id="right"),
        pytest.param(NAME, _dns_query.DnsAnswer("NOERROR", ("10.66.1.12",)), (False, "10.66.1.12"), id="another"),
        pytest.param(NAME, _dns_query.DnsAnswer("NXDOMAIN"), (False, "NXDOMAIN"), id="unknown"),
        pytest.param(
            NAME, _dns_query.DnsError("10.66.1.10 gave no answer"), (False, "10.66.1.10 gave no answer"), id="dead"
        ),
        pytest.param(ADDRESS, _dns_query.DnsAnswer("NOERROR", ("olab1.olab.",)), (True, "olab1.olab"), id="reverse"),
        pytest.param(
            {**NAME, "expected": []}, _dns_query.DnsAnswer("NOERROR", ("1.2.3.4",)), (True, "1.2.3.4"), id="any"
        ),
    ],
)
def test_dns(
    run_module: Run, monkeypatch: pytest.MonkeyPatch, check: Any, answer: Any, expected: tuple[bool, str]
) -> None:
    asked = []

    def ask(*words: Any) -> Any:
        asked.append(words)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(_dns_query, "ask", ask)
    found = line(run_module, check)
    assert (found["ok"], found["measured"]) == expected
    question = "11.1.66.10.in-addr.arpa" if check is ADDRESS else "olab1.olab"
    assert asked == [(SERVER, question, check.get("type", "A"), 3.0, "udp")]


@pytest.mark.parametrize(
    ("text", "ok", "measured"),
    [
        pytest.param(TEXT, True, "10.66.1.10, 10.66.1.1; search olab", id="as wanted"),
        pytest.param(TEXT.replace("10.66.1.10", "10.66.1.13"), False, "10.66.1.13, 10.66.1.1; search olab", id="other"),
        pytest.param(TEXT.replace(" olab", " home"), False, "10.66.1.10, 10.66.1.1; search home", id="another domain"),
        pytest.param("No DNS configuration available\n", False, "none; search nothing", id="none"),
    ],
)
def test_resolvers_of_a_mac(run_module: Run, text: str, ok: bool, measured: str) -> None:
    found = line(run_module, RESOLVERS, [call(SCUTIL, out=text)] * (1 if ok else 7), "Darwin")
    assert (found["ok"], found["measured"]) == (ok, measured)


def test_what_a_mac_applies_later_is_waited_for(run_module: Run) -> None:
    before = call(SCUTIL, out=TEXT.replace("10.66.1.10", "9.9.9.9"))
    found = line(run_module, RESOLVERS, [before, before, before, call(SCUTIL, out=TEXT)], "Darwin")
    assert found["ok"]


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        pytest.param(PLAIN, True, id="as wanted"),
        pytest.param(PLAIN + "nameserver 9.9.9.9\n", True, id="one more behind"),
        pytest.param(PLAIN.replace(".10\n", ".13\n"), False, id="another first"),
        pytest.param("", False, id="none"),
    ],
)
@pytest.mark.parametrize("resolved", [False, True], ids=["plain file", "systemd-resolved"])
def test_resolvers_of_linux(run_module: Run, host_files: Path, text: str, ok: bool, resolved: bool) -> None:
    (host_files / "etc").mkdir()
    path = host_files / "etc/resolv.conf"
    if resolved:
        directory = host_files / "run/systemd/resolve"
        directory.mkdir(parents=True)
        (directory / "stub-resolv.conf").write_text("nameserver 127.0.0.53\n")
        (directory / "resolv.conf").write_text(text)
        path.symlink_to("../run/systemd/resolve/stub-resolv.conf")
    else:
        path.write_text(text)
    assert line(run_module, RESOLVERS)["ok"] is ok
