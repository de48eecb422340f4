# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The gateway: where it answers this machine, with which key, and what it says."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits
from hybrid_cluster.command.errors import ClusterError, reason

if TYPE_CHECKING:
    from hybrid_cluster.command.inventory import Cluster

ADDRESS = "CLUSTER_GATEWAY"
"""Environment variable: where the gateway answers, if not on the management node of the inventory."""
ADMIN_KEY, CLIENT_KEY = "gateway_admin_key", "gateway_key"
"""Files of the role `gateway` in the folder of secrets: for hosts and keys, and for models."""
SECONDS = 10.0
_ADMIN = "/admin/v1/"
_LONGEST = 16 * 1024 * 1024
_AGAIN = "site.yml with --tags gateway makes it known"
# What the gateway calls a failure, and what the command ends with then.
_EXITS = {
    "backend_unreachable": exits.HOSTS_FAILED,
    "cannot_sleep": exits.HOSTS_FAILED,
    "expired_key": exits.REFUSED,
    "gateway_broken": exits.GATEWAY,
    "gateway_down": exits.GATEWAY,
    "gateway_stops": exits.GATEWAY,
    "host_not_awake": exits.HOSTS_FAILED,
    "host_not_found": exits.NO_HOSTS,
    "model_not_found": exits.NO_HOSTS,
    "model_not_ready": exits.HOSTS_FAILED,
}


class AbsentError(ClusterError):
    """The inventory wants no gateway."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}, so there is no gateway.", exits.GATEWAY)


@dataclass(frozen=True)
class Gateway:
    """Where it is asked."""

    host: str
    port: int
    shown: str
    """Its address, for people."""
    secrets: Path
    """The folder with its keys."""
    path: str = ""
    context: ssl.SSLContext | None = None
    """How it is known to be the one; None is HTTP."""
    name: str = ""
    """What its certificate has to be for."""

    def administer(self, word: str, fields: dict[str, Any] | None = None, seconds: float = SECONDS) -> dict[str, Any]:
        """Return what it says to an administrator; with fields it is told to do something."""
        method = "GET" if fields is None else "POST"
        connection, response = self.ask(method, _ADMIN + word, ADMIN_KEY, fields, seconds)
        try:
            return self._document(response.read(_LONGEST))
        except (OSError, http.client.HTTPException) as error:
            raise self._silent(error) from None
        finally:
            connection.close()

    def ask(
        self, method: str, path: str, key: str, fields: dict[str, Any] | None, seconds: float | None
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Return an answer with a good status, and the connection to close, which ends what is still being answered.

        `seconds` bounds each wait for a byte; None does not.
        """
        headers = {"Authorization": f"Bearer {self._key(key)}"}
        body = None
        if fields is not None:
            headers["Content-Type"], body = "application/json", json.dumps(fields).encode()
        connection = self._connection(min(SECONDS, seconds or SECONDS))
        try:
            connection.request(method, self.path + path, body=body, headers=headers)
            if connection.sock is not None:
                connection.sock.settimeout(seconds)
                _notice_death(connection.sock)
            response = connection.getresponse()
            if response.status == http.client.OK:
                return connection, response
            raw = response.read(_LONGEST)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._silent(error) from None
        except BaseException:
            connection.close()
            raise
        connection.close()
        raise self._refusal(response.status, raw, key)

    def _connection(self, seconds: float) -> http.client.HTTPConnection:
        if self.context is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        return _Encrypted(self.host, self.port, self.context, self.name, seconds)

    def _key(self, name: str) -> str:
        path = self.secrets / name
        try:
            found = path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            raise ClusterError(
                f"there is no key of the gateway in {path} yet; site.yml makes it.", exits.REFUSED
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ClusterError(f"{path} cannot be read: {reason(error)}.", exits.REFUSED) from None
        if not found or not found.isascii() or not found.isprintable():
            raise ClusterError(f"{path} does not hold one line, the key; {_AGAIN}.", exits.REFUSED)
        return found

    def _silent(self, error: Exception) -> ClusterError:
        return ClusterError(f"no gateway answers at {self.shown}: {reason(error)}.", exits.GATEWAY)

    def _document(self, raw: bytes) -> dict[str, Any]:
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ClusterError(f"{self.shown} does not answer as the gateway does.", exits.GATEWAY)
        return found

    def _refusal(self, status: int, raw: bytes, key: str) -> ClusterError:
        if status == http.client.UNAUTHORIZED:
            return ClusterError(f"{self.shown} does not take the key in {self.secrets / key}; {_AGAIN}.", exits.REFUSED)
        error = self._document(raw).get("error")
        if not isinstance(error, dict):
            return ClusterError(f"{self.shown} answers with status {status}.", exits.GATEWAY)
        return failure(error, status, self, key)


def _notice_death(connection: socket.socket) -> None:
    """Have the kernel ask now and then whether the other end is there, however long a model thinks."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # macOS has another word for the first.
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPALIVE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class _Encrypted(http.client.HTTPConnection):
    """HTTPS to an address, with a certificate for a name."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, name: str, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds)
        self._tls, self._name, self._seconds = context, name, seconds

    def connect(self) -> None:
        """Connect, and see that it is the one."""
        plain = socket.create_connection((self.host, self.port), timeout=self._seconds)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self._name)
        except BaseException:
            plain.close()
            raise


def failure(error: dict[str, Any], status: int, gateway: Gateway, key: str) -> ClusterError:
    """Return what the command says of an error in the gateway's words."""
    code, message = str(error.get("code")), str(error.get("message") or f"status {status}")
    if code == "unknown_endpoint":
        return ClusterError(
            f"the gateway at {gateway.shown} is another version, which has no such command; run site.yml with --tags "
            "gateway.",
            exits.GATEWAY,
        )
    if code == "wrong_kind_of_key":
        return ClusterError(f"{gateway.secrets / key}: {message}", exits.REFUSED)
    return ClusterError(message, _EXITS.get(code, exits.FAILED))


def find(cluster: Cluster, address: str | None) -> Gateway:
    """Return where it is asked: an address that is named, the loopback of the management node, or that node."""
    secrets = Path(str(cluster.shared("cluster_secrets_directory")))
    if address:
        return _named(address, secrets)
    if not cluster.shared("cluster_gateway"):
        raise AbsentError("cluster_gateway is false")
    names = list(cluster.groups.get("management", ()))
    if not names:
        raise AbsentError("no host is in the group management")
    if not any(row["state"] == "present" and row["hosts"] for row in cluster.models):
        raise AbsentError("cluster_models has no model that a host serves")
    from hybrid_cluster.command.prometheus import is_own

    host, entry = cluster.hosts[names[0]], cluster.services["gateway"]
    port = entry["port"]
    if host.is_here or is_own(host.address):
        # There it speaks HTTP, whatever the certificate.
        return Gateway("127.0.0.1", port, f"http://127.0.0.1:{port}", secrets)
    certificate = cluster.secret("gateway_certificate")
    if certificate is None:
        return Gateway(host.address, port, f"http://{host.address}:{port}", secrets)
    name = f"{entry['dns']}.{cluster.shared('cluster_domain')}"
    return Gateway(host.address, port, f"https://{name}:{port}", secrets, "", _trusting(str(certificate)), name)


def _trusting(certificate: str) -> ssl.SSLContext:
    """Return a context that trusts the certificate of the inventory, and nobody else who vouches for its name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    end = "-----END CERTIFICATE-----"
    parts = [part for part in certificate.split("-----BEGIN CERTIFICATE-----")[1:] if end in part]
    try:
        for part in parts:
            context.load_verify_locations(cadata=f"-----BEGIN CERTIFICATE-----{part.split(end)[0]}{end}\n")
    except (ssl.SSLError, ValueError):
        parts = []
    if not parts:
        text = "gateway_certificate is no certificate in PEM; playbooks/validate.yml says everything that is wrong."
        raise ClusterError(text, exits.INVENTORY)
    return context


def _named(address: str, secrets: Path) -> Gateway:
    try:
        parts = urllib.parse.urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urllib.parse.urlsplit(""), None, None
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password:
        text = f"{ADDRESS} or --gateway has to be an address such as http://192.168.1.10:8100."
        raise ClusterError(text, exits.USAGE)
    encrypted = parts.scheme == "https"
    port = port or (443 if encrypted else 80)
    shown = f"{parts.scheme}://{host}:{port}"
    context = ssl.create_default_context() if encrypted else None
    return Gateway(host, port, shown, secrets, parts.path.rstrip("/"), context, host)


class Witness:
    """What the gateway says of hosts and models, for those who can do without."""

    def __init__(self, cluster: Cluster, address: str | None) -> None:
        self._cluster = cluster
        self._address = address
        self._found: Gateway | None = None

    def look(self) -> tuple[dict[str, Any] | None, str | None]:
        """Return what it says, or why it says nothing; neither where there is to be none."""
        try:
            self._found = self._found or find(self._cluster, self._address)
            return self._found.administer("state", seconds=3.0), None
        except AbsentError:
            return None, None
        except ClusterError as error:
            if error.exit_code == exits.USAGE:
                raise
            return None, str(error).rstrip(".")
