# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where the command finds the gateway, and that it gives its key to no other one."""

from __future__ import annotations

import datetime
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hybrid_cluster.command import exits, gateway
from hybrid_cluster.command.errors import ClusterError
from tests.unit.command.gateways import host, known
from tests.unit.command.threads import FIRST

AWAY = {"desk": host("desk", "192.0.2.9"), "box": host("box", "127.0.0.1")}


def certificate(name: str) -> str:
    """Return a certificate that nobody signed but itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (made.public_bytes(pem) + private).decode()


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """Answer over TLS as models.olab, and note the keys that come."""
    folder = tmp_path_factory.mktemp("tls")
    text = certificate("models.olab")
    (folder / "own.pem").write_text(text)
    keys = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            keys.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"keys": []}')

        def log_message(self, *_):
            pass

    class Quiet(HTTPServer):
        def handle_error(self, request, client_address):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")
    with Quiet(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], text, keys
        server.shutdown()


def ask(folder, port, text, domain="olab"):
    (folder / ".secrets").mkdir(exist_ok=True)
    (folder / ".secrets/gateway_admin_key").write_text(FIRST)
    cluster = known(folder, gateway_certificate=text, cluster_domain=domain)
    cluster.hosts = AWAY
    cluster.services["gateway"]["port"] = port
    found = gateway.find(cluster, None)
    assert found.shown == f"https://models.{domain}:{port}"
    # The address of a documentation network stands for the one that the test has.
    return gateway.Gateway(**{**vars(found), "host": "127.0.0.1"}).administer("keys")


def test_the_certificate_of_the_inventory_is_trusted(tmp_path, tls):
    port, text, keys = tls
    assert ask(tmp_path, port, text) == {"keys": []}
    assert keys[-1] == f"Bearer {FIRST}"


@pytest.mark.parametrize("name", ["another certificate", "another name"])
def test_another_one_does_not_get_the_key(tmp_path, tls, name):
    port, text, keys = tls
    keys.clear()
    given = (certificate("models.olab"), "olab") if name == "another certificate" else (text, "home.arpa")
    with pytest.raises(ClusterError, match="certificate verify failed") as told:
        ask(tmp_path, port, *given)
    assert told.value.exit_code == exits.GATEWAY
    assert keys == []


@pytest.mark.parametrize("text", ["nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_said(tmp_path, text):
    with pytest.raises(ClusterError, match="gateway_certificate is no certificate in PEM") as told:
        ask(tmp_path, 1, text)
    assert told.value.exit_code == exits.INVENTORY


def test_on_the_management_node_it_is_asked_without_tls_on_the_loopback(tmp_path):
    # 127.0.0.9 is an address of this machine.
    assert gateway.find(known(tmp_path, gateway_certificate="unused"), None).shown == "http://127.0.0.1:1"


def test_from_elsewhere_by_the_address_of_the_management_node(tmp_path):
    cluster = known(tmp_path)
    cluster.hosts = AWAY
    found = gateway.find(cluster, None)
    assert (found.shown, found.context) == ("http://192.0.2.9:1", None)


def test_a_named_address(tmp_path):
    found = gateway.find(known(tmp_path), "https://models.example/below/")
    assert (found.host, found.port, found.path, found.name) == ("models.example", 443, "/below", "models.example")
    assert found.context.verify_mode is ssl.CERT_REQUIRED
