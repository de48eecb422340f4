# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The router reads its file again where that is needed, not in the middle of an answer, and loads what it has."""

from __future__ import annotations

import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "K3y-of-the-cluster"


class Router(http.server.ThreadingHTTPServer):
    """A router as b11434 is one: `file` is what it would read, `models` what it has read."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.file: dict[str, list[str]] = {}
        self.models: dict[str, dict[str, Any]] = {}
        self.loads_need = 1
        self.exit_code = 0
        self.busy: list[int] = []
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def have(self, name: str, tags: list[str], status: str = "loaded") -> None:
        self.models[name] = {"tags": tags, "status": {"value": status}}

    def reload(self) -> None:
        kept = {name: entry for name, entry in self.models.items() if self.file.get(name) == entry["tags"]}
        new = {name: {"tags": tags, "status": {"value": "unloaded"}} for name, tags in self.file.items()}
        self.models = {**new, **kept}

    def look(self) -> list[dict[str, Any]]:
        for entry in self.models.values():
            if entry["status"]["value"] == "loading":
                entry["left"] -= 1
                if entry["left"] <= 0:
                    entry["status"] = (
                        {"value": "unloaded", "exit_code": self.exit_code, "failed": True}
                        if self.exit_code
                        else {"value": "loaded"}
                    )
        return [{"id": name, **entry} for name, entry in self.models.items()]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Router

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        router = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
        router.asked.append(f"{self.command} {self.path} {body.get('model', '')}".strip())
        status, text = 200, '{"success": true}'
        if self.headers["Authorization"] != f"Bearer {KEY}":
            status, text = 401, '{"error":{"message":"Invalid API Key"}}'
        elif self.path.startswith("/metrics"):
            number = router.busy.pop(0) if router.busy else 0
            text = f"# HELP x y\nllamacpp:requests_processing {number}\nllamacpp:requests_deferred 0\n"
        elif self.path.startswith("/models/load"):
            router.models[body["model"]].update(status={"value": "loading"}, left=router.loads_need)
        else:
            if self.path == "/models?reload=1":
                router.reload()
            text = json.dumps({"data": router.look()})
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def router() -> Iterator[Router]:
    with Router() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def serve(router: Router, run_module: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def run(models: dict[str, str] | None, key: str = KEY, *, check: bool = False, **more: Any) -> dict[str, Any]:
        return run_module(
            "llama_cpp_router", {"url": router.url, "api_key": key, "models": models, **more}, check=check, diff=True
        )

    return run


def test_what_is_as_wanted_is_left_alone(router: Router, serve: Callable[..., dict[str, Any]]) -> None:
    router.have("a", ["r1", "t1"])
    router.have("b", ["t2"], "sleeping")
    result = serve({"a": "t1", "b": "t2"})
    assert not result["changed"]
    assert router.asked == ["GET /models"]


def test_a_new_revision_is_loaded_and_others_go_on(router: Router, serve: Callable[..., dict[str, Any]]) -> None:
    router.have("a", ["r1", "t1"])
    router.have("b", ["t2"])
    router.file = {"a": ["r2", "t3"], "b": ["t2"]}
    router.busy, router.loads_need = [1, 1], 3
    result = serve({"a": "t3", "b": "t2"})
    assert result["changed"]
    assert result["models"] == {"a": "loaded", "b": "loaded"}
    assert result["diff"]["before"]["a"] == "loaded r1 t1"
    assert result["diff"]["after"]["a"] == "loaded r2 t3"
    # It waited for the answer that was under way.
    assert router.asked[1:5] == ["GET /metrics?autoload=false&model=a"] * 3 + ["GET /models?reload=1"]
    assert [asked for asked in router.asked if "load " in asked] == ["POST /models/load a"]


def test_an_answer_that_never_ends_is_ended(router: Router, serve: Callable[..., dict[str, Any]]) -> None:
    router.have("a", ["t1"])
    router.file, router.busy = {"a": ["t2"]}, [1] * 1000
    result = serve({"a": "t2"}, patience=5)
    assert "Answers were under way for more than 5 seconds, and were ended." in str(result["warnings"])
    assert result["models"] == {"a": "loaded"}


def test_a_model_that_has_ended_is_loaded_without_a_reload(
    router: Router, serve: Callable[..., dict[str, Any]]
) -> None:
    router.have("a", ["t1"], "unloaded")
    assert serve({"a": "t1"})["changed"]
    assert "GET /models?reload=1" not in router.asked


def test_whatever_the_file_says_can_be_wanted(router: Router, serve: Callable[..., dict[str, Any]]) -> None:
    router.have("a", ["t1"])
    router.file = {"b": ["t2"]}
    assert not serve(None, check=True)["changed"]
    result = serve(None)
    assert (result["changed"], result["models"]) == (True, {"b": "loaded t2"})
    assert not serve(None)["changed"]


def test_a_removed_model_goes(router: Router, serve: Callable[..., dict[str, Any]]) -> None:
    router.have("a", ["t1"])
    router.have("b", ["t2"])
    router.file = {"a": ["t1"]}
    assert serve({"a": "t1"})["models"] == {"a": "loaded"}


def test_a_check_changes_nothing(router: Router, serve: Callable[..., dict[str, Any]]) -> None:
    router.have("a", ["t1"])
    result = serve({"a": "t2"}, check=True)
    assert result["changed"]
    assert router.asked == ["GET /models"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"exit_code": 1}, "a ends with exit status 1 while it is loaded; the log of llama-cpp says why."),
        ({"loads_need": 10**6}, "a is not loaded after 3 seconds; it is loading."),
        (
            {"file": {"a": ["t9"]}},
            "llama.cpp has read its file again and has other models than the file: look at the log of llama-cpp.",
        ),
    ],
)
def test_what_does_not_get_loaded_is_a_sentence(
    router: Router, serve: Callable[..., dict[str, Any]], change: dict[str, Any], sentence: str
) -> None:
    router.file = {"a": ["t1"]}
    for name, value in change.items():
        setattr(router, name, value)
    assert serve({"a": "t1"}, timeout=3)["msg"] == sentence


def test_a_wrong_key_is_a_sentence_without_it(router: Router, serve: Callable[..., dict[str, Any]]) -> None:
    message = serve({"a": "t1"}, key="a-wrong-key-of-somebody")["msg"]
    assert "answers with status 401" in message
    assert "somebody" not in message


def test_silence_is_a_sentence(router: Router, serve: Callable[..., dict[str, Any]]) -> None:
    router.server_close()
    assert "does not answer" in serve({"a": "t1"})["msg"]


def test_a_model_that_rests_is_told_with_the_reason(
    router: Router, serve: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    sentence = "a rests after it has ended 3 times in a short time: reboot this Mac, 21 GB are held by nobody."
    resting = tmp_path / "resting.json"
    resting.write_text(json.dumps({"sentences": [sentence]}))
    router.file = {}
    assert serve({"a": "t1"}, resting_file=str(resting))["msg"] == sentence


def test_what_rested_is_there_again_a_moment_after_a_change(
    router: Router, serve: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    reloads = []

    def reload() -> None:
        reloads.append(1)
        router.file = {"a": ["t1"]} if len(reloads) > 1 else {}
        Router.reload(router)

    monkeypatch.setattr(router, "reload", reload)
    assert serve({"a": "t1"})["models"] == {"a": "loaded"}


@pytest.mark.parametrize(
    ("text", "ok", "measured"),
    [
        (None, True, "nothing rests"),
        ('{"sentences": []}', True, "nothing rests"),
        ("half a fi", True, "nothing rests"),
        (
            '{"sentences": ["a rests after 3 starts: reboot this Mac, 21 GB are held by nobody."]}',
            False,
            "a rests after 3 starts: reboot this Mac, 21 GB are held by nobody",
        ),
    ],
)
def test_the_report_says_what_rests(
    run_module: Callable[..., dict[str, Any]], tmp_path: Path, text: str | None, ok: bool, measured: str
) -> None:
    if text is not None:
        (tmp_path / "resting.json").write_text(text)
    check = {"check": "llama_cpp_rest", "capability": "llama_cpp", "path": str(tmp_path / "resting.json")}
    (line,) = run_module("node_report", {"checks": [check]}, [])["lines"]
    assert (line["ok"], line["measured"]) == (ok, measured)
    assert bool(line["advice"]) is not ok
