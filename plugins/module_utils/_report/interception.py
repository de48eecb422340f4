# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who signed what a site shows when it is asked through a proxy, judged with the certificates programs here trust."""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

SECONDS = 15.0


def _tunnel(connection: socket.socket, site: str) -> None:
    """Have a proxy lead a connection to a site."""
    connection.sendall(f"CONNECT {site}:443 HTTP/1.1\r\nHost: {site}:443\r\n\r\n".encode("ascii"))
    answer = b""
    while b"\r\n\r\n" not in answer:
        data = connection.recv(4096)
        if not data:
            raise OSError("the proxy ended the connection")
        answer += data
    status = answer.split(b"\r\n")[0].decode("latin-1")
    if " 200 " not in f"{status} ":
        raise OSError(f"the proxy answers {status}")


def issuer(proxy: tuple[str, int] | None, site: str, bundle: str) -> str:
    """Return the name of the authority that signed the certificate of a site, which must be trusted.

    Without a proxy the site itself is asked.
    """
    trust = ssl.create_default_context(cafile=bundle)
    with contextlib.closing(socket.create_connection(proxy or (site, 443), SECONDS)) as connection:
        if proxy:
            _tunnel(connection, site)
        with trust.wrap_socket(connection, server_hostname=site) as secured:
            certificate: Any = secured.getpeercert() or {}
    names = {key: value for part in certificate.get("issuer", ()) for key, value in part}
    return str(names.get("commonName") or names.get("organizationName") or "an authority without a name")


def reason(error: Exception) -> str:
    """Say why a site was not reached."""
    return getattr(error, "verify_message", "") or str(error) or type(error).__name__


def measure(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - every kind is called alike
    """Compare the authority with the wanted one, or with any other where HTTPS is to be passed through."""
    site, authority = arguments.text("site"), arguments.text("authority")
    host, port, bundle = arguments.text("host"), arguments.integer("port", 3128), arguments.text("bundle")
    opened = arguments.switch("opened", True)
    expected = f"signed by {authority}" if opened else f"not signed by {authority}"
    try:
        found = issuer((host, port), site, bundle)
    except (OSError, ValueError) as error:
        return Measurement(
            False,
            f"not reached: {reason(error)}",
            expected,
            "Look at the log of the service squid on the management node.",
        )
    return Measurement((found == authority) == opened, f"signed by {found}", expected, "Repeat site.yml.")


KIND = Kind("HTTPS of {site} through port {port} of {host}", measure, slow=True)
