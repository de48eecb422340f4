# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible import context
from ansible.utils.display import Display
from ansible_collections.hybrid_ai.cluster.plugins.callback.cluster_summary import CallbackModule


def outcome(task: str, **result: Any) -> Any:
    """Return what Ansible tells a callback of a task that succeeded."""
    return SimpleNamespace(
        is_changed=lambda: result["changed"],
        host=SimpleNamespace(get_name=lambda: "olab1"),
        task=SimpleNamespace(get_name=lambda: f"macos_headless : {task}", resolved_action=None, action="any"),
        result=result,
    )


@pytest.mark.parametrize(
    ("outcomes", "line"),
    [
        pytest.param([outcome("Prepare it", changed=False)], None, id="nothing-to-say"),
        pytest.param([outcome("Prepare it", changed=True)], "olab1  1: Prepare it", id="a-task"),
        pytest.param(
            [outcome("Prepare it", changed=True, changed_areas=["name", "power"]), outcome("Run it", changed=True)],
            "olab1  2: Prepare it (name, power), Run it",
            id="a-task-with-areas",
        ),
    ],
)
def test_what_was_changed(monkeypatch: pytest.MonkeyPatch, outcomes: list[Any], line: str | None) -> None:
    shown: list[str] = []
    monkeypatch.setattr(Display, "display", lambda _self, text, *_words, **_named: shown.append(text))
    monkeypatch.setattr(context, "CLIARGS", {"check": False, "verbosity": 0})
    summary = CallbackModule()
    for each in outcomes:
        summary.v2_runner_on_ok(each)
    summary.v2_playbook_on_stats(SimpleNamespace(processed={"olab1": 1}))
    assert [text for text in shown if text.startswith("olab1")] == ([line] if line else [])
