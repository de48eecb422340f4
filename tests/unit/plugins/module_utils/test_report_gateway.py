# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The line of the gateway: it names the models of the table to who has a key, and to nobody else."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report import gateway_models
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import Arguments, Context

REFUSED = _http.Answer(401, b"{}")


def listed(*names):
    return _http.Answer(200, json.dumps({"data": [{"id": name} for name in names]}).encode())


def line(stranger, known):
    def fetch(url, timeout, authorization=None):
        assert (url, authorization) in {("http://g/v1/models", None), ("http://g/v1/models", "Bearer secret")}
        answer = known if authorization else stranger
        if isinstance(answer, Exception):
            raise answer
        return answer

    values = {"check": "gateway_models", "url": "http://g", "models": ["a", "b"], "password": "gateway"}
    return gateway_models.measure(Arguments(values), Context(None, fetch, "Linux", {"gateway": "secret"}))


@pytest.mark.parametrize(
    ("stranger", "known", "measured", "advice"),
    [
        (REFUSED, listed("a"), "a", "--tags gateway"),
        (REFUSED, listed("a", "b", "c"), "a, b, c", "--tags gateway"),
        (REFUSED, listed(), "no model", "--tags gateway"),
        (REFUSED, REFUSED, "status 401 with the key", "--tags gateway"),
        (listed("a"), listed("a", "b"), "status 200 without a key", "Look at the logs"),
        (REFUSED, _http.Answer(200, b"hello"), "is not answered by the gateway", "who has the port"),
        (REFUSED, _http.HttpError("http://g does not answer"), "does not answer", "Look at the logs"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(stranger, known, measured, advice):
    found = line(stranger, known)
    assert (found.ok, measured in found.measured, advice in found.advice) == (False, True, True), found
    assert "secret" not in f"{found}"


def test_all_names_and_no_stranger_is_what_it_claims():
    found = line(REFUSED, listed("b", "a"))
    assert (found.ok, found.measured, found.advice) == (True, "b, a", "")
