# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Requests whose time is measured: where they go, over connections that are new or kept."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from hybrid_cluster.command.inventory import Cluster

SECONDS = 30.0


@dataclass(frozen=True)
class Place:
    """Where something answers."""

    what: str
    """The gateway, or the backend."""
    host: str
    """The host of the inventory."""
    address: str
    port: int
    name: str | None = None
    """What its certificate is for; None without TLS."""
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    def connect(self, seconds: float = SECONDS) -> http.client.HTTPConnection:
        """Return a connection that is not open yet."""
        if self.name is None:
            return http.client.HTTPConnection(self.address, self.port, timeout=seconds)
        return _Named(self.address, self.port, self.name, seconds)


class _Named(http.client.HTTPConnection):
    """TLS to an address, with the certificate of a name that this machine may not know."""

    def __init__(self, address: str, port: int, name: str, seconds: float) -> None:
        super().__init__(address, port, timeout=seconds)
        self._name = name

    def connect(self) -> None:
        """Connect, and compare the certificate with the name."""
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self._name)


def reason(error: Exception) -> str:
    """Say why there is no answer."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__).lower().rstrip(".")


def get(connection: http.client.HTTPConnection, place: Place, path: str) -> tuple[float, int, int]:
    """Ask once; return milliseconds, status and the bytes of the answer."""
    began = time.perf_counter()
    connection.request("GET", path, headers=place.headers)
    response = connection.getresponse()
    body = response.read()
    return (time.perf_counter() - began) * 1000, response.status, len(body)


def lists_models(connection: http.client.HTTPConnection, place: Place, path: str) -> bool:
    """Return whether a list of models comes from a path, and not the page of some other server."""
    connection.request("GET", path, headers=place.headers)
    try:
        found = json.loads(connection.getresponse().read())
    except ValueError:
        return False
    return isinstance(found, dict) and isinstance(found.get("data"), list)


def gateway(cluster: Cluster) -> Place | None:
    """Return the gateway, if the inventory has one."""
    managers = list(cluster.groups.get("management", ()))
    if not managers or not cluster.shared("cluster_gateway") or not cluster.models:
        return None
    entry, host = cluster.services["gateway"], cluster.hosts[managers[0]]
    has_certificate = bool(cluster.secret("gateway_certificate"))
    name = f"{entry['dns']}.{cluster.shared('cluster_domain')}" if has_certificate else None
    return Place("gateway", host.name, host.address, int(entry["port"]), name, _login(cluster, "gateway_key"))


def backend(cluster: Cluster, name: str, host: str) -> Place:
    """Return a backend of a host."""
    entry = cluster.services[name]
    headers = _login(cluster, "model_api_key") if name in ("llama_cpp", "mlx_lm", "vllm") else {}
    return Place(name, host, cluster.hosts[host].address, int(entry["port"]), headers=headers)


def _login(cluster: Cluster, file: str) -> dict[str, str]:
    """Return the header with a key that a run has left beside the inventory; nothing where there is none."""
    try:
        path = Path(str(cluster.shared("cluster_secrets_directory"))) / file
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, ClusterError):
        return {}
    return {"Authorization": f"Bearer {key}"} if key else {}
