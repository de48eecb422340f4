# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""linux_resolver: who rules, what is written, and that nobody is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _linux_resolver

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

WANTED = {"servers": ["10.66.1.10", "10.66.1.1"], "search": ["olab"], "probes": ["site.example"]}
NOTICE = "# Written by hybrid_ai.cluster; changes are overwritten.\n"
PLAIN = f"{NOTICE}search olab\nnameserver 10.66.1.10\nnameserver 10.66.1.1\noptions timeout:1 attempts:2\n"
DROP_IN = f"{NOTICE}[Resolve]\nDNS=10.66.1.10 10.66.1.1\nDomains=olab ~.\n"
BEFORE = "nameserver 10.66.1.1\n"
RESTART = call(["/usr/bin/systemctl", "restart", "systemd-resolved.service"])
BROKEN = call(["/usr/bin/systemctl", "restart", "systemd-resolved.service"], rc=1, err="no such unit")


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Say what the next look-ups find; the last answer holds on."""
    answers = [True]
    monkeypatch.setattr(_linux_resolver, "resolves", lambda name: answers.pop(0) if len(answers) > 1 else answers[0])
    return answers


@pytest.fixture
def etc(host_files: Path) -> Path:
    (host_files / "etc").mkdir()
    return host_files / "etc"


@pytest.fixture
def plain(etc: Path) -> Path:
    (etc / "resolv.conf").write_text(BEFORE)
    return etc / "resolv.conf"


@pytest.fixture
def resolved(etc: Path) -> Path:
    (etc / "resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    return etc / "systemd/resolved.conf.d/hybrid-ai.conf"


def run(run_module: Run, calls: list[Call] | None = None, *, check: bool = False, **changes: Any) -> dict[str, Any]:
    return run_module("linux_resolver", {**WANTED, **changes}, calls or [], check=check, system="Linux")


def test_a_plain_file_is_written_and_remembered(run_module: Run, plain: Path, host_files: Path) -> None:
    result = run(run_module)
    assert result["changed"]
    assert result["ruler"] == "/etc/resolv.conf"
    assert plain.read_text() == PLAIN
    assert (host_files / "var/lib/hybrid-ai/resolv.conf.before").read_text() == BEFORE
    assert not run(run_module)["changed"]


def test_check_mode_predicts(run_module: Run, plain: Path) -> None:
    result = run(run_module, check=True)
    assert result["changed"]
    assert {"before": BEFORE, "after": PLAIN}.items() <= result["diff"][-1].items()
    assert plain.read_text() == BEFORE


def test_a_dhcp_client_is_kept_from_the_file(run_module: Run, plain: Path, etc: Path) -> None:
    hooks = etc / "dhcp/dhclient-enter-hooks.d"
    hooks.mkdir(parents=True)
    run(run_module)
    assert "make_resolv_conf() { :; }" in (hooks / "hybrid-ai").read_text()
    run(run_module, state="absent")
    assert list(hooks.iterdir()) == []


def test_absent_brings_back_what_was_before_the_first_change(run_module: Run, plain: Path, host_files: Path) -> None:
    run(run_module)
    run(run_module, servers=["10.66.1.13"])
    assert run(run_module, state="absent")["changed"]
    assert plain.read_text() == BEFORE
    assert not (host_files / "var/lib/hybrid-ai/resolv.conf.before").exists()
    assert not run(run_module, state="absent")["changed"]


def test_absent_where_there_was_no_file(run_module: Run, etc: Path) -> None:
    run(run_module)
    run(run_module, state="absent")
    assert not (etc / "resolv.conf").exists()


def test_resolved_gets_a_file_beside_its_own(run_module: Run, resolved: Path) -> None:
    result = run(run_module, [RESTART])
    assert (result["changed"], result["ruler"]) == (True, "systemd-resolved")
    assert resolved.read_text() == DROP_IN
    assert not run(run_module)["changed"]
    assert run(run_module, [RESTART], state="absent")["changed"]
    assert not resolved.exists()


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        pytest.param([True, True], True, id="still known"),
        pytest.param([True, False], False, id="no longer known"),
        pytest.param([False, False], True, id="never known"),
    ],
)
def test_a_host_that_would_be_cut_off_gets_its_servers_back(
    run_module: Run, plain: Path, names: list[bool], answers: list[bool], kept: bool
) -> None:
    names[:] = answers
    result = run(run_module)
    assert plain.read_text() == (PLAIN if kept else BEFORE)
    assert ("no longer knows site.example; the ones before are back" in result.get("msg", "")) is not kept


def test_so_does_one_with_resolved(run_module: Run, resolved: Path, names: list[bool]) -> None:
    names[:] = [True, False]
    assert "are back in place" in run(run_module, [RESTART, RESTART])["msg"]
    assert not resolved.exists()


def test_a_failing_restart_is_reported(run_module: Run, resolved: Path) -> None:
    assert "no such unit" in run(run_module, [BROKEN])["msg"]


@pytest.mark.parametrize(
    ("text", "link", "sentence"),
    [
        pytest.param("# Generated by NetworkManager\nnameserver 1.1.1.1\n", None, "by NetworkManager", id="a comment"),
        pytest.param("# Generated by dhcpcd from eth0\n", None, "by dhcpcd", id="dhcpcd"),
        pytest.param(None, "../run/NetworkManager/resolv.conf", "by NetworkManager", id="a link"),
        pytest.param(None, "../run/resolvconf/resolv.conf", "by resolvconf", id="resolvconf"),
        pytest.param(None, "/somewhere/else", "nobody knows who writes that", id="somewhere else"),
    ],
)
def test_another_program_has_the_last_word(
    run_module: Run, etc: Path, text: str | None, link: str | None, sentence: str
) -> None:
    path = etc / "resolv.conf"
    if link:
        path.symlink_to(link)
    else:
        path.write_text(text or "")
    result = run(run_module)
    assert result["failed"]
    assert sentence in result["msg"]
    # Where we have set nothing, there is nothing to bring back and nobody to ask.
    absent = run(run_module, state="absent")
    assert (absent.get("failed", False), absent["changed"], absent["ruler"]) == (False, False, None)


@pytest.mark.parametrize(
    ("servers", "sentence"),
    [
        pytest.param([], "An empty list is not a valid name server", id="none"),
        pytest.param(["router"], "router is not a valid name server", id="a name"),
        pytest.param(["10.0.0.1"] * 4, "4 name servers are too many", id="four"),
    ],
)
def test_bad_input(run_module: Run, plain: Path, servers: list[str], sentence: str) -> None:
    assert sentence in run(run_module, servers=servers)["msg"]
    assert plain.read_text() == BEFORE
