# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the role relies on: names, the key, reloads without an outage, what is off, and what becomes of what breaks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, cast

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._llama_cpp import build, router
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import answer
from ansible_collections.hybrid_ai.cluster.plugins.modules import llama_cpp_router

from tests.llama_server import KEY, Server, entry

METRICS = "/metrics?autoload=false&model="


class Module:
    """What the module llama_cpp_router uses of Ansible's class."""

    check_mode = False

    def __init__(self, server: Server) -> None:
        self.params = {"url": server.url, "api_key": KEY, "models": server.tags, "patience": 30, "timeout": 60}
        self.warnings: list[str] = []

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


def reload(server: Server) -> dict[str, Any]:
    """Let the module bring a server to what its file says."""
    module = Module(server)
    result = llama_cpp_router.run(cast("Any", module))
    assert module.warnings == []
    return result


def test_it_says_which_version_it_is(program: Path) -> None:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    build.check_version(said.stdout + said.stderr, "b11434")


@pytest.mark.parametrize("name", ["tiny:a", "small", "tiny--a", "tiny-b"])
def test_a_model_answers_by_each_of_its_names(two: Server, name: str) -> None:
    asked = answer.ask(two.url, name, KEY, timeout=30)
    assert asked.answered, asked.sentence
    assert asked.tokens >= 1


def test_models_are_listed_with_aliases_and_tags(two: Server) -> None:
    listed = {model["id"]: model for model in json.loads(two.get("/v1/models")[1])["data"]}
    assert listed.keys() == {"tiny--a", "tiny-b"}
    assert set(listed["tiny--a"]["aliases"]) == {"tiny:a", "small"}
    assert set(listed["tiny-b"]["tags"]) == {"r1", two.tags["tiny-b"]}


def test_another_name_is_a_sentence(two: Server) -> None:
    assert "other is not served there" in answer.ask(two.url, "other", KEY).sentence


@pytest.mark.parametrize("key", [None, "another-key"])
def test_the_key_is_needed_for_all_but_health(two: Server, key: str | None) -> None:
    assert two.get("/health", key=None)[0] == 200
    paths = ("/v1/models", "/models?reload=1", "/props", f"{METRICS}tiny-b")
    assert {two.get(path, key=key)[0] for path in paths} == {401}
    assert two.ask("POST", "/v1/chat/completions", {"model": "tiny-b"}, key=key)[0] == 401


def test_the_processes_of_the_models_want_it_too(two: Server) -> None:
    children = two.children()
    assert children.keys() == {"tiny--a", "tiny-b"}
    for _, port in children.values():
        assert two.ask("GET", "/v1/models", key=None, port=port)[0] == 401
        assert two.ask("GET", "/v1/models", port=port)[0] == 200


def test_the_key_is_in_no_list_of_processes(two: Server) -> None:
    assert two.process
    for number in (two.process.pid, *(number for number, _ in two.children().values())):
        assert KEY not in Path(f"/proc/{number}/cmdline").read_text(encoding="utf-8")
    assert KEY not in two.log


def test_each_request_has_the_whole_context(two: Server) -> None:
    properties = json.loads(two.get("/props?model=tiny:a")[1])
    assert properties["total_slots"] == 2
    assert properties["default_generation_settings"]["n_ctx"] == 512


def test_pages_of_other_sites_cannot_read_answers(two: Server) -> None:
    evil = two.get("/v1/models", origin="http://evil.example")[2]
    assert evil.get("access-control-allow-origin") not in {"*", "http://evil.example"}
    own = two.get("/v1/models", origin="http://localhost:3000")[2]
    assert own.get("access-control-allow-origin") == "http://localhost:3000"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/slots?model=tiny-b"), ("GET", "/"), ("GET", "/tools"), ("POST", "/props?model=tiny-b")],
)
def test_what_is_turned_off_is_not_there(two: Server, method: str, path: str) -> None:
    status, text, _ = two.ask(method, path, {"model": "tiny-b"} if method == "POST" else None)
    assert status >= 400, text


def test_nothing_is_fetched(two: Server) -> None:
    """It tries to, `--offline` or not, and reaches nobody."""
    two.ask("POST", "/models", {"model": "ggml-org/tiny-llamas:F32"})
    two.wait_for(lambda: "HTTPLIB failed: Could not establish connection" in two.log)
    two.wait_for(lambda: router.models(router.asker(two.url, KEY)).keys() == {"tiny--a", "tiny-b"})
    assert not [path for path in two.home.rglob("*") if path.suffix in {".gguf", ".part", ".downloadInProgress"}]


def test_metrics_of_a_model_do_not_load_it(two: Server) -> None:
    status, text, _ = two.get(f"{METRICS}tiny-b")
    assert status == 200
    for name in (
        "requests_processing",
        "requests_deferred",
        "n_decode_total",
        "tokens_predicted_total",
        "prompt_tokens_total",
    ):
        assert f"\nllamacpp:{name} " in text
    assert two.ask("POST", "/models/unload", {"model": "tiny-b"})[0] == 200
    two.wait_for(lambda: router.models(router.asker(two.url, KEY))["tiny-b"].status == "unloaded")
    assert two.get(f"{METRICS}tiny-b")[0] == 400
    assert two.get("/health")[0] == 200
    assert "tiny-b" not in two.children()


class Client(threading.Thread):
    """Asks a model again and again, and keeps what went wrong."""

    def __init__(self, server: Server, name: str) -> None:
        super().__init__(daemon=True)
        self.server, self.name_, self.faults, self.answers, self.ends = server, name, [], 0, False

    def run(self) -> None:
        while not self.ends:
            asked = answer.ask(self.server.url, self.name_, KEY, timeout=30)
            if asked.answered:
                self.answers += 1
            else:
                self.faults.append(asked.sentence)

    def end(self) -> None:
        self.ends = True
        self.join(40)


def test_a_new_revision_is_served_without_an_outage(two: Server, gguf: dict[str, Path]) -> None:
    before = two.children()
    clients = [Client(two, name) for name in ("small", "tiny-b")]
    for client in clients:
        client.start()
    two.wait_for(lambda: all(client.answers for client in clients))
    two.write(entry("tiny:a", gguf["a2"], "r2", names=["tiny:a", "small"], parallel=2), entry("tiny-b", gguf["b"]))
    result = reload(two)
    counted = [client.answers for client in clients]
    two.wait_for(lambda: all(client.answers > count for client, count in zip(clients, counted, strict=True)))
    for client in clients:
        client.end()
    changed, other = (client.faults for client in clients)
    assert other == []
    # llama.cpp ends a process at once: a request that comes in just then, and no more than that one, is cut.
    assert len(changed) <= 1, changed
    after = two.children()
    assert result["changed"]
    assert after["tiny-b"] == before["tiny-b"]
    assert after["tiny--a"][0] != before["tiny--a"][0]
    assert not reload(two)["changed"]


def test_aliases_and_models_come_and_go(two: Server, gguf: dict[str, Path]) -> None:
    two.write(entry("tiny:a", gguf["a"], names=["tiny:a", "large"], parallel=2), entry("tiny-c", gguf["a2"]))
    reload(two)
    for name in ("large", "tiny-c"):
        assert answer.ask(two.url, name, KEY, timeout=30).answered
    for name in ("small", "tiny-b"):
        assert not answer.ask(two.url, name, KEY, timeout=30).answered


def test_a_process_that_was_killed_comes_back_with_the_next_request(two: Server) -> None:
    number, _ = two.children()["tiny-b"]
    os.kill(number, signal.SIGKILL)
    two.wait_for(lambda: "tiny-b" not in two.children())
    assert two.get("/health")[0] == 200
    # One that comes before the router has seen the end is answered with an error.
    two.wait_for(lambda: answer.ask(two.url, "tiny-b", KEY, timeout=30).answered)


def test_a_model_that_cannot_be_read_is_a_sentence_and_others_answer(server: Server, gguf: dict[str, Path]) -> None:
    broken = server.home / "broken.gguf"
    broken.write_bytes(gguf["a"].read_bytes()[:5000])
    server.write(entry("good", gguf["b"]), entry("broken", broken))
    server.start()
    faults = router.load(router.asker(server.url, KEY), server.tags, 30)
    assert len(faults) == 1
    assert faults[0].startswith("broken ends with exit status ")
    assert answer.ask(server.url, "good", KEY, timeout=30).answered
    assert not answer.ask(server.url, "broken", KEY, timeout=30).answered


def test_a_file_without_models_serves_none(server: Server) -> None:
    server.write()
    server.start()
    assert json.loads(server.get("/v1/models")[1])["data"] == []


def test_an_idle_model_sleeps_and_wakes(server: Server, gguf: dict[str, Path]) -> None:
    server.write(entry("tiny", gguf["a"]))
    server.start(llama_cpp_sleep_after_seconds=1)
    server.load()

    def found() -> str:
        return router.models(router.asker(server.url, KEY))["tiny"].status

    server.wait_for(lambda: found() == "sleeping", 30)
    assert server.get(f"{METRICS}tiny")[0] == 200
    assert found() == "sleeping"
    assert answer.ask(server.url, "tiny", KEY, timeout=30).answered


def test_it_ends_whole_when_it_is_told_to(two: Server) -> None:
    numbers = [number for number, _ in two.children().values()]
    started = time.monotonic()
    assert two.stop() == 0
    assert time.monotonic() - started < 25
    assert not [number for number in numbers if Path(f"/proc/{number}").exists()]


def test_a_model_that_is_killed_again_and_again_rests_until_its_settings_change(
    two: Server, gguf: dict[str, Path]
) -> None:
    for _ in range(3):
        two.wait_for(lambda: answer.ask(two.url, "tiny-b", KEY, timeout=30).answered)
        number, _port = two.children()["tiny-b"]
        os.kill(number, signal.SIGKILL)
        two.wait_for(lambda number=number: two.children().get("tiny-b", (0, 0))[0] != number)
    resting = two.home / "llama-cpp/resting.json"
    two.wait_for(lambda: router.resting(str(resting)) != [])
    (sentence,) = router.resting(str(resting))
    assert sentence.startswith("tiny-b rests after it has ended 3 times in a short time: ")
    assert sentence in two.log
    assert not answer.ask(two.url, "tiny-b", KEY, timeout=30).answered
    assert answer.ask(two.url, "tiny:a", KEY, timeout=30).answered
    module = Module(two)
    module.params["resting_file"] = str(resting)
    with pytest.raises(router.RouterError, match="tiny-b rests after"):
        llama_cpp_router.run(cast("Any", module))
    two.write(entry("tiny:a", gguf["a"], names=["tiny:a", "small"], parallel=2), entry("tiny-b", gguf["b"], parallel=2))
    assert reload(two)["changed"]
    assert answer.ask(two.url, "tiny-b", KEY, timeout=30).answered


def test_a_model_that_is_loaded_when_it_ends_is_not_killed(server: Server, gguf: dict[str, Path]) -> None:
    server.write(entry("tiny", gguf["a"]))
    server.start()
    assert server.stop() == 0
    assert "force-killing" not in server.log
