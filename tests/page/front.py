# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The real web front, configured by its role, on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
NAME = "cluster.olab"
USER, PASSWORD = "operator", "a password of the test's"
MODEL = {"name": "public", "source": {"path": "/m"}, "format": "gguf", "backend": "llama_cpp", "memory_gigabytes": 2}
LINKS = [{"mini1": 1, "mini2": 1}, {"mini2": 2, "mini3": 1}]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Front:
    """Where it is, and what it was configured for."""

    folder: Path
    port: int
    page_port: int
    ssh_port: int
    """Where the host box would answer by SSH."""

    @property
    def url(self) -> str:
        return f"http://{NAME}:{self.port}/"

    @property
    def direct(self) -> str:
        """Its address, for whoever cannot look up its name and says it in the header `Host`."""
        return f"http://127.0.0.2:{self.port}/"

    @property
    def host(self) -> dict[str, str]:
        return {"Host": f"{NAME}:{self.port}"}

    @property
    def inventory(self) -> Path:
        return self.folder / "inventory/hosts.yml"

    @property
    def key(self) -> str:
        return (self.folder / "secrets/gateway_page_key").read_text(encoding="utf-8").strip()

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "cluster.json").read_text(encoding="utf-8"))
        return found


def _inventory(folder: Path, ports: dict[str, int]) -> dict[str, Any]:
    """Return one with a host that sleeps, cabled Macs that nobody reaches, and this machine as the management node."""
    away = {"ansible_host": "127.0.0.3", "ansible_port": 1}
    macs = {f"mini{number}": {**away, "memory_gigabytes": 16} for number in (1, 2, 3)}
    box = {"ansible_host": "127.0.0.1", "ansible_port": ports["ssh"], "cluster_wake": True}
    desk = {"ansible_host": "127.0.0.2", "ansible_connection": "local"}
    services = {name: {"port": ports[name]} for name in ("haproxy", "haproxy_metrics", "status_page", "prometheus")}
    return {
        "all": {
            "children": {
                "macos": {"hosts": macs},
                "linux": {"hosts": {"desk": desk, "box": {**box, "mac_address": "1c:f6:4c:00:00:01"}}},
                "management": {"hosts": {"desk": None}},
                "gpu": {"hosts": {"box": None}},
                "llama_cpp": {"hosts": {"box": None}},
            },
            "vars": {
                "cluster_models": [MODEL],
                "cluster_secrets_directory": str(folder / "secrets"),
                "cluster_service_overrides": services,
                "haproxy_password": PASSWORD,
                "haproxy_user": USER,
                "thunderbolt_links": LINKS,
                "thunderbolt_subnet": "10.66.64.0/24",
            },
        }
    }


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Front]:
    """Have the role write its configuration, and run it."""
    program = shutil.which("haproxy")
    if program is None:
        pytest.fail("There is no HAProxy on this machine; `make page-packages` installs what these tests need.")
    ports = {name: free_port() for name in ("haproxy", "haproxy_metrics", "status_page", "prometheus", "ssh")}
    front = Front(folder, ports["haproxy"], ports["status_page"], ports["ssh"])
    for name in ("front", "inventory", "secrets"):
        (folder / name).mkdir(mode=0o700)
    front.inventory.write_text(json.dumps(_inventory(folder, ports)))
    command = ["ansible-playbook", "-i", str(front.inventory), "-e", f"place={folder}", str(HERE / "front.yml")]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg")}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    configuration = folder / "front/haproxy.cfg"
    # Its folder is another one here; all else is as the role writes it.
    text = configuration.read_text().replace("/opt/hybrid-ai/haproxy/socket", f"{folder}/socket")
    configuration.write_text(text)
    with (folder / "front.log").open("wb") as log:
        process = subprocess.Popen([program, "-db", "-f", str(configuration)], stdout=log, stderr=log)
    try:
        _wait(front, process)
        yield front
    finally:
        process.terminate()
        process.wait(30)


def _wait(front: Front, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.2", front.port), 1):
            return
        time.sleep(0.05)
    pytest.fail(f"The web front does not run: {(front.folder / 'front.log').read_text()}")
