# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lines about what answers over HTTP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http

from tests.unit.plugins.exo_stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plugins.harness import Clock


@pytest.mark.parametrize(
    ("check", "ok", "measured"),
    [
        pytest.param({"url": "http://a:52415/node_id"}, True, r"status 200 after \d+ ms", id="answers"),
        pytest.param({"url": "http://a:52415/x"}, False, r"status 404 after \d+ ms", id="status"),
        pytest.param(
            {"url": "http://a:52415/node_id", "contains": "B"},
            False,
            r"status 200 after \d+ ms, without 'B'",
            id="content",
        ),
        pytest.param(
            {"url": "http://b:52415/node_id"}, False, "http://b:52415/node_id does not answer: .*", id="silent"
        ),
    ],
)
def test_http(
    *,
    run_module: Callable[..., dict[str, Any]],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    check: dict[str, Any],
    ok: bool,
    measured: str,
) -> None:
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, {"a": ("A", {})})]).fetch)
    [found] = run_module("node_report", {"checks": [{"check": "http", **check}]})["lines"]
    assert found["ok"] is ok
    assert re.fullmatch(measured, found["measured"])


def test_http_with_a_login(run_module: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The page repeats what it was told, as a bad one might: the password is shown all the same nowhere."""
    given: list[str] = []

    def fetch(_url: str, _timeout: float, authorization: str) -> _http.Answer:
        given.append(authorization)
        raise _http.HttpError("secret-word is refused")

    monkeypatch.setattr(_http, "fetch", fetch)
    check = {"check": "http", "url": "http://a/", "user": "me", "password": "page"}
    result = run_module("node_report", {"checks": [check], "passwords": {"page": "secret-word"}})
    assert given == [_http.basic("me", "secret-word")]
    assert "secret-word" not in str(result)


def test_a_password_that_nobody_gave(run_module: Callable[..., dict[str, Any]]) -> None:
    check = {"check": "http", "url": "http://a/", "user": "me", "password": "page"}
    [found] = run_module("node_report", {"checks": [check]})["lines"]
    assert found["measured"] == "not measured: there is no password called page: give it in passwords"
