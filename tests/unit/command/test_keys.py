# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster keys`: a secret is shown once, alone on standard output, and what is changed holds at once."""

from __future__ import annotations

import time

import pytest

from hybrid_cluster.command import exits
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.keys import KeyFile
from tests.unit.command.gateways import known, person, served
from tests.unit.command.threads import FIRST, SECOND


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with served(tmp_path_factory.mktemp("running")) as found:
        yield found


@pytest.fixture
def run(running, monkeypatch, capsys):
    return person(monkeypatch, capsys, known(running.secrets.parent), running.url)


def test_a_key_from_its_making_to_its_end(running, run):
    keys = KeyFile(running.secrets.parent / ".gateway/keys.json")
    said = run("keys", "create", "ann", "--models", "public", "--tokens-per-day", "5000", "--expires", "30d")
    assert (said.code, said.err) == (exits.OK, "")
    (secret,) = said.out.splitlines()
    key = keys.find(secret)
    assert (key.limits.models, key.limits.tokens_per_day) == (("public",), 5000)
    assert key.expires == pytest.approx(time.time() + 30 * 86400, abs=60)
    said = run("keys", "list")
    assert secret not in said.out
    assert max(map(len, said.lines)) <= 80
    (line,) = [line for line in said.lines if line.startswith("ann ")]
    assert "in 30 d" in line
    assert "administer" in next(line for line in said.lines if line.startswith("administrator"))
    other = run("keys", "rotate", "ann", "--grace", "1h", "--json").json["secret"]
    assert keys.find(other).name == keys.find(secret).name == "ann"
    changed = run("keys", "limit", "ann", "--models", "none", "--requests-per-minute", "7", "--json").json["key"]
    assert changed["limits"] == {
        "models": None,
        "requests_per_minute": 7,
        "concurrent_requests": None,
        "body_bytes": None,
        "tokens_per_day": 5000,
    }
    assert run("keys", "expire", "ann", "never", "--json").json["key"]["expires"] is None
    assert run("keys", "revoke", "ann").out == "ann is revoked.\n"
    for gone in (secret, other):
        with pytest.raises(Failure):
            keys.find(gone)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["create", "A"], exits.FAILED, "'A' is not a valid name for a key"),
        (["create", "cluster"], exits.FAILED, "There is a key 'cluster' already"),
        (["create", "b", "--body-bytes", "0"], exits.USAGE, "--body-bytes 0: write a number above 0, or none."),
        (["create", "b", "--expires", "soon"], exits.USAGE, "'soon' is not a valid time"),
        (["create", "b", "--expires", "2027-13-01"], exits.USAGE, "'2027-13-01' is not a valid day"),
        (["rotate", "nobody"], exits.FAILED, "There is no key 'nobody'."),
        (["revoke", "administrator"], exits.FAILED, "is an administrator's; gateway-keys on the management node"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, words, code, says):
    said = run("keys", *words)
    assert (said.code, said.out) == (code, "")
    (line,) = said.err.splitlines()
    assert says in line


def test_no_secret_is_in_the_log(running, run):
    secret = run("keys", "create", "bob").out.strip()
    log = "\n".join(running.gate.log)
    assert '"does": "keys_create"' in log
    assert not [one for one in (secret, FIRST, SECOND) if one in log]
