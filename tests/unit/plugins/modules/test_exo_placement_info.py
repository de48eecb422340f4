# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report import exo_model
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import Arguments, Context

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plugins.harness import Clock

URL = "http://10.66.1.11:9109/status"
WHY = "it fits on one: spreading it would only cost latency"
READY = {
    "name": "qwen",
    "state": "ready",
    "wanted": True,
    "nodes": ["olab1"],
    "why": WHY,
    "download": "DownloadCompleted",
    "seconds": 0,
    "error": "",
}
WAITING = {**READY, "state": "waiting", "nodes": [], "why": "", "seconds": 12.4, "error": "the cluster is not whole"}


def status(*models: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"node": "olab1", "node_id": "A", "models": list(models), "others": [], "leaving": [], **more}


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Callable[..., None]:
    """Have the keeper say one thing after the other, ten seconds each; None is silence."""

    def say(*statuses: Any) -> None:
        def fetch(url: str, _timeout: float) -> _http.Answer:
            now = statuses[min(int((clock.now() - 1000) // 10), len(statuses) - 1)]
            if now is None:
                raise _http.HttpError(f"{url} does not answer: connection refused")
            return _http.Answer(200, json.dumps(now).encode())

        monkeypatch.setattr(_http, "fetch", fetch)

    return say


def run(run_module: Callable[..., dict[str, Any]], **more: Any) -> dict[str, Any]:
    return run_module("exo_placement_info", {"url": URL, "models": ["qwen"], "timeout": 60, **more})


def test_it_waits_until_the_model_is_served_as_wanted(run_module, says, clock: Clock) -> None:
    says(None, status(WAITING), status({**READY, "wanted": False}), status(READY))
    result = run(run_module)
    assert result["models"] == [READY]
    assert clock.now() == 1030


def test_a_model_without_room_is_not_waited_for(run_module, says, clock: Clock) -> None:
    refusal = "exo has no room for qwen, which takes 40.0 GiB: its nodes have 30.0 GiB free (olab1 30.0 GiB)."
    failing = {**WAITING, "state": "failing", "error": "place qwen: No cycles found with sufficient memory"}
    says(status(failing), status({**failing, "refusal": refusal}))
    result = run(run_module, models=["qwen"], timeout=900)
    assert (result["failed"], result["msg"], clock.now()) == (True, refusal, 1010)
    looked = run(run_module, timeout=0)
    assert (looked.get("failed", False), looked["sentences"]) == (False, [refusal])


def test_what_the_table_drops_has_to_go(run_module, says, clock: Clock) -> None:
    says(status(READY, leaving=["old"]), status(READY))
    run(run_module, gone=["old"])
    assert clock.now() == 1010


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (None, "The keeper of exo's models does not answer: http://10.66.1.11:9109/status does not answer: connection"),
        ({"models": 7}, "gives no status of a keeper, so something else answers there."),
        (status(), "The keeper does not know qwen: run --tags exo_models."),
        (status(READY, node_id=None), "qwen is not served: exo on olab1 does not answer."),
        (status(WAITING), "qwen cannot answer for 12 seconds: the cluster is not whole."),
        (status({**READY, "wanted": False, "error": "x"}), "qwen answers, but not yet as the table wants it: x."),
    ],
)
def test_what_does_not_come_is_one_sentence(run_module, says, told: Any, sentence: str) -> None:
    says(told)
    result = run(run_module)
    assert result["failed"]
    assert sentence in result["msg"]
    says(told)
    looked = run(run_module, timeout=0)
    assert not looked.get("failed")
    assert sentence in looked["sentences"][0]


@pytest.mark.parametrize(
    ("told", "holds", "ok", "measured"),
    [
        (status(READY), True, True, f"ready on olab1 ({WHY})"),
        (status({**READY, "download": "unknown"}), False, True, f"ready on olab1 ({WHY})"),
        (status({**READY, "download": "DownloadPending"}), True, False, "its files here DownloadPending"),
        (status(WAITING), True, False, "waiting on no node"),
        (
            status(READY, others=[{"model": "else", "nodes": []}]),
            True,
            True,
            f"ready on olab1 ({WHY}), beside else, which the table does not name",
        ),
    ],
)
def test_the_report_tells_where_a_model_is_and_why(
    says, replay, told: Any, *, holds: bool, ok: bool, measured: str
) -> None:
    says(told)
    arguments = Arguments(
        {"capability": "exo_models", "check": "exo_model", "model": "qwen", "url": URL, "holds": holds}
    )
    line = exo_model.measure(arguments, Context(replay([]), _http.fetch, "Darwin"))
    assert (line.ok, measured in line.measured) == (ok, True), line
