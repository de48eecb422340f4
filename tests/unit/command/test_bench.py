# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster bench` against stand-ins of a backend, of the gateway's keys and of what hosts measure between them."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hybrid_cluster.command import exits, measured
from hybrid_cluster.command import inventory as inventories
from hybrid_cluster.command.apply import running
from hybrid_cluster.command.bench import figures, kept, links, power
from tests.unit.command.conftest import MODELS


class Backend:
    """Streams so many tokens, one every few milliseconds, and lists a model."""

    def __init__(self) -> None:
        self.url, self.port = "", 0
        self.tokens, self.first_after, self.every = 5, 0.05, 0.01
        self.counts, self.status = True, 200
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.most_at_once = self._now = 0
        self._lock = threading.Lock()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(self.first_after)
        for place in range(self.tokens):
            delta = {"content": "a"} if place else {"reasoning_content": "a"}
            self._event(handler, {"choices": [{"delta": delta}]})
            time.sleep(self.every)
        if self.counts:
            self._event(handler, {"choices": [], "usage": {"completion_tokens": self.tokens}})
        handler.wfile.write(b"data: [DONE]\n\n")
        with self._lock:
            self._now -= 1

    def _event(self, handler: BaseHTTPRequestHandler, event: dict[str, Any]) -> None:
        handler.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        handler.wfile.flush()


@pytest.fixture
def backend():
    """Answer on loopback as llama.cpp does."""
    known = Backend()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            known.asked.append((self.path, dict(self.headers), b""))
            self._say(known.status, b'{"data": [{"id": "tiny"}]}')

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known.asked.append((self.path, dict(self.headers), body))
            if known.status != 200:
                self._say(known.status, b"{}")
                return
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            known.answer(self)
            self.close_connection = True

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        known.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield known
        server.shutdown()


@pytest.fixture
def place(inventory, backend):
    """Return an inventory with one model on the backend, one that nobody serves, and a key."""
    folder = inventory(
        {
            "linux": {"hosts": {"gpu1": {"ansible_host": "127.0.0.1"}, "gpu2": {"ansible_host": "127.0.0.2"}}},
            "llama_cpp": {"hosts": {"gpu1": None}},
            "ollama": {"hosts": {"gpu2": None}},
        },
        cluster_models=[MODELS[0], MODELS[3]],
        cluster_service_overrides={"llama_cpp": {"port": backend.port}, "ollama": {"port": 1}},
    )
    secrets = Path(folder) / ".secrets"
    secrets.mkdir()
    (secrets / "model_api_key").write_text("of the models\n")
    return folder


PINGS = {
    "gpu1": {"gpu2": {"sent": 4, "lost": 1, "times": [0.2, 0.4, 0.3]}},
    "gpu2": {"gpu1": {"sent": 4, "lost": 4, "times": []}},
}


@pytest.fixture(autouse=True)
def pings(monkeypatch):
    """Have hosts measure what is recorded, without the start of Ansible."""
    ran: list[running.Play] = []

    def play(cluster, wanted, folder, progress, *, is_silent):
        ran.append(wanted)
        for host, found in PINGS.items():
            # A link without an answer fails the task, which says which.
            event = "runner_on_ok" if all(link["times"] for link in found.values()) else "runner_on_failed"
            res = {"links": found, "msg": "gpu1 (127.0.0.1) does not answer."}
            wanted.listen({"event": event, "event_data": {"host": host, "res": res}})
        return None, None

    monkeypatch.setattr(running, "play", play)
    return ran


NOBODY = ("--prometheus", "http://127.0.0.1:1")


def test_for_programs(here, place, backend, pings):
    said = here("bench", "-i", place, *NOBODY, "--json", "--at-once", "1,3", "--tokens", "5")
    assert (said.code, said.err) == (exits.OK, "")
    document = said.json
    api = {row["host"]: row for row in document["api"]}
    warm = api["gpu1"]["warm_ms"]
    assert warm["count"] == 10
    assert 0 < warm["min"] <= warm["median"] <= warm["p95"] <= warm["max"]
    assert api["gpu1"]["cold_ms"] > 0
    listing = api["gpu1"]["listing"]
    assert (listing["requests"], listing["failed"], listing["connections"]) == (40, 0, 4)
    assert listing["requests_per_second"] > 0
    # Nobody is there: it says why, and has no figure.
    assert (api["gpu2"]["warm_ms"], api["gpu2"]["silence"]) == (None, "connection refused")
    there, back = document["links"]
    assert (there["from"], there["to"], there["medium"], there["lost"], there["ms"]["p95"]) == (
        "gpu1",
        "gpu2",
        "LAN",
        1,
        0.4,
    )
    assert there["jitter_ms"] == pytest.approx(0.15)
    assert (back["ms"], back["jitter_ms"], back["lost"]) == (None, None, 4)
    (play,) = pings
    assert (play.module, play.module_arguments["count"]) == ("hybrid_ai.cluster.link_check", 10)
    tiny = [row for row in document["models"] if row["model"] == "tiny"]
    assert [row["at_once"] for row in tiny] == [1, 3]
    one = tiny[0]
    assert one["first_token_seconds"]["median"] >= backend.first_after
    assert one["first_token_seconds"]["count"] == 10
    assert one["cold_first_token_seconds"] >= backend.first_after
    assert one["tokens_per_second_of_one"]["max"] > 0
    assert (one["tokens"], one["counted_by_backend"], one["failed"]) == (50, True, 0)
    assert tiny[1]["tokens_per_second"] > one["tokens_per_second"]
    assert backend.most_at_once == 3
    assert (one["joules"], one["tokens_per_joule"]) == (None, None)
    assert [row["silence"] for row in document["models"] if row["model"] == "small"] == ["connection refused"] * 2
    path, headers, body = next(entry for entry in backend.asked if entry[2])
    assert (path, headers["Authorization"]) == ("/v1/chat/completions", "Bearer of the models")
    assert json.loads(body)["max_tokens"] == 5
    assert "of the models" not in said.out


def test_what_a_person_sees_in_80_columns(here, place):
    said = here("bench", "-i", place, *NOBODY, "--only", "api,links")
    assert said.code == exits.OK
    assert max(len(line) for line in said.lines if not line.startswith("Kept in")) <= 80
    text = "\n".join(said.lines)
    assert "gpu2: ollama: connection refused" in text
    assert "gpu2 to gpu1 by LAN: no answer" in text
    (row,) = [line for line in said.lines if line.startswith("gpu1") and "LAN" in line]
    assert row.split() == ["gpu1", "gpu2", "LAN", "0.2", "0.3", "0.4", "0.4", "0.15", "1", "of", "4"]


def test_runs_are_kept_with_their_date_and_compared(here, place, backend, tmp_path):
    only = ("bench", "-i", place, *NOBODY, "--only", "models", "--model", "tiny", "--at-once", "1")
    first = here(*only, "--json").json
    (file,) = (tmp_path / "state/hybrid-ai").glob("*/bench/20??-??-??T??-??-??.json")
    assert (str(file), file.stat().st_mode & 0o777) == (first["kept"], 0o600)
    backend.first_after *= 4
    slower = here(*only, "--json", "--compare", str(file)).json
    (change,) = [row for row in slower["changes"] if row["what"][-1] == "first token s"]
    assert (change["better"], change["what"][:4]) == (False, ["model", "tiny", "llama_cpp", "gpu1"])
    assert change["percent"] > 50
    assert slower["compared_with"] == first["began"]
    seen = here(*only, "--compare", "last")
    assert any(line.startswith("Since 2") for line in seen.lines)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--only", "disks"), "--only disks: write some of api, links, models."),
        (("--at-once", "many"), "--at-once many: write numbers from 1 to 256"),
        (("--model", "nobody"), "--model nobody is not in cluster_models."),
        (("--compare", "/nowhere.json"), "/nowhere.json cannot be read"),
        (("--compare", "last"), "there is no earlier run"),
        (("--requests", "3"), "greater than or equal to 10"),
    ],
)
def test_what_is_refused(here, place, pings, arguments, sentence):
    said = here("bench", "-i", place, *NOBODY, *arguments)
    assert said.code == exits.USAGE
    assert sentence in said.err
    assert pings == []


def test_a_file_that_is_no_run(here, place, tmp_path):
    (tmp_path / "other.json").write_text("[]")
    said = here("bench", "-i", place, *NOBODY, "--compare", str(tmp_path / "other.json"))
    assert (said.code, "is no run of" in said.err) == (exits.USAGE, True)


def test_nothing_answers(here, place, backend):
    backend.status = 401
    said = here("bench", "-i", place, *NOBODY, "--only", "api,models", "--json")
    assert said.code == exits.HOSTS_FAILED
    assert said.err == "cluster: nothing answered, so nothing was measured; `cluster doctor` says why.\n"
    assert {row["silence"] for row in said.json["api"]} == {"status 401", "connection refused"}


def test_a_backend_that_does_not_count_tokens(here, place, backend):
    backend.counts = False
    said = here("bench", "-i", place, *NOBODY, "--only", "models", "--model", "tiny", "--at-once", "1")
    assert "Where a backend does not count tokens, pieces of text are counted." in said.lines


def test_cables_have_rows_of_their_own(site, here):
    cluster = inventories.read([site])
    near = links.neighbours(cluster, ["mini1", "mini2"])
    assert [one["host"] for one in near["mini1"]] == ["mini2", "mini2"]
    rows = links.rows(near, {}, {"mini1": "ping is not installed on this host"})
    assert [row["medium"] for row in rows] == ["LAN", "Thunderbolt"] * 2
    assert rows[1]["address"].startswith("10.66.64.")
    assert [row["silence"] for row in rows] == ["ping is not installed on this host"] * 2 + ["no answer"] * 2


def test_power_is_that_of_all_hosts_or_of_none(site, here, metrics):
    cluster = inventories.read([site])
    source = measured.Source(cluster, metrics.url)
    metrics.expressions["mac_power_watts"] = [({"instance": "mini1"}, 20), ({"instance": "mini2"}, 30)]
    with power.Meter(source, ["mini1", "mini2"]) as meter:
        pass
    assert meter.joules(60) == 3000
    # Less than Prometheus looks at says nothing.
    assert meter.joules(5) is None
    with power.Meter(source, ["mini1", "gpu1"]) as meter:
        pass
    assert meter.joules(60) is None


def test_a_host_that_cannot_measure_says_why(here, place, monkeypatch):
    def play(cluster, wanted, folder, progress, *, is_silent):
        res = {"links": {}, "msg": "ping is not installed on this host."}
        wanted.listen({"event": "runner_on_failed", "event_data": {"host": "gpu1", "res": res}})
        return None, None

    monkeypatch.setattr(running, "play", play)
    there, back = here("bench", "-i", place, *NOBODY, "--only", "links", "--json").json["links"]
    assert (there["silence"], back["silence"]) == ("ping is not installed on this host", "no answer")


def test_figures():
    values = [float(value) for value in range(1, 21)]
    assert figures.summary(values) == {"count": 20, "min": 1, "median": 10.5, "mean": 10.5, "p95": 19, "max": 20}
    assert figures.percentile([1.0, 2.0], 95) == 2
    assert figures.summary([]) is None
    assert figures.jitter([1.0]) is None
    assert figures.jitter([1.0, 3.0, 2.0]) == 1.5


def test_the_fastest_of_each_backend():
    def row(model: str, backend: str, speed: float | None) -> dict[str, Any]:
        found = {"model": model, "backend": backend, "by": "gateway", "at_once": 1, "tokens_per_joule": None}
        return {**found, "tokens_per_second": speed}

    rows = [row("a", "exo", 5), row("b", "exo", 9), row("c", "vllm", None), row("d", "ollama", 7)]
    assert [(one["backend"], one["model"]) for one in kept.backends({"models": rows})] == [
        ("exo", "b"),
        ("ollama", "d"),
    ]
