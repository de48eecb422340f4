# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who sleeps and wakes as one, as the gateway itself reads it, and which members wait for whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.filter.gateway_groups import FilterModule
from ansible_collections.hybrid_ai.cluster.plugins.filter.service_table import service_table
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._gateway import gateway_models
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS, model_table

from hybrid_cluster.gateway import routes
from hybrid_cluster.gateway.states import Rules
from tests import yaml_files

DEFAULTS = yaml_files.load(Path(__file__).parents[4] / "roles/cluster_values/defaults/main.yml")
GROUPS = {
    "all": ["m", "a", "b", "c"],
    "management": ["m"],
    "exo": ["a", "b"],
    "llama_cpp": ["c"],
    "mlx_lm": ["b"],
    "ollama": ["m"],
    "vllm": [],
}
ADDRESSES = {"m": "10.0.0.1", "a": "10.0.0.2", "b": "10.0.0.3", "c": "10.0.0.4"}
MODELS = [("whole", "exo", None), ("own", "mlx_lm", ["b"]), ("small", "llama_cpp", None), ("near", "ollama", None)]


def models() -> list[dict[str, Any]]:
    source = {"repository": "o/r", "revision": "0" * 40}
    entries = [
        {
            "name": name,
            "backend": backend,
            "format": BACKENDS[backend].formats[0],
            "source": source,
            **({"hosts": hosts} if hosts else {}),
        }
        for name, backend, hosts in MODELS
    ]
    return model_table(entries, GROUPS)


def sleeper(host: str, **more: Any) -> dict[str, Any]:
    number = ADDRESSES[host][-1]
    return {"address": ADDRESSES[host], "mac_address": f"1c:f6:4c:00:00:0{number}", **more}


def groups(**sleepers: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = FilterModule().filters()["gateway_groups"](sleepers, models())
    return found


def configuration(tmp_path: Path, found: list[dict[str, Any]]) -> routes.Configuration:
    (tmp_path / "model-api-key").write_text("secret")
    place = {"host": "127.0.0.1", "port": 1}
    services = service_table(DEFAULTS["cluster_services"], None)
    told: dict[str, Any] = {
        "listen": [place],
        "metrics": place,
        "keys": "k",
        "usage": "u",
        "groups": found,
        "models": gateway_models(models(), GROUPS, services, ADDRESSES, 9, sleeping=found),
    }
    if found:
        told |= {"state": "s", "agent": {"user": "u", "key": "k", "known_hosts": "h"}}
    return routes.read(told, tmp_path)


def test_a_host_that_sleeps_is_a_group_and_its_members_wait_for_it(tmp_path: Path) -> None:
    found = configuration(tmp_path, groups(c=sleeper("c", idle_minutes=30, wake_seconds=60)))
    (group,) = found.groups
    assert (group.name, [host.name for host in group.hosts]) == ("c", ["c"])
    assert group.rules == Rules(idle_after=1800, wake_within=60)
    assert {model.name: {member.group for member in model.members} for model in found.models} == {
        "whole": {None},
        "own": {None},
        "small": {"c"},
        "near": {None},
    }


def test_the_hosts_of_exo_are_one_group_whatever_else_they_serve(tmp_path: Path) -> None:
    found = configuration(tmp_path, groups(a=sleeper("a", idle_minutes=1), b=sleeper("b", idle_minutes=2)))
    (group,) = found.groups
    assert (group.name, [host.name for host in group.hosts]) == ("exo", ["a", "b"])
    assert group.rules.idle_after == 120
    assert {model.name: {member.group for member in model.members} for model in found.models} == {
        "whole": {"exo"},
        "own": {"exo"},
        "small": {None},
        "near": {None},
    }


def test_every_node_of_exo_waits_for_the_one_that_sleeps(tmp_path: Path) -> None:
    found = configuration(tmp_path, groups(a=sleeper("a")))
    assert {member.group for model in found.models if model.name == "whole" for member in model.members} == {"exo"}


@pytest.mark.parametrize(
    ("first", "second", "idle"),
    [
        ({"idle_minutes": 5}, {}, None),
        ({"idle_minutes": 5}, {"idle_minutes": None}, None),
        ({"idle_minutes": 0}, {"idle_minutes": 0}, 0),
        ({}, {}, None),
    ],
)
def test_a_group_is_sent_to_sleep_where_all_of_its_hosts_may(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], idle: float | None
) -> None:
    (group,) = configuration(tmp_path, groups(a=sleeper("a", **first), b=sleeper("b", **second))).groups
    assert group.rules.idle_after == idle


def test_what_a_host_says_of_its_card_and_hours_comes_along(tmp_path: Path) -> None:
    card = {"port": 2222, "interface": "eth0", "broadcast": "10.0.0.255", "secure_on": "0a:0b:0c:0d:0e:0f"}
    quiet = [{"from": "23:00", "to": "06:30", "days": ["fri"]}]
    warm = [{"from": "08:00", "to": "18:00", "models": ["small"]}]
    (group,) = configuration(tmp_path, groups(c=sleeper("c", **card, quiet=quiet, warm=warm, awake_minutes=2))).groups
    (host,) = group.hosts
    assert {name: getattr(host, name) for name in card} == card
    assert (len(group.quiet), group.warm[0].models, group.rules.awake_at_least) == (1, ("small",), 120)


def test_hours_that_two_hosts_say_are_said_once() -> None:
    quiet = [{"from": "23:00", "to": "06:30"}]
    (group,) = groups(a=sleeper("a", quiet=quiet), b=sleeper("b", quiet=quiet))
    assert group["quiet"] == quiet


def test_a_host_that_serves_nothing_is_nobodys_to_wake(tmp_path: Path) -> None:
    unused = {**sleeper("c"), "address": "10.0.0.9"}
    assert groups(d=unused) == []
    assert configuration(tmp_path, []).groups == ()
