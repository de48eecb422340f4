# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""exo's namespace is one secret for the whole cluster, and the cluster is all hosts of the inventory."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lab.standins.exo.standin.link import DEFAULT_NAMESPACE, Link, RefusedError, private_network_key
from tests.plays.conftest import FOUND_BY_HOST, REPOSITORY

HOSTS = [f"olab{number}" for number in range(1, 5)]
PLAY = {
    "hosts": "exo",
    "gather_facts": False,
    "tasks": [
        # What the role brings with it, without a change to a host.
        {"ansible.builtin.import_role": {"name": "hybrid_ai.cluster.exo", "tasks_from": "report"}},
        {"ansible.builtin.set_fact": {"found": "{{ exo_namespace }}"}, "no_log": True},
        {
            "ansible.builtin.copy": {
                "content": f"{{{{ {{'namespaces': {FOUND_BY_HOST}, 'members': __exo_members}} | to_json }}}}",
                "dest": "{{ output }}",
                "mode": "0600",
            },
            "check_mode": False,
            "no_log": True,
            "run_once": True,
        },
    ],
}


class Site:
    """An inventory in one folder or several, and runs over it."""

    members: list[dict[str, object]]
    """Whom the last run asked about the cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.sources = folder, [folder / "home"]
        (folder / "play.yml").write_text(yaml.safe_dump([PLAY]))
        self.describe("home", HOSTS)

    def describe(self, name: str, hosts: list[str]) -> Path:
        """Write an inventory."""
        members = {host: {"ansible_host": f"10.66.1.1{host[-1]}"} for host in hosts}
        content = {"all": {"vars": {"ansible_connection": "local", "cluster_domain": "olab"}}}
        content["all"]["children"] = {"exo": {"hosts": members}}
        (self.folder / name).mkdir(exist_ok=True)
        path = self.folder / name / "hosts.yml"
        path.write_text(yaml.safe_dump(content))
        return path.parent

    @property
    def secret(self) -> Path:
        """Where it is kept."""
        return self.folder / "home/.secrets/exo_namespace"

    def run(self, *arguments: str) -> dict[str, str]:
        """Return the namespace of each host that the run is about."""
        output = self.folder / f"run{len(list(self.folder.glob('run?')))}"
        command = [str(Path(sys.executable).with_name("ansible-playbook")), str(self.folder / "play.yml")]
        sources = [part for source in self.sources for part in ("-i", str(source))]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        variables = ["-e", f"output={output}", "-e", f"ansible_python_interpreter={sys.executable}"]
        done = subprocess.run(
            [*command, *sources, *variables, *arguments],
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        written = json.loads(output.read_text())
        self.members = written["members"]
        found: dict[str, str] = written["namespaces"]
        assert not any(value in done.stdout + done.stderr for value in found.values() if value != "olab")
        return found


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def joins(namespace: str, guess: str) -> bool:
    """Return whether a machine with this guess gets through the handshake of a node."""

    async def meet() -> bool:
        got_in: list[bool] = []

        async def node(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await shake(reader, writer, "node", namespace, outgoing=False)

        async def shake(reader, writer, name: str, key: str, *, outgoing: bool) -> None:
            try:
                await Link.open(reader, writer, name, private_network_key(key), outgoing=outgoing)
                got_in.append(True)
            except RefusedError:
                got_in.append(False)

        server = await asyncio.start_server(node, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        await shake(reader, writer, "stranger", guess, outgoing=True)
        while len(got_in) < 2:
            await asyncio.sleep(0.01)
        writer.close()
        server.close()
        return all(got_in)

    return asyncio.run(meet())


def test_hosts_that_make_it_at_once_have_one_that_a_limit_keeps(site):
    made = site.run("--forks", str(len(HOSTS)))
    assert set(made) == set(HOSTS)
    assert len(set(made.values())) == 1
    (namespace,) = set(made.values())
    assert (site.secret.read_text(), site.secret.stat().st_mode & 0o777) == (f"{namespace}\n", 0o600)
    assert site.secret.parent.stat().st_mode & 0o777 == 0o700
    assert site.run("--limit", HOSTS[2]) == {HOSTS[2]: namespace}
    assert {member["name"]: member.get("required", True) for member in site.members} == {
        host: host == HOSTS[2] for host in HOSTS
    }
    assert {member["address"] for member in site.members} == {f"10.66.1.1{number}" for number in range(1, 5)}


def test_who_knows_everything_public_does_not_join(site):
    namespace = site.run("--limit", HOSTS[0])[HOSTS[0]]
    guesses = ["olab", DEFAULT_NAMESPACE, "1.0.71", "v1.0.71", "exo", *HOSTS]
    assert [guess for guess in guesses if joins(namespace, guess)] == []


def test_a_check_makes_nothing_and_then_knows_what_is_kept(site):
    predicted = site.run("--check")
    assert len(set(predicted.values())) == 1
    assert not site.secret.parent.exists()
    made = site.run()
    assert site.run("--check") == made
    assert made[HOSTS[0]] != predicted[HOSTS[0]]


def test_hosts_of_several_inventories_share_it(site):
    site.sources.append(site.describe("away", ["olab9"]))
    made = site.run()
    assert set(made) == {*HOSTS, "olab9"}
    assert len(set(made.values())) == 1
    assert not (site.folder / "away/.secrets").exists()


def test_a_value_from_a_vault_is_taken_and_nothing_is_made(site):
    own = "nK8vT2qXw6RzYb4M"
    assert site.run("-e", f"exo_namespace={own}", "--limit", HOSTS[1]) == {HOSTS[1]: own}
    assert not site.secret.exists()
