# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The Prometheus of the management node: where it answers this machine, and what it says now."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits
from hybrid_cluster.command.errors import ClusterError, reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hybrid_cluster.command.inventory import Cluster, Host

ADDRESS = "CLUSTER_PROMETHEUS"
"""Environment variable: the address of another Prometheus that has the same metrics."""
_SECONDS = 3.0
_PASSWORD_FILE = "haproxy_password"  # noqa: S105 - the name of a file


class SilentError(Exception):
    """It gives no answer: a sentence without a full stop."""


@dataclass(frozen=True)
class Sample:
    """One figure of now."""

    name: str
    labels: dict[str, str]
    value: float


@dataclass
class Prometheus:
    """Where it is asked. Its connection is kept between questions."""

    host: str
    port: int
    shown: str
    """Its address, for people."""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    path: str = ""
    encrypted: bool = False
    seconds: float = _SECONDS
    _connection: http.client.HTTPConnection | None = None

    def samples(self, names: Iterable[str]) -> list[Sample]:
        """Return every figure with one of these names."""
        return self.query(f'{{__name__=~"{"|".join(names)}"}}')

    def query(self, expression: str) -> list[Sample]:
        """Return what an expression is now."""
        document = self._ask("/api/v1/query", {"query": expression})
        try:
            return [_sample(entry) for entry in document["data"]["result"]]
        except (KeyError, TypeError, ValueError, IndexError):
            raise SilentError(f"{self.shown} does not answer as Prometheus does") from None

    def _ask(self, path: str, parameters: dict[str, str]) -> Any:
        target = f"{self.path}{path}?{urllib.parse.urlencode(parameters)}"
        kept = self._connection is not None
        try:
            response = self._send(target)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if not kept:
                raise SilentError(f"{self.shown} does not answer: {reason(error)}") from None
            # What was kept may have been closed meanwhile.
            return self._ask(path, parameters)
        status, body = response
        if status in (401, 403):
            raise SilentError(f"{self.shown} refuses the user and password of the web front")
        if status != http.client.OK:
            raise SilentError(f"{self.shown} answers with status {status}")
        try:
            return json.loads(body)
        except ValueError:
            raise SilentError(f"{self.shown} does not answer as Prometheus does") from None

    def _send(self, target: str) -> tuple[int, bytes]:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self.encrypted else http.client.HTTPConnection
            self._connection = kind(self.host, self.port, timeout=self.seconds)
        self._connection.request("GET", target, headers=self.headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _sample(entry: dict[str, Any]) -> Sample:
    labels = {str(key): str(value) for key, value in entry["metric"].items()}
    return Sample(labels.pop("__name__", ""), labels, float(entry["value"][1]))


def find(cluster: Cluster, address: str | None) -> Prometheus:
    """Return where it is asked: an address that is named, the loopback of the management node, or its web front."""
    if address:
        return _named(address)
    names = list(cluster.groups.get("management", ()))
    if not names:
        raise SilentError("no host is in the group management, so nothing collects metrics")
    host = cluster.hosts[names[0]]
    if host.is_here or is_own(host.address):
        return _local(cluster, host)
    return _front(cluster, host)


def _named(address: str) -> Prometheus:
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        text = f"{ADDRESS} or --prometheus has to be an address such as http://127.0.0.1:9090, without a password."
        raise ClusterError(text, exits.USAGE)
    encrypted = parts.scheme == "https"
    port = parts.port or (443 if encrypted else 80)
    shown = f"{parts.scheme}://{parts.hostname}:{port}{parts.path}"
    # A password in an address stands in the list of processes; who writes one there has it used all the same.
    headers = _login(parts.username, urllib.parse.unquote(parts.password or "")) if parts.username else {}
    return Prometheus(parts.hostname, port, shown, headers, parts.path.rstrip("/"), encrypted)


def _local(cluster: Cluster, host: Host) -> Prometheus:
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import (
        service_address,
    )

    entry = cluster.services["prometheus"]
    address = service_address(entry, cluster.groups, host.address) or host.address
    return Prometheus(address, entry["port"], f"http://{address}:{entry['port']}")


def _front(cluster: Cluster, host: Host) -> Prometheus:
    """Ask the web front by the host's address, so that nobody has to know its names."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._web_services import (
        FRONT,
        web_services,
    )

    front = bool(cluster.shared("cluster_web_front"))
    pages = web_services(cluster.services, cluster.groups, str(cluster.shared("cluster_domain")), front)
    page = pages.get("prometheus")
    if not page or not page["front"]:
        raise SilentError(f"Prometheus on {host.name} is reached from there alone, without the web front")
    headers = {"Host": page["name"]}
    if page["login"]:
        headers |= _login(str(cluster.shared("haproxy_user")), _password(cluster))
    return Prometheus(host.address, cluster.services[FRONT]["port"], page["url"].rstrip("/"), headers)


def _password(cluster: Cluster) -> str:
    try:
        given = cluster.secret("haproxy_password")
    except ClusterError as error:
        raise SilentError(str(error).rstrip(".")) from None
    if given:
        return str(given)
    path = Path(str(cluster.shared("cluster_secrets_directory"))) / _PASSWORD_FILE
    try:
        return path.read_text(encoding="utf-8").rstrip("\n")
    except FileNotFoundError:
        raise SilentError(f"there is no password of the web front in {path} yet") from None
    except OSError as error:
        raise SilentError(f"{path} cannot be read: {reason(error)}") from None


def _login(user: str, password: str) -> dict[str, str]:
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def is_own(address: str) -> bool:
    """Tell whether an address is one of this machine's: only those can be bound."""
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(address, 0, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(target)
    except OSError:
        return False
    return True
