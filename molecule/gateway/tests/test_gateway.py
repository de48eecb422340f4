# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One address answers for every model, to whoever has a key, in the words of three APIs, and over TLS."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
LAB = Path("/run/hybrid-lab") / os.environ.get("LAB_NAME", "olab")
URL = "http://127.0.0.1:4000"
KEYS = "/opt/cluster/bin/gateway-keys"
MESSAGES = [{"role": "user", "content": "Hello"}]
SLOW_HEAD = """
import socket, time
client, start = socket.create_connection(("127.0.0.1", 4000), 20), time.monotonic()
client.sendall(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n")
print(client.recv(100)[9:12].decode(), time.monotonic() - start)
"""
# How many of sixty connections of one address are answered.
MANY = """
import socket
clients, answered = [], 0
for _ in range(60):
    try:
        clients.append(socket.create_connection(("127.0.0.1", 4000), 5))
    except ConnectionResetError:
        # One too many may be ended before it is there.
        pass
for client in clients:
    try:
        client.sendall(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
        answered += bool(client.recv(9))
    except OSError:
        pass
print(answered)
"""
TLS = "--resolve models.olab:4000:10.66.1.10 --cacert /root/models.pem"


@pytest.fixture(scope="module")
def secret():
    return (LAB / ".secrets/gateway_key").read_text(encoding="utf-8").strip()


def ask(host, path, body=None, key=None, *, options="", url=URL):
    """Return status and text of an answer."""
    header = f"-H 'Authorization: Bearer {key}'" if key else ""
    data = f"--json '{json.dumps(body)}'" if body is not None else ""
    said = host.check_output(f"curl -s -m 60 -w '\\n%{{http_code}}' {options} {header} {data} '{url}{path}'")
    text, _, status = said.rpartition("\n")
    return int(status), text


def test_it_names_the_models_of_the_table_to_whoever_has_a_key(host, secret):
    status, text = ask(host, "/v1/models", key=secret)
    assert (status, [model["id"] for model in json.loads(text)["data"]]) == (200, ["tiny:a", "silent"])
    assert [ask(host, "/v1/models", key=key)[0] for key in (None, "hc-wrong")] == [401, 401]


def test_an_administrator_has_a_key_of_another_kind(host, secret):
    admin = (LAB / ".secrets/gateway_admin_key").read_text(encoding="utf-8").strip()
    status, text = ask(host, "/admin/v1/state", key=admin)
    assert (status, [model["name"] for model in json.loads(text)["models"]]) == (200, ["tiny:a", "silent"])
    assert ask(host, "/admin/v1/state", key=secret)[0] == 403
    assert ask(host, "/v1/models", key=admin)[0] == 403
    status, text = ask(host, "/admin/v1/keys/create", {"name": "made-here"}, admin)
    assert ask(host, "/v1/models", key=json.loads(text)["secret"])[0] == 200
    assert ask(host, "/admin/v1/keys/revoke", {"name": "made-here"}, admin)[0] == 200


def test_the_status_page_is_for_the_web_front_alone(host, secret):
    """It has what it needs on a host without Ansible, and tells of hosts, cables and energy at once."""
    key = (LAB / ".secrets/gateway_page_key").read_text(encoding="utf-8").strip()
    page = "http://127.0.0.1:4014"
    assert [ask(host, "/", key=one, url=page)[0] for one in (None, "hc-wrong", secret, key)] == [401, 401, 403, 200]
    # It goes on until somebody leaves, which curl says with an exit status of its own.
    told = host.run(f"curl -s -N -m 8 -H 'Authorization: Bearer {key}' {page}/events").stdout
    documents = [json.loads(line[6:]) for line in told.splitlines() if line.startswith("data: ")]
    status = next(one for one in documents if "pool" in one)
    assert {one["name"] for one in status["models"]} == {"tiny:a", "silent", "gone"}
    assert status["gateway_silence"] is None
    assert not any("error" in one for one in documents)


@pytest.mark.parametrize("name", ["tiny:a", "small"])
def test_a_model_answers_in_the_words_of_openai(host, secret, name):
    question = {"model": name, "messages": MESSAGES, "max_tokens": 4}
    status, text = ask(host, "/v1/chat/completions", question, secret)
    answer = json.loads(text)
    assert (status, answer["model"]) == (200, "tiny:a")
    assert answer["usage"]["completion_tokens"] >= 1


def test_a_stream_has_its_end(host, secret):
    question = {"model": "tiny:a", "messages": MESSAGES, "max_tokens": 4, "stream": True}
    status, text = ask(host, "/v1/chat/completions", question, secret)
    assert (status, text.strip().splitlines()[-1]) == (200, "data: [DONE]")


def test_a_model_answers_in_the_words_of_anthropic_and_ollama(host, secret):
    question = {"model": "tiny:a", "messages": MESSAGES, "max_tokens": 4}
    status, text = ask(host, "/v1/messages", question, options=f"-H 'x-api-key: {secret}'")
    assert (status, json.loads(text)["type"]) == (200, "message")
    status, text = ask(host, "/api/chat", {**question, "options": {"num_predict": 4}}, secret)
    assert (status, json.loads(text.splitlines()[-1])["done"]) == (200, True)


def test_a_host_that_does_not_answer_is_said_to_be_away(host, secret):
    status, text = ask(host, "/v1/chat/completions", {"model": "silent", "messages": MESSAGES}, secret)
    assert (status, json.loads(text)["error"]["code"]) == (503, "backend_unreachable")


def test_the_lan_gets_it_over_tls_alone(host, secret):
    host.check_output("printf '%s' '" + (LAB / "models.pem").read_text() + "' > /root/models.pem")
    assert ask(host, "/v1/models", key=secret, options=TLS, url="https://models.olab:4000")[0] == 200
    assert host.run("curl -s --max-time 5 http://10.66.1.10:4000/").rc != 0
    assert host.run(f"curl -s {TLS} --tls-max 1.1 https://models.olab:4000/").rc != 0


@pytest.mark.parametrize(
    ("options", "path", "status", "words"),
    [
        ("", "/nothing", 404, '{"error":{"message":"There is no such endpoint here."'),
        ("", "/api/nothing", 404, '{"error":"There is no such endpoint here."}'),
        ("", "/v1/messages/nothing", 404, '{"type":"error","error":{"type":"not_found_error"'),
        ("--path-as-is", "/../v1/models", 404, '{"error":{'),
        ("-X PUT", "/v1/models", 405, '{"error":{"message":"This method is not known here."'),
        ("-X OPTIONS", "/api/chat", 405, '{"error":"'),
        ("-X POST -H 'Content-Length: 1048577'", "/v1/chat/completions", 413, '"The request is larger than 1 MB."'),
    ],
)
def test_what_is_unknown_or_too_large_does_not_reach_it(host, options, path, status, words):
    def asked():
        return host.check_output(
            "curl -s http://127.0.0.1:4012/metrics | grep '^hybrid_gateway_requests_total' || true"
        )

    before = asked()
    found, text = ask(host, path, options=options)
    assert (found, words in text) == (status, True), text
    assert asked() == before


def test_a_body_without_a_length_is_limited_too(host, secret):
    sent = f"curl -s -m 30 -o /dev/null -w '%{{http_code}}' -H 'Authorization: Bearer {secret}' -X POST -T -"
    assert host.check_output(f"head -c 1100000 /dev/zero | {sent} {URL}/v1/chat/completions") == "413"


def test_a_slow_head_is_given_up(host):
    status, seconds = host.check_output("/usr/bin/python3 -c %s", SLOW_HEAD).split()
    assert status == "408"
    assert float(seconds) < 15


def test_an_address_has_so_many_connections(host):
    assert 30 <= int(host.check_output("/usr/bin/python3 -c %s", MANY)) <= 40


def test_a_key_comes_and_goes_while_it_runs(host):
    before = host.check_output("systemctl show --property MainPID hybrid-ai-gateway.service")
    made = host.check_output(f"{KEYS} create laptop --models silent --requests-per-minute 100")
    assert json.loads(ask(host, "/v1/models", key=made)[1])["data"][0]["id"] == "silent"
    assert ask(host, "/v1/chat/completions", {"model": "tiny:a", "messages": MESSAGES}, made)[0] == 404
    again = host.check_output(f"{KEYS} rotate laptop")
    assert [ask(host, "/v1/models", key=key)[0] for key in (made, again)] == [401, 200]
    assert "laptop: made" in host.check_output(f"{KEYS} list")
    host.check_output(f"{KEYS} expire laptop 0s")
    assert "expired_key" in ask(host, "/v1/models", key=again)[1]
    host.check_output(f"{KEYS} revoke laptop")
    assert "invalid_key" in ask(host, "/v1/models", key=again)[1]
    assert host.check_output("systemctl show --property MainPID hybrid-ai-gateway.service") == before
    keys = host.file("/opt/cluster/gateway/state/keys.json")
    assert (keys.user, keys.mode) == ("_gateway", 0o600)


def test_no_secret_lies_where_others_read_it(host, secret):
    model_key = (LAB / ".secrets/model_api_key").read_text(encoding="utf-8").strip()
    others = "sudo -u nobody grep -rlsF -e {} -e {} /opt/cluster /etc/systemd/system /var/log; true"
    assert host.check_output(others.format(secret, model_key)) == ""
    assert (
        host.check_output("sudo -u nobody ls /opt/cluster/etc/gateway /opt/cluster/etc/gateway-front 2>/dev/null; true")
        == ""
    )
    assert (
        secret
        not in host.check_output("ps -eo args") + host.file("/opt/cluster/gateway/state/keys.json").content_string
    )
    assert host.check_output(f"journalctl -u 'hybrid-ai-gateway*' | grep -cF -e {secret} -e {model_key} || true") == "0"


def test_each_process_has_its_own_user_and_the_loopback_has_the_rest(host):
    listening = host.check_output("ss -Htlnp '( sport >= 4000 and sport <= 4013 )' | awk '{print $4}' | sort").split()
    assert listening == sorted(
        ["10.66.1.10:4000", "127.0.0.1:4000", "127.0.0.1:4011", "127.0.0.1:4012", "127.0.0.1:4013"]
    )
    users = host.check_output(
        "systemctl show --property User hybrid-ai-gateway.service hybrid-ai-gateway-front.service"
    )
    assert users.split() == ["User=_gateway", "User=_gatewayfront"]


def test_it_says_so_while_it_does_not_run(host, secret):
    health = "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:4013/-/gateway"
    assert host.check_output(health) == "200"
    host.check_output("systemctl stop hybrid-ai-gateway.service")
    try:
        found = ask(host, "/v1/messages", {"model": "tiny:a"}, secret, options="-D /dev/stderr")
        assert (found[0], json.loads(found[1])["error"]["type"]) == (503, "overloaded_error")
        assert host.check_output(health) == "503"
    finally:
        host.check_output("systemctl start hybrid-ai-gateway.service")
