# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The real Squid with the role's configuration, in a network of its own that has all the networks of a site.

SQUID_ROOT names a directory with Debian's packages unpacked; else it is this machine's own, or the one that the lab has
fetched.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jinja2 import Environment, FileSystemLoader

from lab import names
from lab.standins.homebrew import bottle, squid
from tests.contract.networks import own_network
from tests.unit.roles.render import REPOSITORY, render

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST, NODE, NEIGHBOUR = "10.66.1.10", "10.66.1.11", "10.66.1.99"
PUBLIC, PUBLIC_6 = "203.0.113.80", "2001:db8::80"
INSIDE = (
    *(HOST, NODE, NEIGHBOUR, "10.9.9.9", "172.16.5.5", "172.17.0.1", "192.168.7.7", "100.64.0.9", "169.254.169.254"),
    *("10.66.64.1", "192.0.2.7", "198.18.0.7", "fd00::7", "2001:db8:66::7", "64:ff9b::a42:10a", "2002:a42:10a::1"),
)
# 192.0.2.0/24 is a second network of the LAN, which is public; the host has an address of its own in 2001:db8:66::/64.
LAN = ["10.66.1.0/24", "192.0.2.0/24"]
OWN_6 = "2001:db8:66::10"
PAGE_PORTS = (80, 8098)
NAMES = {
    "site.example": PUBLIC,
    "olab0": HOST,
    "neighbour.example": NEIGHBOUR,
    "metadata.example": "169.254.169.254",
    "container.example": "172.17.0.1",
    "cable.example": "10.66.64.1",
    "unique-local.example": "fd00::7",
}
# One address is an exception in a test, the other is not.
TWO_ADDRESSES = ("both.example", ("172.16.5.5", NEIGHBOUR))


def unpacked() -> Path:
    """Return where Debian's packages lie, or skip."""
    if given := os.environ.get("SQUID_ROOT"):
        return Path(given)
    if Path("/usr/sbin/squid").exists():
        return Path("/")
    for programs in sorted(names.CACHE.glob("programs-*/"), key=lambda path: path.stat().st_mtime, reverse=True):
        if (programs / "usr/sbin/squid").exists():
            return programs
    pytest.skip("There is no Squid on this machine; `lab up` fetches it, or set SQUID_ROOT.")


class Dual(http.server.ThreadingHTTPServer):
    """A server for both versions of IP."""

    address_family = socket.AF_INET6
    request_queue_size = 64


@dataclass
class Pages:
    """A page at every address: whoever is asked is noted."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    """Address and path of each request."""
    servers: list[Dual] = field(default_factory=list)

    def start(self) -> None:
        """Serve in the network of the thread that calls."""
        pages = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address = self.request.getsockname()[0].removeprefix("::ffff:")
                pages.asked.append((address, self.path))
                body = f"page of {address}\n".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_HEAD = do_GET  # noqa: N815 - the names that http.server asks for

            def log_message(self, *_arguments: object) -> None:
                pass

        for port in PAGE_PORTS:
            server = Dual(("::", port), Handler)
            self.servers.append(server)
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End all of them."""
        for server in self.servers:
            server.shutdown()
            server.server_close()


@dataclass
class Cache:
    """A running Squid and the pages around it."""

    pages: Pages
    ports: tuple[int, int]

    def ask(self, request: str, source: str = NODE, port: int = 0, seconds: float = 10) -> str:
        """Send a request as it is, and return what comes back."""
        address = (HOST, port or self.ports[0])
        with socket.create_connection(address, timeout=seconds, source_address=(source, 0)) as connection:
            connection.sendall(request.encode("latin-1"))
            answer = b""
            while True:
                try:
                    part = connection.recv(65536)
                except TimeoutError:
                    break
                if not part:
                    break
                answer += part
        return answer.decode("latin-1")

    def get(self, url: str, source: str = NODE, port: int = 0) -> str:
        """Ask for an address, once."""
        return self.ask(f"GET {url} HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n", source, port)


def values(**more: Any) -> dict[str, Any]:
    """Return what an inventory says."""
    hosts = {"olab0": {"ansible_host": HOST}, "olab1": {"ansible_host": NODE}}
    return {
        "ansible_host": HOST,
        "inventory_hostname": "olab0",
        "cluster_domain": "olab",
        "cluster_lan_subnet": LAN,
        "thunderbolt_subnet": "10.66.64.0/24",
        "group_names": ["linux", "management"],
        "groups": {"all": list(hosts), "management": ["olab0"]},
        "hostvars": hosts,
        "ansible_facts": {"all_ipv4_addresses": [HOST], "all_ipv6_addresses": [OWN_6, "fe80::1"]},
        **more,
    }


def configuration(home: Path, root: Path, **more: Any) -> str:
    """Write the role's template out, with the places of this test."""
    wanted = {
        *("squid_dns_servers", "squid_trusted_authorities", "squid_passed_through", "squid_tls_ports", "squid_ports"),
        *("squid_memory_megabytes", "squid_maximum_object_gigabytes", "squid_signed_downloads", "__squid_port"),
        *("squid_interception", "__squid_clients", "__squid_inside", "__squid_immutable", "__squid_plain_port"),
    }
    found = dict(zip(sorted(wanted), render("squid", *sorted(wanted), **values(**more)), strict=True))
    environment = Environment(
        loader=FileSystemLoader(REPOSITORY / "roles/squid/templates"), trim_blocks=True, keep_trailing_newline=True
    )
    environment.filters["comment"] = lambda text: f"# {text}"
    text = environment.get_template("squid.conf.j2").render(
        {
            **values(),
            **found,
            "ansible_managed": "of a test",
            "squid_cache_directory": str(home / "cache"),
            "squid_cache_gigabytes": 1,
            "__squid_authority": {},
            "__squid_access_log": str(home / "access.log"),
            "__squid_certificate": str(home / "ca.pem"),
            "__squid_key": str(home / "ca.key"),
            "__squid_pid_file": str(home / "squid.pid"),
            "__squid_platform": {"helpers": str(root / "usr/lib/squid")},
            "__squid_service": {"user": "nobody"},
            "__squid_stored_names": str(home / "stored-names"),
        }
    )
    share = root / "usr/share/squid"
    own = {"mime_table": share / "mime.conf", "icon_directory": share / "icons"}
    own |= {"error_directory": share / "errors/templates", "hosts_file": home / "hosts"}
    own |= {"coredump_dir": home, "unlinkd_program": root / "usr/lib/squid/unlinkd"}
    lines = [f"{name} {place}" for name, place in own.items()]
    lines += ["dns_nameservers 127.0.0.1", "dns_timeout 1 seconds", "connect_timeout 3 seconds", "debug_options ALL,1"]
    text = text.replace("cache_effective_group nobody", "cache_effective_group nogroup")
    return text.replace("cache_log /dev/null", f"cache_log {home}/cache.log") + "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def network() -> Iterator[None]:
    """Be in a network of its own that has all the addresses, until the module ends."""
    unpacked()
    with own_network([*INSIDE, PUBLIC, PUBLIC_6, OWN_6]):
        yield


def start(home: Path, **more: Any) -> tuple[Cache, subprocess.Popen[bytes]]:
    """Run pages and a Squid in the network of this thread."""
    root = unpacked()
    home.chmod(0o755)
    (home / "cache").mkdir()
    (home / "libraries").mkdir()
    if root != Path("/"):
        for name, library in bottle.libraries(root, squid.LIBRARIES).items():
            (home / "libraries" / Path(name).name).symlink_to(library)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(home / "libraries")}
    both, addresses = TWO_ADDRESSES
    named = [*NAMES.items(), *((both, address) for address in addresses)]
    (home / "hosts").write_text("".join(f"{address} {name}\n" for name, address in named), encoding="utf-8")
    (home / "stored-names").write_text("", encoding="utf-8")
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=cache"]
    words += ["-keyout", str(home / "ca.key"), "-out", str(home / "ca.pem")]
    subprocess.run(words, check=True, capture_output=True)
    subprocess.run(["chown", "-R", "nobody", home / "cache"], check=True)
    (home / "squid.conf").write_text(configuration(home, root, **more), encoding="utf-8")
    for name in ("access.log", "cache.log"):
        (home / name).touch()
        (home / name).chmod(0o666)
    pages = Pages()
    pages.start()
    program = [str(root / "usr/sbin/squid"), "-N", "-f", str(home / "squid.conf"), "-n", f"test{os.getpid()}"]
    subprocess.run([*program, "-z"], env=environment, check=True, capture_output=True)
    process = subprocess.Popen([*program, "-d", "1"], env=environment, stdout=sys.stderr, stderr=sys.stderr)
    (ports,) = [tuple(render("squid", "__squid_port", "__squid_plain_port", **values()))]
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((HOST, ports[1]), timeout=1).close()
            return Cache(pages, ports), process
        except OSError:
            assert process.poll() is None, (home / "cache.log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline, "Squid does not listen"
            time.sleep(0.1)


@contextlib.contextmanager
def running(**more: Any) -> Iterator[Cache]:
    """Run Squid with some variables of its role in this network, until the end."""
    # Not a directory of pytest's, which Squid's user cannot enter.
    with tempfile.TemporaryDirectory(prefix="squid-") as home:
        made, process = start(Path(home), **more)
        yield made
        process.terminate()
        process.wait(30)
        made.pages.stop()


@pytest.fixture(scope="module")
def cache(network: None) -> Iterator[Cache]:
    """Return a running cache at the role's defaults."""
    with running() as made:
        yield made
