# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``security``: trust is asked, and never given over SSH."""

from __future__ import annotations

import hashlib

import pytest

from lab.macos.simulator.tools import security

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nb25l\n-----END CERTIFICATE-----\n"
DIGEST = hashlib.sha256(b"one").hexdigest()


@pytest.mark.parametrize(
    ("trusted", "rc", "out", "err"),
    [
        pytest.param([DIGEST], 0, f"{security.TRUSTED}\n", "", id="trusted by hand"),
        pytest.param([], 1, "", f"{security.NOT_TRUSTED}\n", id="not trusted"),
    ],
)
def test_verify(mac, trusted, rc, *, out, err) -> None:
    mac.write("/tmp/c.pem", CERTIFICATE)
    with mac.state.edit(security.AREA) as data:
        data["certificates"] = trusted
    result = mac.run("security", "verify-cert", "-c", "/tmp/c.pem", "-p", "ssl")
    assert (result.rc, result.out, result.err) == (rc, out, err)


@pytest.mark.parametrize(
    ("argv", "rc", "err"),
    [
        pytest.param(["verify-cert", "-c", "/none"], 1, "Error reading file /none\n", id="no file"),
        pytest.param(["add-trusted-cert", "-d", "/tmp/c.pem"], 1, f"{security.DENIED}\n", id="nobody may add"),
        pytest.param(["unknown"], 2, f"{security.USAGE}\n", id="unknown"),
        pytest.param([], 2, f"{security.USAGE}\n", id="nothing"),
    ],
)
def test_refusals(mac, argv, rc, err) -> None:
    result = mac.run("security", *argv)
    assert (result.rc, result.out, result.err) == (rc, "", err)
