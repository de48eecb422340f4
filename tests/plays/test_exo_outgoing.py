# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whom exo's user reaches, with the role's own rules in real packet filters: nftables, and pf as the lab plays it.

A host stands in one network namespace, and in another the nodes, a stranger on the same LAN, and the internet.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change, nft, pf

from lab.macos.simulator.pf.parse import parse
from lab.macos.simulator.pf.translate import enabled
from tests.plays.conftest import FOUND_BY_HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
NAMESPACES = os.geteuid() == 0 and all(shutil.which(name) for name in ("ip", "nft"))
pytestmark = pytest.mark.skipif(not NAMESPACES, reason="network namespaces need root")

EXO_UID, OTHER_UID = 451, 452
AT_ONCE_SECONDS = 2.0
HERE = ("10.66.1.11/24", "10.66.64.1/30", "2001:db8:66::11/64")
NODE, NODE_OVER_THUNDERBOLT, STRANGER, MANAGEMENT = "10.66.1.12", "10.66.64.2", "10.66.1.77", "10.66.1.10"
ELSEWHERE = [
    *(NODE, NODE_OVER_THUNDERBOLT, STRANGER, MANAGEMENT),
    *("10.66.1.20", "192.168.7.7", "172.20.0.7", "100.64.0.7", "169.254.7.7", "203.0.113.7", "198.51.100.7"),
    *("fd00::7", "2001:db8:66::77", "2a00:db8::7"),
]
TCP_PORTS = (22, 53, 80, 443, 4001, 9999, 52415)
UDP_PORTS = (53, 4001, 5353, 9999)

RENDER = [
    {
        "name": "Render",
        "hosts": "all",
        "gather_facts": False,
        "connection": "local",
        "vars_files": [
            str(ROOT / "roles" / role / kind / "main.yml")
            for role in ("cluster_values", "thunderbolt", "exo", "firewall")
            for kind in ("defaults", "vars")
        ],
        "tasks": [
            {"name": "Render the rules", "ansible.builtin.set_fact": {"found": "{{ __firewall_wanted }}"}},
            {
                "name": "Write those of all hosts",
                "ansible.builtin.copy": {
                    "content": f"{{{{ {FOUND_BY_HOST} | to_json }}}}",
                    "dest": "{{ out }}/rendered.json",
                    "mode": "0644",
                },
                "run_once": True,
            },
        ],
    }
]
HOSTS = {"m": MANAGEMENT, "a": "10.66.1.11", "b": NODE, "c": "10.66.1.13", "g": "10.66.1.20"}
GROUPS = {"macos": "abc", "linux": "mg", "management": "m", "exo": "abc"}
VARIABLES = {"cluster_lan_subnet": "10.66.1.0/24", "thunderbolt_links": [{"a": 1, "b": 1}]}
VARIABLES |= {"thunderbolt_subnet": "10.66.64.0/24"}


def render(
    place: Path, hosts: dict[str, str] | None = None, groups: dict[str, str] | None = None, **variables: Any
) -> dict[str, Any]:
    """Return the tables and rules of every host, as the role works them out."""
    known = hosts or HOSTS
    members = {name: {"hosts": dict.fromkeys(found)} for name, found in (groups or GROUPS).items()}
    everybody = {
        name: {"ansible_host": address, "ansible_python_interpreter": sys.executable} for name, address in known.items()
    }
    (place / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": everybody, "children": members}}))
    (place / "play.yml").write_text(yaml.safe_dump(RENDER))
    argv = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        "-i",
        str(place / "hosts.yml"),
        str(place / "play.yml"),
    ]
    extra = json.dumps({**VARIABLES, **variables, "out": str(place)})
    done = subprocess.run([*argv, "-e", extra], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rendered: dict[str, Any] = json.loads((place / "rendered.json").read_text())
    assert rendered.keys() == known.keys()
    return rendered


WORLD = """
import json, os, select, socket, sys
uid, tcp, udp = json.loads(sys.argv[1])
os.setgid(uid), os.setuid(uid)
listeners = {}
wanted = [(socket.SOCK_STREAM, port) for port in tcp] + [(socket.SOCK_DGRAM, port) for port in udp]
for family in (socket.AF_INET, socket.AF_INET6):
    for kind, port in wanted:
        one = socket.socket(family, kind)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_DGRAM:  # IP_PKTINFO, to answer from the address that was asked
            sixth = family == socket.AF_INET6
            one.setsockopt(*((socket.IPPROTO_IPV6, 49, 1) if sixth else (socket.IPPROTO_IP, 8, 1)))
        one.bind(("", port))
        if kind == socket.SOCK_STREAM:
            one.listen(64)
        listeners[one] = kind
print("ready", flush=True)
while True:
    for one in select.select(list(listeners), [], [])[0]:
        if listeners[one] == socket.SOCK_STREAM:
            other, _ = one.accept()
            other.sendall(b"here")
            other.close()
        else:
            data, information, _, sender = one.recvmsg(64, 256)
            one.sendmsg([b"here"], information, 0, sender)
"""

PROBE = """
import errno, json, os, socket, sys, time
uid, targets, source = json.loads(sys.argv[1])
os.setgid(uid), os.setuid(uid)
found = []
for protocol, address, port in targets:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family, kind) as one:
        one.settimeout(4)
        start = time.monotonic()
        try:
            if source:
                one.bind((source, 0))
            one.connect((address, port))
            if protocol == "udp":
                one.send(b"?")
            result = one.recv(4).decode()
        except OSError as error:
            result = errno.errorcode.get(error.errno, str(error))
        found.append([result, time.monotonic() - start])
print(json.dumps(found))
"""


class Stage:
    """The two namespaces, and what is loaded in the first."""

    def __init__(self) -> None:
        self.here, self.world = (f"exo-{name}-{os.getpid()}" for name in ("here", "world"))
        self.processes: list[subprocess.Popen[str]] = []

    def build(self) -> None:
        for name in (self.here, self.world):
            self._ip("netns", "add", name)
            self._ip("-n", name, "link", "set", "lo", "up")
        self._ip("link", "add", "in0", "netns", self.here, "type", "veth", "peer", "name", "out0", "netns", self.world)
        for namespace, device, addresses in ((self.here, "in0", HERE), (self.world, "out0", ELSEWHERE)):
            self._ip("-n", namespace, "link", "set", device, "up")
            for address in addresses:
                nodad = ["nodad"] if ":" in address else []
                self._ip("-n", namespace, "address", "add", address, "dev", device, *nodad)
            for family in ("-4", "-6"):
                self._ip("-n", namespace, family, "route", "add", "default", "dev", device)
        self.listen(self.world, 0, TCP_PORTS, UDP_PORTS)

    def _ip(self, *words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    def listen(self, namespace: str, uid: int, *ports: tuple[int, ...]) -> None:
        argv = ["ip", "netns", "exec", namespace, sys.executable, "-c", WORLD, json.dumps([uid, *ports])]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"

    def load(self, script: str, *options: str) -> None:
        argv = ["ip", "netns", "exec", self.here, "nft", *options, "-f", "-"]
        done = subprocess.run(argv, input=script, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    def ask(
        self, uid: int, *targets: tuple[str, str, int], namespace: str = "", source: str = ""
    ) -> list[tuple[str, float]]:
        argv = ["ip", "netns", "exec", namespace or self.here, sys.executable, "-c", PROBE]
        done = subprocess.run(
            [*argv, json.dumps([uid, targets, source])], capture_output=True, text=True, check=True, timeout=120
        )
        return [(result, seconds) for result, seconds in json.loads(done.stdout)]

    def tear_down(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        for name in (self.here, self.world):
            with contextlib.suppress(subprocess.CalledProcessError):
                self._ip("netns", "delete", name)


def as_nftables(stage: Stage, wanted: change.Wanted) -> None:
    stage.load(nft.document(wanted), "-j")


def as_pf(stage: Stage, wanted: change.Wanted) -> None:
    rulesets = {"": parse('anchor "com.apple/*" all\n', "main"), pf.ANCHOR: parse(pf.text(wanted), "ours")}
    stage.load(enabled({"rulesets": rulesets, "skip": []}))


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The rules that the role gives to the host a."""
    found: dict[str, Any] = render(tmp_path_factory.mktemp("render"), firewall_exo_destinations=["192.168.7.7"])["a"]
    return found


@pytest.fixture(scope="module", params=[as_nftables, as_pf], ids=["nftables", "pf"])
def stage(request: pytest.FixtureRequest, rules: dict[str, Any]) -> Iterator[Stage]:
    """The host a with its rules."""
    made = Stage()
    try:
        made.build()
        load: Callable[[Stage, change.Wanted], None] = request.param
        load(made, change.wanted_from(rules["tables"], rules["rules"]))
        yield made
    finally:
        made.tear_down()


REACHED = [
    *(("tcp", NODE, port) for port in TCP_PORTS),
    *(("tcp", NODE_OVER_THUNDERBOLT, port) for port in (4001, 9999, 52415)),
    ("udp", NODE, 4001),
    # A mirror that the inventory names.
    ("tcp", "192.168.7.7", 9999),
    # Name servers: by datagram anywhere, by connection those of the cluster.
    *(("udp", address, 53) for address in (MANAGEMENT, STRANGER, "203.0.113.7", "2a00:db8::7")),
    ("tcp", MANAGEMENT, 53),
    # Downloads that find no cache.
    *(("tcp", address, port) for address in ("203.0.113.7", "198.51.100.7", "2a00:db8::7") for port in (80, 443)),
]
REFUSED = [
    *(("tcp", STRANGER, port) for port in TCP_PORTS),
    *(("tcp", address, port) for address in (MANAGEMENT, "10.66.1.20") for port in (80, 443, 4001, 52415)),
    *(("tcp", address, 443) for address in ("172.20.0.7", "100.64.0.7", "169.254.7.7", "fd00::7")),
    *(("tcp", address, 4001) for address in ("172.20.0.7", "203.0.113.7", "2a00:db8::7", "2001:db8:66::77")),
    *(("udp", STRANGER, port) for port in (4001, 5353, 9999)),
    ("udp", "203.0.113.7", 4001),
]


def test_exo_reaches_no_stranger_and_is_told_so_at_once(stage: Stage) -> None:
    answers = dict(zip(REFUSED, stage.ask(EXO_UID, *REFUSED), strict=True))
    assert [target for target, (result, _) in answers.items() if result == "here"] == []
    assert [target for target, (_, seconds) in answers.items() if seconds > AT_ONCE_SECONDS] == []


def test_exo_reaches_its_nodes_names_and_downloads(stage: Stage) -> None:
    answers = dict(zip(REACHED, stage.ask(EXO_UID, *REACHED), strict=True))
    assert {target: result for target, (result, _) in answers.items() if result != "here"} == {}


@pytest.mark.parametrize("uid", [0, OTHER_UID])
def test_nobody_else_is_concerned(stage: Stage, uid: int) -> None:
    targets = [*REFUSED, *REACHED]
    answers = dict(zip(targets, stage.ask(uid, *targets), strict=True))
    assert {target: result for target, (result, _) in answers.items() if result != "here"} == {}


def test_exo_answers_whoever_may_ask_it(stage: Stage) -> None:
    stage.listen(stage.here, EXO_UID, (52415, 7777), (7777,))
    askers = {("tcp", MANAGEMENT, 52415): "here", ("tcp", STRANGER, 7777): "here"}
    for (protocol, source, port), expected in askers.items():
        target = (protocol, HERE[0].split("/")[0], port)
        assert stage.ask(0, target, namespace=stage.world, source=source)[0][0] == expected
    own = [("tcp", address, 7777) for address in ("127.0.0.1", "10.66.1.11")]
    assert [result for result, _ in stage.ask(EXO_UID, *own)] == ["here", "here"]


def directions(found: dict[str, Any]) -> set[str]:
    return {rule.get("direction", "in") for rule in found["rules"]}


def test_hosts_without_exo_are_not_limited(tmp_path: Path) -> None:
    found = render(tmp_path)
    assert [name for name, rules in found.items() if "out" in directions(rules)] == ["a", "b", "c"]
    assert {rule["user"] for rule in found["a"]["rules"] if rule.get("direction") == "out"} == {str(EXO_UID)}


UNLIMITED = [
    pytest.param({"firewall_exo_outgoing_limited": False}, id="switched off"),
    pytest.param({"exo_state": "absent"}, id="exo is removed"),
]


@pytest.mark.parametrize("options", UNLIMITED)
def test_no_rule_for_what_goes_out(tmp_path: Path, options: dict[str, Any]) -> None:
    assert [name for name, rules in render(tmp_path, **options).items() if "out" in directions(rules)] == []


def test_another_number_and_a_linux_host(tmp_path: Path) -> None:
    groups = {**GROUPS, "exo": "ag"}
    found = render(tmp_path, groups=groups, exo_uid=777)
    users = {name: {rule["user"] for rule in found[name]["rules"] if "user" in rule} for name in "ag"}
    assert users == {"a": {"777"}, "g": {"_exo"}}
