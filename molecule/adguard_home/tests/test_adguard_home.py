# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The management node answers for every name of the cluster, to anybody, at any pace, and keeps its page closed."""

from __future__ import annotations

import pytest

from tests.lab_hosts import lab_hosts, package_site

testinfra_hosts = lab_hosts("olab0")
FILE = "/opt/hybrid-ai/adguard-home/work/AdGuardHome.yaml"
PAGE = "http://10.66.1.10:8053/control"
# A bare host has no program that asks one server.
LOOK_UP = """
import socket, struct, sys
name, kind = sys.argv[1], int(sys.argv[2])
labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + bytes(1)
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asker.settimeout(3)
asker.connect(("10.66.1.10", 53))
asker.send(struct.pack("!6H", 7, 256, 1, 0, 0, 0) + labels + struct.pack("!2H", kind, 1))
answer = asker.recv(512)
print(answer[3] & 15, struct.unpack("!H", answer[6:8])[0])
"""


@pytest.fixture
def ask(host):
    """Return status and number of records of a question."""

    def play(name, kind="1"):
        return host.check_output("python3 -c %s %s %s", LOOK_UP, name, kind).split()

    return play


@pytest.mark.parametrize(
    ("name", "kind", "answer"),
    [
        pytest.param("olab0.olab", "1", ["0", "1"], id="a host"),
        pytest.param("exo.olab", "1", ["0", "3"], id="a service on three hosts"),
        pytest.param("adguard.olab", "1", ["0", "1"], id="a service of the management node"),
        pytest.param("olab1.olab", "28", ["0", "0"], id="no IPv6, and no error"),
        pytest.param("11.1.66.10.in-addr.arpa", "12", ["0", "1"], id="a reverse record"),
        pytest.param("99.1.66.10.in-addr.arpa", "12", ["3", "0"], id="nobody's address"),
        pytest.param(package_site(), "1", ["0", "1"], id="a name of the internet"),
    ],
)
def test_answers(ask, name, kind, answer):
    assert ask(name, kind) == answer


def test_it_runs_as_a_user_of_its_own(host):
    process = host.process.get(comm="AdGuardHome")
    assert process.user == "_adguard"


def test_its_file_belongs_to_it_alone_and_knows_no_password(host):
    found = host.file(FILE)
    assert (found.user, found.mode) == ("_adguard", 0o600)
    assert host.file("/opt/hybrid-ai/adguard-home/work").mode == 0o700
    assert "$2b$" in found.content_string


def test_its_page_is_closed(host):
    assert host.check_output(f"curl -s -o /dev/null -w '%{{http_code}}' {PAGE}/status") == "401"


def test_nothing_of_an_unfinished_change_is_left(host):
    assert not host.file("/opt/hybrid-ai/adguard-home.before.json").exists
