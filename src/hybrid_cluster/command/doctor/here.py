# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What only the machine that a person sits at can see: its proxy, its names, its certificates, its privacy."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import sys
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import output
from hybrid_cluster.command.doctor.finding import HERE, Finding, Seen
from hybrid_cluster.command.doctor.traps import BY_NAME
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hybrid_cluster.command.inventory import Cluster, Host

_SECONDS = 3.0
_LEAST_DAYS = 14
_MOST_KNOCKS = 64
_DAY = 86400


def look(cluster: Cluster, hosts: Iterable[Host]) -> Seen:
    """Look at all of it."""
    seen, asked = Seen(), list(hosts)
    for part in (privacy(asked), proxy(asked), names(cluster), certificate(cluster)):
        seen.add(part)
    return seen


def privacy(hosts: Iterable[Host]) -> Seen:
    """On a Mac, find hosts that macOS does not let this program reach: at once, and without a packet."""
    seen = Seen()
    asked = [host for host in hosts if host.ssh_port is not None]
    if sys.platform != "darwin" or not asked:
        return seen
    with ThreadPoolExecutor(min(len(asked), _MOST_KNOCKS)) as pool:
        kept = [host.name for host, number in zip(asked, pool.map(_refusal, asked), strict=True) if number]
    if not kept:
        seen.well(HERE)
        return seen
    fix = BY_NAME["local-network-privacy"].fix
    said = f"no route to {output.folded(kept)}"
    seen.notes.append(Finding(HERE, "Local Network privacy", said, fix, "local-network-privacy"))
    return seen


def _refusal(host: Host) -> bool:
    """Tell whether there is said to be no route, at once; a host that is off is looked for longer."""
    began = time.monotonic()
    try:
        with socket.create_connection((host.address, host.ssh_port or 22), timeout=_SECONDS):
            return False
    except OSError as error:
        return error.errno == errno.EHOSTUNREACH and time.monotonic() - began < 0.5


def proxy(hosts: Iterable[Host]) -> Seen:
    """Find a proxy in the environment that requests to hosts would go to."""
    seen, proxies = Seen(), urllib.request.getproxies()
    used = [kind for kind in ("http", "https", "all") if proxies.get(kind)]
    caught = [host.address for host in hosts if used and not urllib.request.proxy_bypass(host.address)]
    if not caught:
        seen.well(HERE)
        return seen
    shown = _without_password(str(proxies[used[0]]))
    fix = f"Add them to no_proxy: no_proxy={','.join([*filter(None, [os.environ.get('no_proxy')]), *caught[:8]])}"
    said = f"requests to {output.shortened(', '.join(caught), 60)} go to {shown}"
    seen.wrong.append(Finding(HERE, "proxy", said, fix, "proxy", "none for hosts of the cluster"))
    return seen


def _without_password(address: str) -> str:
    parts = urllib.parse.urlsplit(address)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else "a proxy"


def names(cluster: Cluster) -> Seen:
    """Look up the name of the host that answers names for all."""
    seen, managers = Seen(), list(cluster.groups.get("management", ()))
    if not managers:
        return seen
    host = cluster.hosts[managers[0]]
    name = f"{host.name}.{cluster.shared('cluster_domain')}"
    found = resolve(name)
    if host.address in found:
        seen.well(HERE)
    elif found:
        seen.wrong.append(Finding(HERE, name, ", ".join(found), BY_NAME["dns"].fix, "dns", host.address))
    else:
        fix = f"Ask {host.address} for names on this machine, or use addresses."
        seen.notes.append(Finding(HERE, name, "not known here", fix, "dns"))
    return seen


def resolve(name: str) -> list[str]:
    """Return the addresses of a name as programs here see it."""
    try:
        return sorted({str(entry[4][0]) for entry in socket.getaddrinfo(name, None, socket.AF_INET)})
    except OSError:
        return []


def certificate(cluster: Cluster) -> Seen:
    """Ask the gateway for its certificate, where it has one."""
    seen, managers = Seen(), list(cluster.groups.get("management", ()))
    try:
        if not managers or not cluster.shared("cluster_gateway") or not cluster.secret("gateway_certificate"):
            return seen
    except ClusterError as error:
        seen.not_looked_at.append(f"the gateway's certificate, because {str(error).rstrip('.')}")
        return seen
    entry, host = cluster.services["gateway"], cluster.hosts[managers[0]]
    name = f"{entry['dns']}.{cluster.shared('cluster_domain')}"
    ok, said = look_at_certificate(host.address, int(entry["port"]), name)
    if ok is None:
        seen.not_looked_at.append(f"the gateway's certificate, because {said}")
    elif ok:
        seen.well(HERE)
    else:
        trap = BY_NAME["certificate"]
        expected = f"trusted here, {_LEAST_DAYS} days or more left"
        seen.wrong.append(Finding(HERE, f"certificate of {name}", said, trap.fix, trap.name, expected))
    return seen


def look_at_certificate(
    address: str, port: int, name: str, context: ssl.SSLContext | None = None
) -> tuple[bool | None, str]:
    """Return whether a server's certificate is trusted here and lasts, and what was found; None for no answer."""
    try:
        with (
            socket.create_connection((address, port), timeout=_SECONDS) as plain,
            (context or ssl.create_default_context()).wrap_socket(plain, server_hostname=name) as encrypted,
        ):
            found: Any = encrypted.getpeercert()
    except ssl.SSLCertVerificationError as error:
        return False, f"refused: {error.verify_message.rstrip('.')}"
    except (OSError, ValueError) as error:
        return None, f"{address}:{port} does not answer: {str(error) or type(error).__name__}"
    left = int((ssl.cert_time_to_seconds(found["notAfter"]) - time.time()) // _DAY)
    return left >= _LEAST_DAYS, f"{left} days left"
