# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""certificate_authority: what openssl is asked, and when a certificate is made again."""

from __future__ import annotations

import base64
import datetime
import hashlib

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _certificate

from tests.unit.plugins.harness import call

OPENSSL = "/usr/bin/openssl"
KEY, CERTIFICATE = "/ca/ca.key", "/ca/ca.pem"
ARGUMENTS = {"private_key": KEY, "certificate": CERTIFICATE, "common_name": "home download cache"}
NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.timezone.utc)
PUBLIC = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
OTHER = PUBLIC.replace("AAAA", "BBBB")
PEM = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(b'one').decode()}\n-----END CERTIFICATE-----\n"
NEW_PEM = PEM.replace(base64.b64encode(b"one").decode(), base64.b64encode(b"two").decode())
PRIVATE = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n"
SHOW = [OPENSSL, "x509", "-in", CERTIFICATE, "-noout", "-subject", "-enddate", "-pubkey"]
SHOW_KEY = [OPENSSL, "pkey", "-in", KEY, "-pubout"]
MAKE_KEY = [OPENSSL, "genrsa", "3072"]


def shown(days: int = 700, name: str = "home download cache", public: str = PUBLIC, mark: str = " = "):
    ends = NOW + datetime.timedelta(days=days)
    text = f"subject=CN{mark}{name}\nnotAfter={ends:%b} {ends.day:2d} {ends:%H:%M:%S %Y} GMT\n{public}"
    return call(SHOW, out=text)


def issue(days: int = 730, out: str = NEW_PEM, rc: int = 0, err: str = ""):
    words = ["-key", KEY, "-config", f"{CERTIFICATE}.cnf", "-sha256", "-days", str(days)]
    return call([OPENSSL, "req", "-new", "-x509", *words], out=out, rc=rc, err=err)


KEY_READ = call(SHOW_KEY, out=PUBLIC)
NO_KEY = call(SHOW_KEY, rc=1, err="unable to load key")


@pytest.fixture
def authority(run_module, host_files, monkeypatch):
    """Run the module on a host that has a key and a certificate, or not."""
    monkeypatch.setattr(_certificate, "utc_now", lambda: NOW)
    (host_files / "ca").mkdir()

    def run(calls, *, key=PRIVATE, certificate=PEM, key_mode=0o600, check=False, **arguments):
        for path, content, mode in ((KEY, key, key_mode), (CERTIFICATE, certificate, 0o644)):
            if content:
                (host_files / path.lstrip("/")).write_text(content)
                (host_files / path.lstrip("/")).chmod(mode)
        return run_module("certificate_authority", {**ARGUMENTS, **arguments}, calls, check=check)

    return run


@pytest.mark.parametrize(
    ("given", "calls", "steps"),
    [
        pytest.param({}, [shown(), KEY_READ], [], id="fine"),
        pytest.param({}, [shown(mark="="), KEY_READ], [], id="fine, as LibreSSL prints it"),
        pytest.param({}, [shown(60), KEY_READ], [], id="as many days left as it is renewed with"),
        pytest.param({}, [shown(59), KEY_READ, issue(), shown(), KEY_READ], ["issue"], id="ends soon"),
        pytest.param({}, [shown(-3), KEY_READ, issue(), shown(), KEY_READ], ["issue"], id="has ended"),
        pytest.param({}, [shown(name="x"), KEY_READ, issue(), shown(), KEY_READ], ["issue"], id="another name"),
        pytest.param({}, [shown(public=OTHER), KEY_READ, issue(), shown(), KEY_READ], ["issue"], id="of another key"),
        pytest.param({"key_mode": 0o644}, [shown(), KEY_READ, shown(), KEY_READ], ["protect_key"], id="open key"),
        pytest.param({"days": 90}, [shown(5), KEY_READ, issue(90), shown(90), KEY_READ], ["issue"], id="other days"),
        pytest.param({"certificate": None}, [KEY_READ, issue(), shown(), KEY_READ], ["issue"], id="no certificate"),
        pytest.param(
            {"certificate": None, "key": None},
            [call(MAKE_KEY, out=PRIVATE), issue(), shown(), KEY_READ],
            ["make_key", "issue"],
            id="nothing",
        ),
        pytest.param(
            {},
            [shown(), NO_KEY, call(MAKE_KEY, out=PRIVATE), issue(), shown(), KEY_READ],
            ["make_key", "issue"],
            id="a broken key",
        ),
    ],
)
def test_steps(authority, host_files, given, calls, steps):
    result = authority(calls, **given)
    assert (result["changed"], result["steps"]) == (bool(steps), steps)
    assert (host_files / "ca/ca.key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (host_files / "ca").iterdir()) == ["ca.key", "ca.pem"]
    assert "secret" not in str(result)
    content = NEW_PEM if "issue" in steps else PEM
    assert (result["content"], result["fingerprint"]) == (
        content,
        hashlib.sha256(b"two" if "issue" in steps else b"one").hexdigest(),
    )


@pytest.mark.parametrize(
    ("calls", "steps", "content"),
    [
        pytest.param([shown(), KEY_READ], [], PEM, id="fine"),
        pytest.param([shown(-1), KEY_READ], ["issue"], "", id="has ended"),
    ],
)
def test_check_mode_predicts_and_makes_nothing(authority, calls, steps, content):
    result = authority(calls, check=True)
    assert (result["changed"], result["steps"], result["content"]) == (bool(steps), steps, content)


@pytest.mark.parametrize(
    ("arguments", "calls", "sentence"),
    [
        pytest.param({"common_name": "a\nb"}, [], "is not a valid name of a certificate authority", id="name"),
        pytest.param({"days": 60}, [], "must be valid for longer than", id="days"),
        pytest.param({}, [shown(1), KEY_READ, issue(rc=1, err="no random")], "no random", id="openssl fails"),
        pytest.param({}, [shown(1), KEY_READ, issue(out="")], "made no certificate", id="openssl prints nothing"),
        pytest.param(
            {},
            [shown(1), KEY_READ, issue(), shown(public=OTHER), KEY_READ],
            "does not fit /ca/ca.key after it was made",
            id="read-back",
        ),
    ],
)
def test_failures_are_a_sentence(authority, host_files, arguments, calls, sentence):
    result = authority(calls, **arguments)
    assert result["failed"]
    assert sentence in result["msg"]
    assert not (host_files / "ca/ca.pem.cnf").exists()
