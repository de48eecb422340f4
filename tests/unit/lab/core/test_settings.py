# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab import guests, settings
from lab.settings import Relay, Settings

if TYPE_CHECKING:
    from lab.topology import Topology


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(
            {"http_proxy": "http://proxy.test:3128", "NO_PROXY": "localhost"},
            {"http_proxy": "http://proxy.test:3128", "NO_PROXY": "localhost"},
            id="proxies",
        ),
        pytest.param(
            {"SSL_CERT_FILE": "/home/me/ca.pem", "SSL_CERT_DIR": "/etc/ssl/certs"},
            {"SSL_CERT_FILE": settings.SYSTEM_BUNDLE},
            id="bundle at the host's place",
        ),
        pytest.param(
            {"PIP_INDEX_URL": "https://index.test/simple", "PIP_FIND_LINKS": "/opt/wheels", "PIP_USER": "1"},
            {"PIP_INDEX_URL": "https://index.test/simple"},
            id="no local paths",
        ),
        pytest.param({"HOME": "/root", "AWS_SECRET_ACCESS_KEY": "x"}, {}, id="nothing else"),
    ],
)
def test_environment_that_is_passed_on(variables: dict[str, str], expected: dict[str, str]) -> None:
    assert settings.select_environment(variables, lambda text: text) == expected


@pytest.mark.parametrize(
    ("text", "expected", "relays"),
    [
        ("http://127.0.0.1:3128", "http://10.66.1.1:3128", [Relay(3128, "127.0.0.1")]),
        ("http://me:secret@localhost:8888/", "http://me:secret@10.66.1.1:8888/", [Relay(8888, "127.0.0.1")]),
        ("https://[::1]:9443/simple", "https://10.66.1.1:9443/simple", [Relay(9443, "::1")]),
        ('"http://proxy.test:80";', '"http://proxy.test:80";', []),
    ],
    ids=["address", "name and password", "IPv6", "not on the loopback"],
)
def test_proxy_on_the_loopback_is_reached_at_the_gateway(text: str, expected: str, relays: list[Relay]) -> None:
    found: dict[int, Relay] = {}
    assert settings._off_loopback(text, "10.66.1.1", found) == expected
    assert list(found.values()) == relays


def test_files_of_a_linux_host() -> None:
    machine = Settings(
        environment={"http_proxy": "http://proxy.test/a%20b"},
        apt_options='Acquire::http::Proxy "http://proxy.test";\n',
        apt_credentials={"mirror": "machine mirror.test login me password secret\n"},
        pip_configuration="[global]\nindex-url = https://index.test\n",
    )
    files = {path: (text, mode) for path, text, mode in guests.linux_settings(machine)}
    assert files["etc/apt/auth.conf.d/mirror.conf"][1] == 0o600
    assert files["etc/environment"][0] == 'http_proxy="http://proxy.test/a%20b"\n'
    assert files["etc/sudoers.d/lab-environment"][0].endswith('Defaults env_keep += "http_proxy"\n')
    assert '"http_proxy=http://proxy.test/a%%20b"' in files["etc/systemd/system.conf.d/lab.conf"][0]
    assert files["etc/pip.conf"][0].startswith("[global]")
    assert guests.linux_settings(Settings()) == []


def test_bundle_of_a_mac() -> None:
    machine = Settings(environment={"PIP_CERT": settings.SYSTEM_BUNDLE, "http_proxy": "http://proxy.test"})
    assert guests.mac_environment(machine) == {"PIP_CERT": "/etc/ssl/cert.pem", "http_proxy": "http://proxy.test"}


def test_what_the_simulator_is_told(desk: Topology) -> None:
    record = guests.host_record(desk.host("olab2"), desk)
    assert record["model"] == "Mac16,11"
    assert [entry["port"] for entry in record["interfaces"].values()] == [
        *("Ethernet", "Wi-Fi", "Thunderbolt 1", "Thunderbolt 2", "Thunderbolt 3")
    ]
    assert record["interfaces"]["en4"]["receptacle"] == 3
    assert record["dhcp"] == {
        "en0": {"address": "10.66.1.12", "netmask": "255.255.255.0", "router": "10.66.1.1", "dns": ["10.66.1.1"]}
    }
    other = guests.host_record(desk.host("olab1"), desk)
    assert record["serial"] != other["serial"]
    assert len(record["serial"]) == 10
    assert record == guests.host_record(desk.host("olab2"), desk)
