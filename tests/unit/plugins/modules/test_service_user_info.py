# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""service_user_info: what of a service's user is not as wanted."""

from __future__ import annotations

import os

import pytest

from tests.unit.plugins.harness import call

NUMBER = os.getuid()
DSCL = ["/usr/bin/dscl", ".", "-read", "/Users/_exo", "IsHidden"]


@pytest.fixture
def host(account_host):
    """The host, by a shorter name."""
    return account_host


def look(run_module, host, calls=(), *, check=False, **changed):
    wanted = {
        "name": "_exo",
        "description": "exo",
        "home": "/opt/exo",
        "shell": "/usr/bin/false",
        "directories": [host["path"]],
        **changed,
    }
    return run_module("service_user_info", wanted, list(calls), check=check)


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
@pytest.mark.parametrize(
    ("changed", "calls"),
    [
        pytest.param({}, [], id="any number"),
        pytest.param({"uid": NUMBER}, [], id="its number", marks=pytest.mark.skipif(os.getgid() != NUMBER, reason="")),
        pytest.param({"hidden": True}, [call(DSCL, out="dsAttrTypeNative:IsHidden: 1\n")], id="hidden"),
    ],
)
def test_all_is_as_wanted(run_module, host, check, changed, calls):
    result = look(run_module, host, calls, check=check, **changed)
    assert (result["changed"], result["name"], result["ready"], result["missing"]) == (False, "_exo", True, [])


@pytest.mark.parametrize(
    ("wanted", "user", "calls"),
    [
        pytest.param({}, None, [], id="not there"),
        pytest.param({}, {"pw_gecos": "another"}, [], id="comment"),
        pytest.param({}, {"pw_dir": "/var/empty"}, [], id="home"),
        pytest.param({}, {"pw_shell": "/bin/sh"}, [], id="shell"),
        pytest.param({}, {"pw_gid": os.getgid() + 1}, [], id="group"),
        pytest.param({"hidden": True}, {}, [call(DSCL, out="dsAttrTypeNative:IsHidden: 0\n")], id="shown"),
        pytest.param({"hidden": True}, {}, [call(DSCL, rc=56, err="No such key: IsHidden")], id="never hidden"),
    ],
)
def test_another_user(run_module, host, wanted, user, calls):
    host["user"] = None if user is None else {**host["user"], **user}
    # Nobody owns the directories of a user who is not as wanted.
    assert look(run_module, host, calls, **wanted)["missing"] == ["user", host["path"]]


def test_another_number(run_module, host):
    assert look(run_module, host, uid=NUMBER + 1)["missing"] == ["group", "user", host["path"]]


def test_without_a_group_nothing_is_right(run_module, host):
    host["group"] = None
    assert look(run_module, host)["missing"] == ["group", "user", host["path"]]


@pytest.mark.parametrize("broken", ["mode", "missing", "link", "file"])
def test_another_directory(run_module, host, broken):
    place = host["directory"]
    if broken == "mode":
        place.chmod(0o755)
    else:
        place.rmdir()
    if broken == "link":
        place.symlink_to("/tmp")
    if broken == "file":
        place.write_text("")
    assert look(run_module, host)["missing"] == [host["path"]]
