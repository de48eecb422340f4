# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the modules are told of a service that a role describes."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.filter.service_definition import service_account, service_arguments
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import ARGUMENTS

WANTED = {
    "name": "exo",
    "description": "exo",
    "user": "_exo",
    "uid": 451,
    "home": "/opt/exo",
    "arguments": ["/bin/exo"],
}
RELAY = {"variables": {"http_proxy": "http://127.0.0.1:3129"}, "services": ["download-relay"], "paths": []}


def arguments(on_macos=False, look_at_account=False, **more):
    return service_arguments({**WANTED, **more}, on_macos, RELAY, look_at_account=look_at_account)


def test_it_runs_as_its_own_user_in_its_home():
    found = arguments()
    assert (found["user"], found["group"], found["working_directory"]) == ("_exo", "_exo", "/opt/exo")
    assert "account" not in found


def test_one_that_becomes_its_own_user_is_started_as_another():
    found = arguments(run_as="root")
    assert found["user"] == "root"
    assert "group" not in found


@pytest.mark.parametrize(("more", "expected"), [({}, None), ({"downloads": False}, None), ({"downloads": True}, RELAY)])
def test_only_a_service_that_downloads_is_told_of_the_relay(more, expected):
    assert arguments(**more).get("optional_environment") == expected


def test_what_is_not_said_is_not_passed_on():
    assert set(arguments()) == {"name", "description", "arguments", "user", "group", "working_directory"}
    assert arguments(environment={"A": "1"}, health={"url": "http://h/"})["health"] == {"url": "http://h/"}


@pytest.mark.parametrize(
    ("on_macos", "uid", "shell"), [(True, 451, "/usr/bin/false"), (False, None, "/usr/sbin/nologin")]
)
def test_its_user(on_macos, uid, shell):
    found = service_account({**WANTED, "directories": ["/opt/models"]}, on_macos)
    assert (found["uid"], found["shell"], found["hidden"]) == (uid, shell, on_macos)
    assert found["directories"] == ["/opt/exo", "/opt/models"]
    assert arguments(on_macos, look_at_account=True, directories=["/opt/models"])["account"] == found


def test_everything_that_is_passed_on_is_an_option_of_the_module():
    more = dict.fromkeys(
        (
            *("secret_environment", "limits", "low_ports", "log", "restart", "replaces", "state", "stop_seconds"),
            *("notifies", "reload"),
        ),
        "x",
    )
    found = arguments(look_at_account=True, downloads=True, **more)
    assert {"notifies", "reload"} <= set(found)
    assert set(found) <= set(ARGUMENTS)
    assert set(found["account"]) == set(ARGUMENTS["account"]["options"])
