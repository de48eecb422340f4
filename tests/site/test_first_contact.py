# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a newcomer's first runs meet, with the real ssh and the real sudo: who stops a run, and what it says to do."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests import states

RULE = "/etc/sudoers.d/hybrid-ai"
MACS = {"olab1", "olab2", "olab3"}
EVERYBODY = {"olab0", "gpu1", *MACS}
BECOME = "log in as root and run `usermod -aG sudo admin`, or name another ansible_user."
NO_RIGHTS = f"admin may not use sudo; {BECOME}"
# Without a password sudo says the same to a user without rights as to one with a rule of its own.
UNKNOWN_RIGHTS = (
    "sudo asks admin, who is in no group of administrators, for a password; if a rule of sudo allows admin everything, "
    f"run playbooks/bootstrap.yml with -K once, after which it asks no more; if none does, {BECOME}"
)
NEVER_SEEN = (
    "its host key is not known here, because playbooks/bootstrap.yml has not run for it; run that first, with -k -K."
)
ASKS_FIRST = "sudo asks admin for a password; run this with -K, which asks you for it."


def obstacles(run) -> dict[str, list[str]]:
    """Return what a person has to do first, by host."""
    return {host: result["obstacles"].splitlines() for _, host, result in run.tasks if result.get("obstacles")}


def unreachable(run) -> dict[str, str]:
    """Return what is said of the hosts that could not be reached."""
    return {host: result["msg"] for _, host, result in run.tasks if result.get("unreachable")}


def anew(cluster, *options: str) -> tuple[str, str]:
    """Return what lets a run open connections of its own: one that a password opened may still be there."""
    common = " ".join([f"-F {cluster.directory}/ssh_config", "-o ControlPath=none", *options])
    return "-e", json.dumps({"ansible_ssh_common_args": common})


@pytest.fixture(scope="module")
def first(cluster):
    """A lab under management in which two hosts lost what lets a run change them, and one is bare again."""
    states.managed()
    # Before Ansible has a connection, whose groups would stay those of its beginning.
    cluster.execute("gpu1", "sh", "-ec", f"rm {RULE}; gpasswd --delete admin sudo")
    cluster.execute("olab1", "rm", f"/private{RULE}")
    cluster.lab("reset", "olab3")
    return cluster


def test_a_login_without_rights_of_root_stops_the_site_for_all(first):
    run = first.play("site.yml")
    assert run.rc == 2
    assert obstacles(run) == {
        "gpu1": [UNKNOWN_RIGHTS],
        "olab1": [
            "sudo asks admin for a password; run playbooks/bootstrap.yml with -K once, after which it asks no more."
        ],
    }
    # A host that was made anew has lost the key that let Ansible in, and its own is another.
    assert unreachable(run) == {"olab3": NEVER_SEEN}
    assert run.changed == set()
    assert {task.rpartition(" : ")[0] for task, _, _ in run.tasks} == {
        "hybrid_ai.cluster.validate",
        # It wakes hosts that may sleep, and there are none.
        "hybrid_ai.cluster.power_management",
        "hybrid_ai.cluster.preflight",
    }


def test_a_bare_host_has_to_be_bootstrapped(first):
    run = first.play("site.yml", "--limit", "olab3")
    assert run.rc == 4
    assert unreachable(run) == {"olab3": NEVER_SEEN}


def test_bootstrap_stops_for_what_its_password_does_not_open(first):
    secret = str(first.directory / "password")
    passwords = ("--connection-password-file", secret, "--become-password-file", secret)
    run = first.play("playbooks/bootstrap.yml", *passwords)
    first.execute("gpu1", "gpasswd", "--add", "admin", "sudo")
    assert run.rc == 2
    assert obstacles(run) == {"gpu1": [NO_RIGHTS]}
    # The bare host's password opens it.
    assert unreachable(run) == {}
    assert run.changed == set()


def test_bootstrap_without_passwords_says_which_it_needs(first):
    run = first.play("playbooks/bootstrap.yml", "--limit", "gpu1,olab1,olab3", *anew(first))
    assert obstacles(run) == {"gpu1": [ASKS_FIRST], "olab1": [ASKS_FIRST]}
    assert unreachable(run) == {"olab3": "it lets admin in with no key; run this with -k, which asks for the password."}


def test_a_wrong_password_is_told_from_none(first, tmp_path):
    wrong = tmp_path / "password"
    wrong.write_text("wrong\n")
    wrong.chmod(0o600)
    run = first.play("playbooks/bootstrap.yml", "--limit", "olab1", "--become-password-file", str(wrong))
    assert obstacles(run) == {
        "olab1": ["the password given with -K is wrong for admin; repeat the run with the right one."]
    }


def test_what_it_said_to_do_is_enough(first):
    first.bootstrap()
    first.play("site.yml", "--tags", "release_store").succeeded()


def test_a_key_of_ones_own_is_brought_to_hosts_that_need_no_password(first, tmp_path):
    key = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "me@desk", "-f", str(key)], check=True)
    before = key.read_bytes()
    own = ("--limit", "olab1,gpu1", "-e", f"bootstrap_private_key_file={key}")
    brought = first.play("playbooks/bootstrap.yml", *own).succeeded()
    assert {host for host, _ in brought.changed} == {"olab1", "gpu1"}
    assert first.play("playbooks/bootstrap.yml", *own).succeeded().changed == set()
    public = key.with_name("id_ed25519.pub").read_text().split()[1]
    for host in ("olab1", "gpu1"):
        assert first.execute(host, "sh", "-c", f"grep -cF {public} ~admin/.ssh/authorized_keys").strip() == "1"
    assert key.read_bytes() == before


def test_site_before_bootstrap_says_so(first):
    """No host key is known, as in a new folder of an inventory."""
    options = [f"-o {place}=/dev/null" for place in ("UserKnownHostsFile", "GlobalKnownHostsFile")]
    run = first.play("site.yml", *anew(first, *options, "-o StrictHostKeyChecking=yes"))
    assert run.rc == 4
    said = unreachable(run)
    assert said.keys() == EVERYBODY
    assert set(said.values()) == {NEVER_SEEN}
    assert "WHAT IS WRONG" in run.output
