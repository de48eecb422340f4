# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a program is run with: another configuration is a restart, or a reload of a program that can be told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.roles.render import render

RELOAD = {"signal": "USR2", "socket": "/s", "request": "show info"}


def service(**more: Any) -> dict[str, Any]:
    """Return the service of a program from a package, with the configuration of a digest."""
    definition = {"title": "X", "state": "present", "source": {"package": "x", "units": ["x.service"]}}
    values = {"program_definition": {**definition, "service": {"name": "x", **more}}, "group_names": ["linux"]}
    (made,) = render("program", "__program_service", __program_files={"digest": "abc"}, **values)
    found: dict[str, Any] = made
    return found


def test_another_configuration_is_a_restart() -> None:
    assert service()["restart_token"].split() == ["abc"]
    assert "reload" not in service()


def test_of_a_program_that_can_be_told_it_is_a_reload() -> None:
    found = service(reload=RELOAD)
    assert found["restart_token"].split() == []
    assert found["reload"] == {**RELOAD, "stamp": "abc"}
    assert found["replaces"] == ["x.service"]


@pytest.mark.parametrize(
    ("group", "words"),
    [("linux", ["/usr/sbin/haproxy", "-Ws"]), ("macos", ["/opt/homebrew/opt/haproxy/bin/haproxy", "-W", "-db"])],
)
def test_the_web_front_is_one(tmp_path, group, words) -> None:
    node = {
        "ansible_host": "10.0.0.1",
        "cluster_secrets_directory": str(tmp_path),
        "group_names": [group, "management"],
        "groups": {"all": ["desk"], "management": ["desk"]},
        "hostvars": {"desk": {"ansible_host": "10.0.0.1"}},
        "inventory_hostname": "desk",
        "__haproxy_files": {"haproxy.cfg": ""},
    }
    (definition,) = render("haproxy", "__haproxy_definition", **node)
    etc = definition["files_path"]
    assert definition["service"]["arguments"] == [*words, "-f", etc]
    assert definition["service"]["reload"]["check"] == [words[0], "-c", "-f", etc]
    assert definition["validate"] == [words[0], "-c", "-f", "%s"]
    assert definition["files_stamp"]["text"].count("%s") == 1
    assert definition["service"]["reload"]["socket"].startswith(f"{definition['service']['home']}/")
