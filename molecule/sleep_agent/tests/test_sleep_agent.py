# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The gateway sends a Linux host and a Mac to sleep by its own order, and wakes each once for whoever asks.

The tests stand in the order of a host's life: without a proof it stays awake, a person proves that it wakes, it
sleeps, it is woken, it is kept awake, and the agent goes.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
MOLECULE = os.environ.get("MOLECULE_PROJECT_DIRECTORY", ".")
LAB = Path("/run/hybrid-lab") / os.environ.get("LAB_NAME", "olab")
ASK = "/opt/cluster/bin/gateway-hosts"
KEY = "/opt/cluster/gateway/state/hosts_ed25519"
KNOWN = "/opt/cluster/etc/gateway-known-hosts"
MODELS = {"gpu1": "tiny:a", "olab2": "tuned"}
CARDS = {"gpu1": "02:4c:41:cc:36:04", "olab2": "1c:f6:4c:54:32:bd"}
STATES = {"gpu1": "/var/lib/hybrid-ai", "olab2": "/var/db/hybrid-ai"}
CLIENTS = 24
SECONDS = 240
# Clients that ask at once, each with a stream; prints what each got.
STREAMS = """
import concurrent.futures, json, sys, urllib.request
model, count, secret = sys.argv[1], int(sys.argv[2]), sys.stdin.readline().strip()
body = {"model": model, "max_tokens": 8, "stream": True, "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": "hi"}]}
def ask(_):
    headers = {"Authorization": "Bearer " + secret, "Content-Type": "application/json"}
    url = "http://127.0.0.1:8100/v1/chat/completions"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=200) as answer:
            return [answer.status, answer.read().decode()]
    except urllib.error.HTTPError as error:
        return [error.code, error.read().decode()]
with concurrent.futures.ThreadPoolExecutor(count) as clients:
    print(json.dumps(list(clients.map(ask, range(count)))))
"""


@pytest.fixture(params=list(MODELS))
def sleeper(request):
    return request.param


@pytest.fixture
def ask(host):
    """Ask a host's model with so many clients at once; return the text of each stream."""
    secret = (LAB / ".secrets/gateway_key").read_text(encoding="utf-8").strip()

    def ask(name, count=1):
        words = ["/usr/bin/python3", "-c", STREAMS, MODELS[name], str(count)]
        found = json.loads(over_ssh("olab0", words, stdin=secret + "\n"))
        assert [status for status, _ in found] == [200] * count, found
        return [whole(text) for _, text in found]

    return ask


def over_ssh(name, words, stdin=""):
    """Run something on a host that never sleeps, as a person would; what it is told stays out of its arguments."""
    line = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
    argv = ["ssh", "-F", str(LAB / "ssh_config"), name, line]
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def whole(text):
    """Return how many pieces a stream had, which has to have its beginning, its end and what it says it has."""
    events = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    assert events[-1] == "[DONE]", text
    chunks = [json.loads(event) for event in events[:-1]]
    reasons = [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]]
    # One reason, and after everything else.
    assert [reason for reason in reasons if reason] == [reasons[-1]], text
    assert reasons[-1] in {"stop", "length"}
    (used,) = (chunk["usage"] for chunk in chunks if chunk.get("usage"))
    assert 1 <= used["completion_tokens"] <= 8
    assert len({chunk["id"] for chunk in chunks}) == 1
    return len(chunks)


def lab(*words, check=True):
    return subprocess.run(["lab", *words], check=check, capture_output=True, text=True)


def inside(name, *words):
    """Run a command on a host as root, past SSH: a login would keep it awake."""
    return lab("exec", name, "--", *words).stdout


def state(name):
    return next(one["state"] for one in json.loads(lab("status", "--json").stdout)["hosts"] if one["name"] == name)


def wait_for(wanted, look):
    deadline = time.monotonic() + SECONDS
    while (found := look()) != wanted:
        assert time.monotonic() < deadline, f"it is {found!r} and not {wanted!r}"
        time.sleep(0.5)


def figures(host, name):
    """Return the gateway's figures about a group."""
    lines = host.run("curl -s http://127.0.0.1:8102/metrics").stdout.splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if f'group="{name}"' in line}


def wakes(host, name):
    return [
        figures(host, name)[f'hybrid_gateway_wakes_total{{group="{name}",result="{result}"}}']
        for result in ("woken", "failed")
    ]


def sleeps(host, name):
    """Return how often the gateway has sent a group to sleep; while it starts, nothing."""
    return figures(host, name).get(f'hybrid_gateway_sleeps_total{{group="{name}",result="asleep"}}')


def log(host, since):
    """Return what the gateway has said since a cursor of the journal."""
    unit = "journalctl --quiet --no-pager --output cat --unit hybrid-ai-gateway.service"
    return host.check_output(f"{unit} --after-cursor '{since}'")


def now(host):
    said = host.check_output("journalctl --quiet --lines 0 --show-cursor --unit hybrid-ai-gateway.service")
    return said.rpartition("-- cursor: ")[2].strip()


def said(host, since, text):
    wait_for(True, lambda: text in log(host, since))


def ansible(program, *words):
    values = f"@{MOLECULE}/molecule/sleep_agent/values.yml"
    argv = [program, "--inventory", f"{MOLECULE}/inventories/lab", "--extra-vars", values, *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=MOLECULE)
    assert done.returncode == 0, done.stdout + done.stderr
    # Its connections are kept for a while, which are logins.
    for name in MODELS:
        for path in LAB.glob("ssh/*"):
            if path.is_socket():
                subprocess.run(
                    ["ssh", "-F", str(LAB / "ssh_config"), "-o", f"ControlPath={path}", "-O", "exit", name],
                    capture_output=True,
                    check=False,
                )
    return done.stdout


def door(host, name, *words):
    """Say something to a host with the gateway's key; the status is 0 or 99, as 255 is testinfra's own failure."""
    options = f"-F none -i {KEY} -o BatchMode=yes -o StrictHostKeyChecking=yes -o HostKeyAlias={name}"
    known = f"-o UserKnownHostsFile={KNOWN}/{name} -o IdentitiesOnly=yes"
    address = {"gpu1": "10.66.1.20", "olab2": "10.66.1.12"}[name]
    return host.run(f"sudo -u _gateway ssh {options} {known} -l _sleepagent {address} {' '.join(words)} || exit 99")


def test_the_gateway_asks_every_host(host, sleeper):
    answer = json.loads(host.check_output(f"{ASK} --json {sleeper}"))[sleeper]
    assert answer["proved"] is False
    assert "it was never proved that it wakes" in answer["missing"]


def test_its_key_is_its_own_and_never_left(host, sleeper):
    key = host.file(KEY)
    assert (key.user, key.mode) == ("_gateway", 0o600)
    assert host.file(f"{KNOWN}/{sleeper}").user == "root"
    secret = key.content_string.splitlines()[2]
    assert secret not in inside(sleeper, "sh", "-c", "cat /opt/cluster/sleep-agent/.ssh/*")


@pytest.mark.parametrize(
    "words",
    [
        ["id"],
        ["status", "02:00:00:00:00:99"],
        ["lease", "a", "1", "b"],
        ["awake", "99999", "{card}"],
        ["stay;id"],
        ["suspend", "{card}", "&&", "id"],
        [],
    ],
)
def test_whoever_has_it_can_say_nothing_else(host, sleeper, words):
    found = door(host, sleeper, *(f"'{word.format(card=CARDS[sleeper])}'" for word in words))
    assert found.rc != 0
    assert "uid=" not in found.stdout


def test_its_user_has_no_password_and_no_other_right(host, sleeper):
    may = inside(sleeper, "sudo", "-l", "-U", "_sleepagent")
    assert may.count("NOPASSWD") == 1
    assert "(ALL" not in may
    shadow = "/private/etc/shadow" if sleeper == "olab2" else "/etc/shadow"
    hashes = [line.split(":")[1] for line in inside(sleeper, "cat", shadow).splitlines() if "_sleepagent" in line]
    assert all(text in {"*", "!", "!*"} for text in hashes)


def test_a_host_that_was_never_proved_is_not_sent_to_sleep(host, ask, sleeper):
    ask(sleeper)
    answer = json.loads(door(host, sleeper, "suspend", CARDS[sleeper]).stdout)
    assert answer["going"] is False
    assert any("it was never proved that it wakes" in reason for reason in answer["vetoes"])
    assert figures(host, sleeper)[f'hybrid_gateway_seen_to_wake{{group="{sleeper}"}}'] == 0
    assert sleeps(host, sleeper) == 0
    assert state(sleeper) == "running"


def test_a_host_that_was_proved_to_wake_is_sent_to_sleep(host, sleeper):
    if sleeper == "olab2":
        ansible("ansible-playbook", "playbooks/wake.yml", "--extra-vars", "prove=yes", "--limit", "olab2,olab0")
    else:
        # Its cards have no driver here, without which a person's proof ends before this.
        boot = inside(sleeper, "cat", "/proc/sys/kernel/random/boot_id").strip()
        proof = f"mac_address={CARDS[sleeper]} seconds=5 boot={boot}"
        ansible("ansible", sleeper, "--become", "-m", "hybrid_ai.cluster.wake_proof", "-a", proof)
    # The sleep of the proof was no order of the gateway's.
    assert sleeps(host, sleeper) == 0
    # It asks when it starts, and every five minutes.
    host.check_output("systemctl restart hybrid-ai-gateway.service")
    wait_for("asleep", lambda: state(sleeper))
    wait_for(1, lambda: sleeps(host, sleeper))


def test_many_clients_at_once_wake_a_host_once_and_get_whole_streams(host, ask, sleeper):
    wait_for("asleep", lambda: state(sleeper))
    woken, failed = wakes(host, sleeper)
    assert len(ask(sleeper, CLIENTS)) == CLIENTS
    assert wakes(host, sleeper) == [woken + 1, failed]


def test_a_list_of_models_wakes_nobody(host, sleeper):
    wait_for("asleep", lambda: state(sleeper))
    secret = (LAB / ".secrets/gateway_key").read_text(encoding="utf-8").strip()
    before = wakes(host, sleeper)
    for path in ("/v1/models", "/api/tags", "/api/ps"):
        listed = 'read key; exec curl -sf -H "Authorization: Bearer $key" http://127.0.0.1:8100' + path
        assert over_ssh("olab0", ["sh", "-c", listed], stdin=secret + "\n")
    assert wakes(host, sleeper) == before
    assert state(sleeper) == "asleep"


def test_a_lease_keeps_it_awake_until_it_is_given_back(host, ask, sleeper):
    ask(sleeper)
    since = now(host)
    inside(sleeper, "/opt/cluster/sleep-agent/bin/hybrid-host", "lease", "training", "3600", "a long job")
    said(host, since, f"stays awake: {sleeper}: training holds it")
    assert state(sleeper) == "running"
    inside(sleeper, "/opt/cluster/sleep-agent/bin/hybrid-host", "release", "training")
    wait_for("asleep", lambda: state(sleeper))


def test_somebody_who_is_logged_in_keeps_it_awake(host, ask, sleeper):
    ask(sleeper)
    since = now(host)
    words = ["ssh", "-F", str(LAB / "ssh_config"), "-o", "ControlPath=none", sleeper, "sleep 3600"]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as person:
        said(host, since, f"stays awake: {sleeper}: admin is logged in over SSH")
        assert state(sleeper) == "running"
        person.terminate()
    wait_for("asleep", lambda: state(sleeper))


def test_nothing_of_it_stays_where_it_is_removed(host, ask, sleeper):
    ask(sleeper)
    role = ["-m", "ansible.builtin.include_role", "-a", "name=hybrid_ai.cluster.sleep_agent"]
    ansible("ansible", sleeper, "--become", *role, "-e", "sleep_agent_state=absent")
    assert door(host, sleeper, "status", CARDS[sleeper]).rc == 99
    assert not host.file(f"{KNOWN}/{sleeper}").exists
    left = (
        f"ls -d /opt/cluster/sleep-agent /opt/cluster/bin /etc/sudoers.d/hybrid-ai-sleep-agent {STATES[sleeper]}/sleep"
    )
    assert inside(sleeper, "sh", "-c", f"{left} 2>/dev/null; id _sleepagent 2>/dev/null; true") == ""
