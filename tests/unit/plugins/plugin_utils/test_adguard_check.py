# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What AdGuard Home's own check does not notice."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _adguard_check

from tests.contract.adguard_home import start_settings


def configuration(**dns: Any) -> dict[str, Any]:
    return {
        "http": {"address": "10.66.1.10:8053"},
        "dns": {"port": 53, "bind_hosts": ["10.66.1.10", "127.0.0.1"], "upstream_dns": ["9.9.9.9"], **dns},
    }


@pytest.mark.parametrize(
    "upstream",
    [
        "9.9.9.9",
        "9.9.9.9:5353",
        "2620:fe::fe",
        "[2620:fe::fe]:53",
        "dns.quad9.net",
        "tcp://9.9.9.9",
        "tls://dns.quad9.net:853",
        "https://dns.quad9.net/dns-query",
        "[/lan/]192.168.1.1",
        "[/lan/]#",
        "sdns://AgcAAAAAAAAA",
        "# a comment",
    ],
)
def test_servers_that_can_be_asked(upstream: str) -> None:
    assert _adguard_check.problems(configuration(upstream_dns=[upstream])) == []


@pytest.mark.parametrize(
    "upstream", ["not an address", "9.9.9", "9.9.9.9:", "9.9.9.9:70000", "htps://dns.quad9.net", "", "-x.example"]
)
@pytest.mark.parametrize("key", ["upstream_dns", "fallback_dns"])
def test_servers_that_nobody_can_ask(key: str, upstream: str) -> None:
    (sentence,) = _adguard_check.problems(configuration(**{key: [upstream]}))
    assert sentence.startswith(f"dns.{key} has {upstream!r}, which is not a valid DNS server")


@pytest.mark.parametrize("changes", start_settings.TAKEN.values(), ids=start_settings.TAKEN.keys())
def test_what_the_program_starts_with_has_no_problem(changes: dict[str, Any]) -> None:
    assert _adguard_check.problems(beside(changes)) == []


@pytest.mark.parametrize("changes", start_settings.REFUSED.values(), ids=start_settings.REFUSED.keys())
def test_what_the_program_refuses_at_start_is_a_sentence(changes: dict[str, Any]) -> None:
    assert len(_adguard_check.problems(beside(changes))) == 1


def beside(changes: dict[str, Any]) -> dict[str, Any]:
    """Return a sound file with some parts of its own."""
    return {**configuration(**changes.get("dns", {})), **{key: part for key, part in changes.items() if key != "dns"}}


def rewritten(domain: str, answer: str | None) -> dict[str, Any]:
    return {**configuration(), "filtering": {"rewrites": [{"domain": domain, "answer": answer, "enabled": True}]}}


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        pytest.param(configuration(), None, id="sound"),
        pytest.param(configuration(bootstrap_dns=["dns.quad9.net"]), "dns.bootstrap_dns has 'dns.qu", id="bootstrap"),
        pytest.param(configuration(upstream_dns=["10.66.1.10"]), "would ask itself for ever", id="itself"),
        pytest.param({**configuration(), "http": {"address": "10.66.1.10:53"}}, "want the same port 53", id="one port"),
        pytest.param({**configuration(), "http": {"address": "0.0.0.0:53"}}, "want the same port 53", id="everywhere"),
        pytest.param({**configuration(), "http": {"address": "10.66.1.9:53"}}, None, id="one port, two addresses"),
        pytest.param(rewritten("a.olab", "10.66.1.1"), None, id="an address"),
        pytest.param(rewritten("*.a.olab", "b.olab"), None, id="a name"),
        pytest.param(rewritten("a.olab", ""), "the rewrite of a.olab has no answer", id="no answer"),
        pytest.param(rewritten("a.olab", None), "the rewrite of a.olab has no answer", id="null"),
        pytest.param(rewritten("", "10.66.1.1"), "a rewrite to '10.66.1.1' has no name", id="no name"),
        pytest.param(rewritten("a b", "10.66.1.1"), "for no name that DNS could know", id="bad name"),
        pytest.param(rewritten("a.olab", "10.66.1"), "neither an address nor a name", id="bad answer"),
        pytest.param(
            {**configuration(), "filters": [{"name": "x", "url": "list"}]}, "the filter x is at 'list'", id="f"
        ),
    ],
)
def test_problems(found: dict[str, Any], sentence: str | None) -> None:
    problems = _adguard_check.problems(found)
    assert len(problems) == (sentence is not None)
    assert all(sentence in problem for problem in problems if sentence)
