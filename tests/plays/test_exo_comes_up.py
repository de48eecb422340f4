# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""An exo that does not come up is one sentence, and what ran before runs again.

Its modules answer what the test says; the host is this machine.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.plays.conftest import Answers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.plays.conftest import Played

REPLACED = (
    *("exo_cluster_info", "exo_info", "exo_source", "macos_application", "python_environment", "release_tree"),
    *("service", "service_user_info"),
)
SILENT = (
    "olab1 is silent: http://10.66.1.11:52415/node_id does not answer: connection refused. Is exo running there with"
    " API port 52415?"
)
ENDED = "exo does not answer at http://127.0.0.1:52415/node_id within 60 seconds."
STARTED = {"account_missing": []}


@pytest.fixture
def role(tmp_path: Path, play: Callable[..., Played]) -> Callable[..., tuple[Played, list[str]]]:
    """Run the role on a platform with what its modules answer, and return which of them were asked."""
    modules = Answers(tmp_path, REPLACED)
    host = {"ansible_host": "127.0.0.1", "ansible_connection": "local", "exo_namespace": "of a test"}

    def run(platform: str, **answers: Any) -> tuple[Played, list[str]]:
        groups = {name: {"hosts": {"olab1": host}} for name in ("exo", platform)}
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": groups}}))
        modules.give(
            {
                "exo_info": {"daemon_left": [], "would_install": False, "steps": ["install"]},
                "exo_source": {"steps": []},
                "python_environment": {"pip_missing": False, "settled": True},
                "service_user_info": {"ready": True, "missing": [], "name": "_exo"},
                "macos_application": {},
                "release_tree": {"version": None},
                "service": STARTED,
                "exo_cluster_info": {"failed": True, "msg": SILENT},
                **answers,
            }
        )
        applied = {"name": "hybrid_ai.cluster.exo", "rolespec_validate": False}
        tasks = [{"name": "Apply it", "ansible.builtin.include_role": applied}]
        (tmp_path / "play.yml").write_text(
            yaml.safe_dump([{"name": "Role", "hosts": "exo", "gather_facts": False, "tasks": tasks}])
        )
        played = play(
            tmp_path / "play.yml",
            *("-i", str(tmp_path / "hosts.yml"), "-e", json.dumps({"ansible_facts": {"architecture": "x86_64"}})),
            ANSIBLE_COLLECTIONS_PATH=str(modules.collections),
        )
        # Ansible folds long lines.
        played.text = " ".join(played.text.split())
        return played, modules.asked

    return run


def test_on_a_mac_the_version_before_runs_again(role: Callable[..., tuple[Played, list[str]]]) -> None:
    back = [{"changed": True}, {"changed": True, "version": "1.0.70"}]
    played, asked = role("macos", macos_application=back)
    assert played.rc != 0
    assert f"exo 1.0.71 did not come up on olab1: {SILENT} Version 1.0.70 runs again." in played.text
    assert asked == ["exo_info", "macos_application", "service", "exo_cluster_info", "macos_application", "service"]


def test_where_none_was_before_nothing_is_said_of_one(role: Callable[..., tuple[Played, list[str]]]) -> None:
    played, asked = role("macos", service={"failed": True, "msg": ENDED})
    assert played.rc != 0
    assert f"exo 1.0.71 did not come up on olab1: {ENDED}" in played.text
    assert "runs again" not in played.text
    assert asked == ["exo_info", "macos_application", "service", "macos_application"]


def test_on_linux_the_build_before_runs_again(role: Callable[..., tuple[Played, list[str]]]) -> None:
    back = {"changed": True, "version": "one before"}
    played, asked = role("linux", release_tree=back)
    assert played.rc != 0
    assert f"exo 1.0.71 did not come up on olab1: {SILENT} What ran before runs again." in played.text
    assert asked[-5:] == ["service", "exo_cluster_info", "release_tree", "release_tree", "service"]
