# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The management node answers for every name of the cluster and some more, and its page for the administrator alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.lab_hosts import lab_hosts, package_site

testinfra_hosts = lab_hosts("olab0")
HOME = "/opt/adguard"
FILE = f"{HOME}/work/AdGuardHome.yaml"
PAGE = "http://10.66.1.10:8153/control"
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
        pytest.param("nas.olab", "1", ["0", "1"], id="a name of our own"),
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


def test_its_file_belongs_to_it_alone_and_knows_no_password(host, login):
    found = host.file(FILE)
    assert (found.user, found.mode) == ("_adguard", 0o600)
    assert host.file(f"{HOME}/work").mode == 0o700
    assert "$2b$" in found.content_string
    assert login.partition(":")[2] not in found.content_string
    assert not host.file("/opt/hybrid-ai/adguard-home").exists


@pytest.fixture
def login() -> str:
    """Return the administrator and the password of the lab."""
    file = Path("/run/hybrid-lab", os.environ["LAB_NAME"], "password")
    return f"operator:{file.read_text(encoding='ascii').strip()}"


@pytest.fixture
def look(host, login):
    """Return what the page says to the administrator."""
    return lambda path: json.loads(host.check_output("curl --silent --fail -u %s %s/%s", login, PAGE, path))


def test_its_page_is_closed_to_all_but_the_administrator(host, login, look):
    status = "curl --silent --output /dev/null --write-out '%%{http_code}' -u %s %s/status"
    assert host.check_output(status, ":", PAGE) == "401"
    assert host.check_output(status, login.replace("operator", "admin"), PAGE) == "401"
    assert look("status")["running"]


def test_its_page_and_its_names_are_at_one_address_alone(host):
    assert host.run("curl --silent http://10.66.1.10:8053/").rc == 7
    assert host.run("curl --silent http://127.0.0.1:8153/").rc == 7
    listening = host.check_output("ss --no-header --udp --tcp --listening --numeric 'sport = :53'").splitlines()
    assert {line.split()[4] for line in listening} == {"10.66.1.10:53"}


def test_it_asks_and_filters_as_wanted(look):
    known = look("dns_info")
    assert (known["upstream_dns"], known["fallback_dns"], known["cache_size"]) == (["10.66.1.1"], [], 8388608)
    assert [entry["name"] for entry in look("filtering/status")["filters"] if entry["enabled"]] == ["ours"]


def test_nobody_s_questions_are_remembered(ask, look):
    ask("olab0.olab")
    assert look("querylog")["data"] == []


def test_nothing_of_an_unfinished_change_is_left(host):
    assert not host.file(f"{HOME}.before.json").exists
