# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A gateway with its status page, before a host that sleeps."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from hybrid_cluster.gateway.keys import KeyKind
from tests.unit.gateway.sleeping import Machine, sleeping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[3]
FRONT = "hc-" + "f" * 40
"""What the web front sends."""
KEY = "web-front"
LINKS = [{"mini1": 1, "mini2": 1}, {"mini2": 2, "mini3": 1}]


def host(name: str, **more: Any) -> dict[str, Any]:
    unwritten = dict.fromkeys(("memory_gigabytes", "thunderbolt_address", "mac_address"))
    known = {"address": "127.0.0.9", "is_mac": False, "groups": [], "may_sleep": False, "ssh_port": 1, "is_here": False}
    return {"name": name, **unwritten, **known, **more}


def content(**values: Any) -> dict[str, Any]:
    """Return an inventory: a management node, a host that sleeps and serves a model, and three cabled Macs."""
    defaults = yaml.safe_load((ROOT / "roles/cluster_values/defaults/main.yml").read_text(encoding="utf-8"))
    model = {"name": "public", "aliases": ["alias"], "source": {"path": "/m"}, "format": "gguf", "backend": "llama_cpp"}
    macs = [f"mini{number}" for number in (1, 2, 3)]
    hosts = [
        host("desk", address="127.0.0.8", ssh_port=None, is_here=True, groups=["management"]),
        host("box", address="127.0.0.1", may_sleep=True, groups=["gpu", "llama_cpp"]),
        *(host(name, is_mac=True, memory_gigabytes=16.0) for name in macs),
    ]
    names = [one["name"] for one in hosts]
    known = {
        "cluster_domain": "olab",
        "cluster_gateway": True,
        "cluster_models": [model],
        "cluster_service_overrides": {"prometheus": {"port": 1}},
        "cluster_services": defaults["cluster_services"],
        "cluster_web_front": True,
        "haproxy_user": "admin",
        "thunderbolt_links": LINKS,
        "thunderbolt_mode": "auto",
        "thunderbolt_rdma": False,
        "thunderbolt_subnet": "10.66.64.0/24",
    }
    return {
        "sources": [],
        "groups": {"all": names, "management": ["desk"], "llama_cpp": ["box"], "gpu": ["box"], "macos": macs},
        "hosts": hosts,
        "values": {**known, **values},
        "names": [],
    }


class Viewer:
    """A browser behind the web front."""

    def __init__(self, gate: Any) -> None:
        self.gate = gate

    @property
    def address(self) -> str:
        return "http://{}:{}".format(*self.gate.gateway.page_address)

    def ask(self, path: str, fields: Any = None, *, secret: str | None = FRONT, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        headers |= more.pop("headers", {})
        method = more.pop("method", "GET" if fields is None else "POST")
        if fields is not None:
            more["json"] = fields
        return self.gate.session.request(method, self.address + path, headers=headers, **more)

    async def events(self) -> AsyncIterator[tuple[str, Any]]:
        """Yield what it is told: names with documents."""
        async with self.ask("/events") as response:
            assert response.headers["Content-Type"] == "text/event-stream"
            name = ""
            async for raw in response.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line[7:]
                if line.startswith("data: "):
                    yield name, json.loads(line[6:])

    async def first(self, wanted: str, fits: Any = lambda _: True) -> Any:
        """Return the first document of a subject that fits."""
        async with contextlib.aclosing(self.events()) as events:
            async for name, document in events:
                if name == wanted and fits(document):
                    return document
        raise AssertionError("the events have ended")


@contextlib.asynccontextmanager
async def paged(
    folder: Path,
    backends: Any,
    machine: Machine,
    rules: Any = None,
    *,
    page: Any = None,
    known: Any = None,
    **values: Any,
) -> AsyncIterator[Viewer]:
    """Run a gateway that has a page about `known`, the content of an inventory, or this one's with other values."""
    folder.mkdir(exist_ok=True)
    (folder / "cluster.json").write_text(json.dumps(known or content(**values)))
    settings = {"host": "127.0.0.1", "port": 1, "key": KEY, "cluster": "cluster.json", **(page or {})}
    async with sleeping(folder, backends, machine, rules=rules, configuration={"page": settings}) as gate:
        gate.keys.adopt(KEY, FRONT, kind=KeyKind.ADMINISTRATOR)
        yield Viewer(gate)


def host_of(status: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in status["hosts"] if one["name"] == name]
    return found


def state_of(status: dict[str, Any], name: str) -> str:
    return str(host_of(status, name)["state"])


def told_of(status: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what the gateway says of a host."""
    told: dict[str, Any] = host_of(status, name)["gateway"]
    return told
