# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How AdGuard Home answers: other names, negative answers, long ones, and its page to a stranger."""

from __future__ import annotations

import http.client
import struct
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _dns_query

from tests.contract.adguard_home.conftest import ADDRESS, IDENTIFIER, exchange, start_with

if TYPE_CHECKING:
    from tests.contract.adguard_home.conftest import Home

RENAMED = {"filtering": {"rewrites": [{"domain": "nas.olab", "answer": "Disk.olab", "enabled": True}]}}
OURS = {"domain": "disk.olab", "answer": "10.66.1.50", "enabled": True}


@pytest.mark.parametrize(
    ("ours", "address"), [pytest.param([OURS], "10.66.1.50", id="ours"), pytest.param([], "192.0.2.7", id="another")]
)
def test_a_rewrite_to_a_name_answers_with_the_name_and_its_address(home: Home, ours: Any, address: str) -> None:
    start_with(home, *RENAMED["filtering"]["rewrites"], *ours)
    message = exchange(home, "nas.olab", "A")
    assert _dns_query.decode(message, IDENTIFIER, "CNAME").values[0].lower() == "disk.olab"
    assert _dns_query.decode(message, IDENTIFIER, "A").values == (address,)


def test_the_other_name_is_asked_for_elsewhere_where_it_has_no_such_address_here(home: Home, asked: list[str]) -> None:
    start_with(home, *RENAMED["filtering"]["rewrites"], OURS)
    assert _dns_query.decode(exchange(home, "nas.olab", "AAAA"), IDENTIFIER, "AAAA").values == ()
    assert "disk.olab" in asked
    assert "nas.olab" not in asked


def test_any_is_not_implemented(running: Home) -> None:
    assert _dns_query.decode(exchange(running, "olab1.olab", 255), IDENTIFIER, "A").status == "NOTIMP"


def test_the_letters_of_a_question_are_kept(running: Home) -> None:
    assert b"\x05OLab1\x04olab\0" in exchange(running, "OLab1.olab", "A")


@pytest.mark.parametrize(("name", "kind"), [("olab1.olab", "AAAA"), ("12.1.66.10.in-addr.arpa", "PTR")])
def test_an_answer_without_records_says_how_long_that_is_true(running: Home, name: str, kind: str) -> None:
    message = exchange(running, name, kind)
    answers, authorities = struct.unpack_from("!2H", message, 6)
    assert (answers, authorities) == (0, 1)


@pytest.mark.parametrize(("size", "whole"), [(None, False), (1232, True)], ids=["plain", "EDNS"])
def test_a_long_answer_is_one_datagram_where_the_question_takes_it(home: Home, size: int | None, whole: bool) -> None:
    start_with(home, *({"domain": "many.olab", "answer": f"10.66.2.{n}", "enabled": True} for n in range(40)))
    message = exchange(home, "many.olab", "A", size)
    cut = bool(message[2] & 0x02)
    assert (cut, len(message) > 512) == (not whole, whole)
    if whole:
        assert len(_dns_query.decode(message, IDENTIFIER, "A").values) == 40


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_page_sends_strangers_to_the_login(running: Home, method: str) -> None:
    connection = http.client.HTTPConnection(ADDRESS, running.web_port, timeout=5)
    connection.request(method, "/")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Location")) == (302, "/login.html")
    connection.close()
    connection.request("GET", "/control/status")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (401, b"")
    connection.close()


def test_a_list_without_entries_is_null(running: Home) -> None:
    answer = running.get("filtering/status")[1]
    assert (answer["filters"], answer["whitelist_filters"]) == (None, None)
