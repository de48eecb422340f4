# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A person at a terminal, and this machine as the one that is asked: really, by Ansible and its local connection."""

from __future__ import annotations

import subprocess

import pexpect
import pytest
import yaml

from hybrid_cluster.command import exits
from hybrid_cluster.command.init import machine
from tests.unit.command.conftest import COLUMNS, COMMAND, REPOSITORY, environment


@pytest.fixture(scope="module")
def address():
    """Return where this machine is in its network."""
    done = subprocess.run(["/bin/sh", "-c", machine.SCRIPT], capture_output=True, text=True, check=True)
    found = machine.parse(done.stdout)
    if found is None or found.interface is None:
        pytest.skip("this machine is in no network")
    return found.interface


class Person:
    """Somebody who answers."""

    def __init__(self, folder, *arguments: str) -> None:
        words = [*COMMAND[1:], "init", "-i", str(folder), "--search", "0", *arguments]
        self.child = pexpect.spawn(
            COMMAND[0],
            words,
            cwd=str(REPOSITORY),
            env=environment(NO_COLOR="1"),
            dimensions=(50, COLUMNS),
            encoding="utf-8",
            timeout=120,
        )
        self.seen = ""

    def answers(self, question: str, text: str = "") -> str:
        """Wait for a question, answer it, and return what was shown before it."""
        self.child.expect(question)
        shown = str(self.child.before)
        self.seen += shown
        # What is asked ends with a colon, behind its default.
        self.child.expect(r": ")
        self.child.sendline(text)
        return " ".join(shown.split())

    def ends(self) -> int:
        """Wait for the end."""
        self.child.expect(pexpect.EOF)
        self.seen += str(self.child.before)
        self.child.close()
        return int(self.child.exitstatus if self.child.exitstatus is not None else -1)


def test_every_question_has_a_meaning_and_a_default(tmp_path, address):
    folder = tmp_path / "home"
    person = Person(folder, "--address", str(address.ip), "--models", "none")
    assert "each is offered your password" in person.answers("Machines to ask")
    assert "may use sudo there" in person.answers("Administrator on the machines")
    assert "kept nowhere" in person.answers("Password of admin", "something secret")
    assert "What the host is called" in person.answers(f"Name of {address.ip}", "Not a name!")
    assert "A name has lower-case letters" in person.answers(f"Name of {address.ip}", "desk")
    assert "nobody's" in person.answers("Domain of the cluster")
    assert "as the machines say" in person.answers("Local network")
    assert "The way to the internet" in person.answers("Its router")
    assert "downloads once for all" in person.answers("Host that manages")
    person.answers("Write them")
    assert person.ends() == exits.OK
    assert "something secret" not in person.seen
    assert "playbooks/validate.yml finds nothing wrong." in person.seen
    hosts = yaml.safe_load((folder / "hosts.yml").read_text())["all"]["children"]
    desk = hosts["linux"]["hosts"]["desk"]
    assert (desk["ansible_host"], desk["ansible_connection"]) == (str(address.ip), "local")
    assert hosts["management"]["hosts"] == {"desk": None}
    values = yaml.safe_load((folder / "group_vars/all.yml").read_text())
    assert (values["ansible_user"], values["thunderbolt_links"]) == ("admin", [])


def test_who_says_no_has_nothing_written(tmp_path, address):
    folder = tmp_path / "home"
    answered = ("--user", "me", "--domain", "internal", "--subnet", str(address.network), "--router", str(address.ip))
    person = Person(folder, "--address", f"desk={address.ip}", *answered, "--management", "none")
    person.answers("Machines to ask")
    person.answers("Password of me")
    person.answers("Write them", "n")
    assert person.ends() == exits.OK
    assert not folder.exists()
