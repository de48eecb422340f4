# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every command in every situation: what it ends with, one line for a failure, JSON, and 80 columns."""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from hybrid_cluster.command import app, exits, inventory
from hybrid_cluster.command.apply import running
from hybrid_cluster.command.upgrade import turn
from tests.unit.command.conftest import COLUMNS
from tests.unit.command.gateways import Served, served
from tests.unit.command.situations import COMMANDS, LOCKED, SITUATIONS
from tests.unit.command.threads import FIRST, SECOND
from tests.unit.gateway.sleeping import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.unit.command.conftest import Said

WRONG = "hc-" + "w" * 40
NOBODY = "http://127.0.0.1:1"
NOTHING = {"changed": {}, "troubles": {}, "reports": {"desk": [], "box": []}}


@dataclass
class Place:
    """A situation: an inventory, and what is behind it."""

    name: str
    folder: Path
    gate: Served | None

    def begin(self) -> None:
        """Bring the host where the situation has it, whatever a command did before."""
        if self.gate is None:
            return
        gate = self.gate
        gate.call(lambda: gate.gate.gateway._drains.end("box"))
        gate.machine.deaf = False
        gate.call(lambda: gate.gate.gateway._waking.told("box", gate.gate.gateway._waking.groups["box"].release()))
        if self.name in {"asleep", "gone"}:
            self._settle("asleep", "sleep")
            gate.machine.deaf = self.name == "gone"
        else:
            self._settle("ready", "wake")

    def _settle(self, wanted: str, word: str) -> None:
        deadline = time.monotonic() + 30
        group = self.gate.gate.gateway._waking.groups["box"]
        while self.gate.state() != wanted or (wanted == "ready" and not group.proved):
            assert time.monotonic() < deadline, self.gate.state()
            if self.gate.state() in {"ready", "asleep"}:
                with contextlib.suppress(Exception):
                    # Not proved yet, or a moment after a wake that failed: it is tried again.
                    self.gate.call(lambda: self.gate.gate.gateway._waking.told("box", getattr(group, word)()))
            time.sleep(0.05)


class _Other(http.server.BaseHTTPRequestHandler):
    """A web server that is no gateway."""

    def do_GET(self) -> None:
        body = b"<html><body>It works!</body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def _behind(name: str, folder: Path) -> Iterator[tuple[int, Served | None]]:
    """Yield the port of whoever is there, and the gateway if it is one."""
    if name in {"no-gateway", "down"}:
        (folder / ".secrets").mkdir()
        (folder / ".secrets/gateway_admin_key").write_text(FIRST)
        (folder / ".secrets/gateway_key").write_text(SECOND)
        yield 1, None
    elif name == "another":
        with _behind("down", folder), http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Other) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield server.server_address[1], None
            server.shutdown()
    else:
        machine = Machine("box", boots=0.1, goes=0.1, thinks=0.01, asleep=name in {"asleep", "gone"})
        more = {"wake_within": 1} if name == "gone" else {}
        with served(folder, machine, **more) as gate:
            yield int(gate.url.rpartition(":")[2]), gate


@pytest.fixture(scope="module", params=SITUATIONS)
def place(request, tmp_path_factory) -> Iterator[Place]:
    """Make a situation, with a real inventory that leads there."""
    name, folder = request.param, tmp_path_factory.mktemp(request.param)
    with _behind(name, folder) as (port, gate):
        for key in ("gateway_key", "gateway_admin_key") if name in {"wrong-key", "no-key"} else ():
            (folder / ".secrets" / key).unlink()
            if name == "wrong-key":
                (folder / ".secrets" / key).write_text(WRONG)
        here = {"ansible_host": "127.0.0.1", "ansible_port": 1}
        model = {"name": "public", "source": {"path": "/m"}, "format": "gguf", "backend": "llama_cpp"}
        overrides = {"gateway": {"port": port}, "llama_cpp": {"port": 1}}
        values = {"cluster_models": [model], "cluster_service_overrides": overrides}
        groups = {
            "linux": {
                "hosts": {"desk": here, "box": {**here, "mac_address": "1c:f6:4c:00:00:01", "cluster_wake": True}}
            },
            "management": {"hosts": {"desk": None}},
            "llama_cpp": {"hosts": {"box": None}},
        }
        shared = {**values, "cluster_gateway": name != "no-gateway"}
        (folder / "hosts.yml").write_text(json.dumps({"all": {"children": groups, "vars": shared}}))
        yield Place(name, folder, gate)


@pytest.fixture(scope="module")
def known(place) -> Any:
    """Return the inventory as the command reads it, which is done once."""
    return inventory.read([str(place.folder / "hosts.yml")], anew=True)


@pytest.fixture
def run(here, place, known, monkeypatch) -> Callable[..., Said]:
    """Run a command in this process; runs of playbooks end well and change nothing."""

    def play(_cluster, wanted, _folder, progress, *, is_silent):
        progress.stats = {name: {} for name in ("processed", "failures", "dark")}
        progress.stats["processed"] = dict.fromkeys(progress.hosts, 1)
        return None, NOTHING

    monkeypatch.setattr(running, "play", play)
    monkeypatch.setattr(inventory, "read", lambda _given, **_: known)
    monkeypatch.setattr(turn, "_TOKEN_WITHIN", 3)
    monkeypatch.setenv("CLUSTER_PROMETHEUS", NOBODY)

    def ask(*words: str) -> Said:
        place.begin()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"What is it?\n")))
        return here(*words)

    return ask


@pytest.mark.parametrize("command", COMMANDS)
def test_what_it_ends_with(run, place, command):
    words, codes = COMMANDS[command]
    wanted = codes.get(place.name, exits.OK)
    for more in ([], ["--json"]):
        if command == "keys create":
            words = [*words[:2], f"laptop{len(more)}"]
        said = run(*words, *more)
        assert said.code == wanted, said
        # A failure is one line, and nothing else is on standard error.
        assert len(said.err.splitlines()) <= (wanted != exits.OK), said.err
        assert said.err.startswith("cluster: ") or not said.err
        assert "Traceback" not in said.err
        assert "unforeseen" not in said.err
        assert (wanted != exits.OK) <= bool(said.err or command in {"doctor"})
        if more:
            # One line of JSON, or nothing where there is nothing to tell but the failure.
            assert wanted != exits.OK or said.json is not None
            assert not said.out or said.json is not None
        assert "\x1b" not in said.out
        for secret in (FIRST, SECOND, WRONG):
            assert secret not in said.out + said.err


def test_on_a_terminal_and_in_a_pipe(place, terminal, cluster):
    """The command itself, as a person starts it."""
    named = {"CLUSTER_PROMETHEUS": NOBODY, "ANSIBLE_INVENTORY": str(place.folder / "hosts.yml")}
    for command in ("status", "wake", "hold", "keys"):
        words, codes = COMMANDS[command]
        wanted = codes.get(place.name, exits.OK)
        place.begin()
        said = terminal(*words, **named)
        assert said.code == wanted, said
        # The terminal breaks the one line of a failure itself.
        shown = [line for line in said.lines if not line.startswith("cluster: ")]
        assert max(map(len, shown), default=0) <= COLUMNS
        assert len(said.lines) - len(shown) == (wanted != exits.OK)
    place.begin()
    said = cluster("status", "--json", **named)
    assert (said.code, said.err) == (exits.OK, "")
    heard = place.gate is not None and place.name not in LOCKED
    box = next(host for host in said.json["hosts"] if host["name"] == "box")
    assert (box["gateway"] is not None) is heard
    assert (said.json["gateway_silence"] is None) is (heard or place.name == "no-gateway")
    states = {"asleep": "asleep", "gone": "asleep"}
    assert box["state"] == states.get(place.name, "no answer")


def test_every_command_is_in_the_table():
    import typer

    found = typer.main.get_command(app.app)
    named = {words[0] for words, _ in COMMANDS.values()}
    # What it asks about has no gateway yet.
    assert set(found.commands) == named | {"init"}
