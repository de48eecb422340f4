# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What we rely on of AdGuard Home: the stand-in keeps it, and the real program that ADGUARD_HOME_PROGRAM names."""

from __future__ import annotations

import signal
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _adguard, _dns_query

from tests.contract.adguard_home.conftest import HASH, PASSWORD, POINTER, Home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.mark.parametrize(
    ("name", "kind", "status", "values"),
    [
        pytest.param("olab1.olab", "A", "NOERROR", ("10.66.1.11",), id="a rewrite"),
        pytest.param("OLAB1.olab", "A", "NOERROR", ("10.66.1.11",), id="in other letters"),
        pytest.param("exo.olab", "A", "NOERROR", ("10.66.1.11", "10.66.1.12"), id="one name, two addresses"),
        pytest.param("any.wild.olab", "A", "NOERROR", ("10.66.1.13",), id="a wildcard"),
        pytest.param("olab1.olab", "AAAA", "NOERROR", (), id="no IPv6, and no error"),
        pytest.param("11.1.66.10.in-addr.arpa", "PTR", "NOERROR", ("olab1.olab",), id="a reverse record by rule"),
        pytest.param("12.1.66.10.in-addr.arpa", "PTR", "NXDOMAIN", (), id="none follows from a rewrite"),
        pytest.param("example.com", "A", "NOERROR", ("192.0.2.7",), id="asked for at the upstream"),
    ],
)
def test_answers(running: Home, name: str, kind: str, status: str, values: tuple[str, ...]) -> None:
    answer = running.ask(name, kind)
    assert (answer.status, tuple(sorted(answer.values))) == (status, values)


def test_it_answers_over_tcp_too(running: Home) -> None:
    assert running.ask("olab1.olab", protocol="tcp").values == ("10.66.1.11",)


def test_it_fills_in_every_default_at_start_and_takes_others_rights_away(running: Home) -> None:
    written = running.read()
    assert written["dns"]["ratelimit_subnet_len_ipv4"] == 24
    assert written["clients"]["runtime_sources"]["whois"] is True
    assert written["dns"]["upstream_dns"] == [running.upstream]
    assert written["users"] == [{"name": "admin", "password": HASH}]
    assert stat.S_IMODE(running.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(running.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("limit", "least", "most"), [pytest.param(20, 1, 30, id="20 a second"), pytest.param(0, 40, 40, id="off")]
)
def test_the_limit_counts_for_a_whole_network(home: Home, limit: int, least: int, most: int) -> None:
    home.write(home.minimal(dns={"ratelimit": limit}))
    home.start()
    time.sleep(1.1)

    def ask(_: int) -> bool:
        try:
            return home.ask("olab1.olab", timeout=1.0).status == "NOERROR"
        except _dns_query.DnsError:
            return False

    with ThreadPoolExecutor(40) as pool:
        answered = sum(pool.map(ask, range(40)))
    assert least <= answered <= most


def _without(key: str) -> Callable[[dict[str, Any]], dict[str, Any] | str]:
    return lambda content: {name: value for name, value in content.items() if name != key}


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        pytest.param(lambda c: c, 0, "configuration file is ok", id="sound"),
        pytest.param(lambda _: "dns: [", 1, "go-yaml load error in parser", id="broken YAML"),
        pytest.param(lambda c: {**c, "dns": {**c["dns"], "port": 70000}}, 1, "`70000` into uint16", id="a wrong type"),
        pytest.param(lambda c: {**c, "http": {"address": "nowhere"}}, 1, "not an ip:port", id="no address"),
        pytest.param(lambda c: {**c, "schema_version": 99}, 1, "unknown current schema version 99", id="too new"),
        pytest.param(_without("schema_version"), 1, "", id="without a version"),
        # What it does not notice, so that we have to.
        pytest.param(lambda c: {**c, "no_such_key": 1}, 0, "ok", id="an unknown key"),
        pytest.param(lambda c: {**c, "dns": {**c["dns"], "upstream_dns": ["no server"]}}, 0, "ok", id="no upstream"),
        pytest.param(
            lambda c: {**c, "filtering": {"rewrites": [{"domain": "x.olab", "answer": "", "enabled": True}]}},
            0,
            "ok",
            id="a rewrite without an answer",
        ),
        pytest.param(
            lambda c: {**c, "http": {"address": f"127.0.0.1:{c['dns']['port']}"}}, 0, "ok", id="one port for both"
        ),
    ],
)
def test_its_own_check(home: Home, change: Any, status: int, text: str) -> None:
    home.write(change(home.minimal()))
    answer = home.check()
    assert answer.returncode == status, answer.stdout + answer.stderr
    assert text in answer.stdout + answer.stderr


def test_its_own_check_leaves_a_file_of_its_schema_as_it_is(home: Home) -> None:
    home.write({**home.minimal(dns={"no_such_key": 1}), "no_such_section": {"a": 1}})
    before = home.path.read_bytes()
    assert home.check().returncode == 0
    assert home.path.read_bytes() == before


@pytest.mark.parametrize("version", [29, 30, 33])
def test_its_own_check_migrates_an_older_file_and_fills_nothing_in(home: Home, version: int) -> None:
    home.write({**home.minimal(dns={"no_such_key": 1}), "schema_version": version})
    assert home.check().returncode == 0
    written = home.read()
    assert written["schema_version"] == 34
    assert written["dns"]["no_such_key"] == 1
    assert "refuse_any" not in written["dns"]


@pytest.mark.parametrize("version", [30, 34])
def test_it_drops_at_start_what_it_does_not_know(home: Home, version: int) -> None:
    clients = {"persistent": [{"name": "nas", "ids": ["10.66.1.50"], "no_such_key": 1}]}
    content = {**home.minimal(dns={"no_such_key": 1}), "schema_version": version, "clients": clients}
    home.write({**content, "tls": {"enabled": False, "no_such_key": 1}, "no_such_section": {"a": 1}})
    home.start()
    written = home.read()
    assert "no_such" not in home.path.read_text()
    assert written["clients"]["persistent"][0]["name"] == "nas"
    assert written["clients"]["persistent"][0]["tags"] == []


KNOWN: dict[str, dict[str, Any]] = {
    "tls": {"port_dnscrypt": 5443, "strict_sni_check": True, "certificate_path": "/none", "server_name": "dns.olab"},
    "dhcp": {"local_domain_name": "olab", "dhcpv4": {"lease_duration": 3600}},
    "dns": {"cache_optimistic_answer_ttl": "40s", "cache_optimistic_max_age": "6h", "enable_dnssec": False},
    "filtering": {
        "cache_time": 20,
        "max_http_size": "128MB",
        "safe_fs_patterns": ["/srv/lists/*"],
        "parental_cache_size": 2097152,
        "safebrowsing_cache_size": 2097152,
        "safesearch_cache_size": 2097152,
        "safe_search": {"enabled": False, "bing": False},
    },
    "log": {"compress": True, "local_time": True},
    "querylog": {"ignored_enabled": True},
    "statistics": {"ignored_enabled": True},
}


def test_it_keeps_at_start_what_it_knows(home: Home) -> None:
    content = home.minimal(**{key: value for key, value in KNOWN.items() if key not in {"dns", "filtering"}})
    content["dns"].update(KNOWN["dns"])
    content["filtering"].update(KNOWN["filtering"])
    home.write(content)
    home.start()
    written = home.read()

    def missing(wanted: dict[str, Any], found: dict[str, Any], path: str) -> Iterator[str]:
        for key, value in wanted.items():
            if isinstance(value, dict):
                yield from missing(value, found.get(key) or {}, f"{path}.{key}")
            elif found.get(key) != value:
                yield f"{path}.{key}: {found.get(key)}"

    assert list(missing(KNOWN, written, "")) == []


@pytest.mark.parametrize(
    ("section", "key", "value", "written"),
    [
        pytest.param("querylog", "interval", "24h", "1d", id="a day"),
        pytest.param("querylog", "interval", "90m", "1h30m", id="hours"),
        pytest.param("dns", "upstream_timeout", "10000ms", "10s", id="milliseconds"),
        pytest.param("dns", "trusted_proxies", ["0::1/128"], ["::1/128"], id="a network"),
        pytest.param("dns", "ratelimit_whitelist", ["0:0:0:0:0:0:0:1"], ["::1"], id="an address"),
        pytest.param("log", None, None, 3, id="defaults for nothing"),
    ],
)
def test_it_writes_some_values_in_a_way_of_its_own(
    home: Home, section: str, key: str | None, value: Any, written: Any
) -> None:
    content = home.minimal()
    if key is None:
        content[section] = value
    else:
        content.setdefault(section, {})[key] = value
    home.write(content)
    home.start()
    assert home.read()[section][key or "max_age"] == written


def test_our_code_sees_what_it_dropped_and_that_the_rest_is_as_wanted(home: Home) -> None:
    settings: dict[str, Any] = {
        "dns": {"no_such_key": 1, "trusted_proxies": ["0::1/128"], "upstream_timeout": "10000ms"},
        "querylog": {"interval": "24h"},
        "clients": {"persistent": [{"name": "nas", "ids": ["10.66.1.50"]}]},
        "log": None,
    }
    before = home.minimal(dns=settings["dns"], **{name: settings[name] for name in ("querylog", "clients", "log")})
    rewrites = [{"domain": "olab1.olab", "answer": "10.66.1.11"}]
    home.write({**before, "filtering": {"rewrites": [{**rewrites[0], "enabled": True}]}})
    home.start()
    found = home.read()
    wanted = _adguard.Wanted("admin", HASH, settings, rewrites=rewrites, rules=[POINTER])
    assert _adguard.dropped(wanted, found) == ["the key dns.no_such_key"]
    settings["dns"].pop("no_such_key")
    again = _adguard.merge(found, wanted, {"made": _adguard.made(settings, found)})
    assert _adguard.differences(found, again) == {}


def test_it_never_runs_with_a_file_it_refuses(home: Home) -> None:
    home.write({**home.minimal(), "schema_version": 99})
    process = subprocess.run(
        [*home.command, "-c", str(home.path), "-w", str(home.directory)], capture_output=True, timeout=20, check=False
    )
    assert process.returncode != 0


@pytest.mark.parametrize(
    ("password", "status"),
    [
        pytest.param(PASSWORD, 200, id="right"),
        pytest.param("wrong", 401, id="wrong"),
        pytest.param(None, 401, id="none"),
    ],
)
def test_the_api_wants_a_password(running: Home, password: str | None, status: int) -> None:
    assert running.get("status", password)[0] == status


def test_without_users_it_is_open_to_everybody(home: Home) -> None:
    home.write(home.minimal(users=[]))
    home.start()
    assert home.get("status", None)[0] == 200


def test_five_wrong_passwords_lock_even_the_right_one_out_and_none_does_not(running: Home) -> None:
    for _ in range(7):
        running.get("status", None)
    assert running.get("status")[0] == 200
    for _ in range(6):
        running.get("status", "wrong")
    assert running.get("status")[0] != 200


def test_what_it_tells_about_itself(running: Home) -> None:
    running.ask("olab1.olab")
    status, answer = running.get("status")
    assert status == 200
    assert answer["version"].startswith("v0.107.")
    assert answer["running"] is True
    assert running.get("dns_info")[1]["ratelimit"] == 0
    statistics = running.get("stats")[1]
    assert statistics["num_dns_queries"] >= 1
    assert len(statistics["dns_queries"]) in {24, 7}
    assert all(len(entry) == 1 for entry in statistics["top_queried_domains"])
    assert {"domain": "olab1.olab", "answer": "10.66.1.11"}.items() <= running.get("rewrite/list")[1][0].items()
    assert running.get("filtering/status")[1]["user_rules"] == [POINTER]
    assert "data" in running.get("querylog?limit=3")[1]
    assert running.get("clients")[0] == 200
    assert running.get("tls/status")[0] == 200


def test_a_rewrite_by_api_counts_at_once_and_is_in_the_file(running: Home) -> None:
    body = {"domain": "nas.olab", "answer": "10.66.1.50"}
    assert running.post("rewrite/add", body)[0] == 200
    assert running.ask("nas.olab").values == ("10.66.1.50",)
    assert body.items() <= running.read()["filtering"]["rewrites"][-1].items()
    assert running.post("rewrite/delete", body)[0] == 200
    assert body["domain"] not in running.path.read_text()


def test_a_reload_does_not_read_rewrites_again_and_a_restart_does(running: Home) -> None:
    content = running.read()
    content["filtering"]["rewrites"].append({"domain": "late.olab", "answer": "10.66.1.60", "enabled": True})
    running.write(content)
    assert running.process
    running.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert running.ask("late.olab").values != ("10.66.1.60",)
    running.stop()
    running.start()
    assert running.ask("late.olab").values == ("10.66.1.60",)
