# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Passwords and keys beside an inventory: Ansible reads none of them as a host, and none is lost on the way there."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.plays.conftest import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

SITE = REPOSITORY / "tests/inventories/good/one_mac.yml"
EXAMPLE = REPOSITORY / "inventories/example"
PASSWORD, OTHER = "kT9mzqQwXw7v", "hJ2bnnRtYu8c"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE\n-----END OPENSSH PRIVATE KEY-----\n"
PUBLIC = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
KNOWN = f"192.168.1.11 ssh-ed25519 {PUBLIC}\n"
SECRETS = (PASSWORD, OTHER, PUBLIC, "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE")
# Another folder, and nothing of the checkout's settings.
ELSEWHERE = {"ANSIBLE_CONFIG": None}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an inventory as a folder, named as people name it."""
    home = tmp_path / "inventories/home"
    write(home, {"hosts.yml": SITE.read_text(), "README.md": "notes\n"})
    return home


def old_layout(home: Path) -> None:
    write(
        home,
        {
            "secrets/adguard_home_password": f"{PASSWORD}\n",
            "secrets/grafana_admin_password": f"{OTHER}\n",
            "ssh/id_ed25519": KEY,
            "ssh/id_ed25519.pub": f"ssh-ed25519 {PUBLIC} hybrid-ai cluster\n",
            "ssh/known_hosts": KNOWN,
        },
    )


def said(text: str) -> str:
    """Return what was printed as one line, since Ansible folds some of it."""
    return " ".join(text.split())


@pytest.mark.parametrize("verbosity", ["-v", "-vvv"])
def test_a_run_from_elsewhere_prints_no_secret_however_often(play, home, verbosity):
    old_layout(home)
    first, second, third = (play("playbooks/validate.yml", "-i", str(home), verbosity, **ELSEWHERE) for _ in range(3))
    for run in (second, third):
        assert run.rc == 0, run.text
        assert not [secret for secret in SECRETS if secret in run.text]
    assert not [secret for secret in (PASSWORD, OTHER) if secret in first.text]
    assert f"hosts were read out of {home}/secrets, which held secrets and is moved; run this again." in said(
        first.text
    )


def test_the_example_makes_its_passwords_where_ansible_reads_none(play, tmp_path):
    home = shutil.copytree(EXAMPLE, tmp_path / "home")
    show = tmp_path / "show.yml"
    show.write_text(
        "- {hosts: desk, connection: local, gather_facts: false, tasks: [{ansible.builtin.include_role: "
        "{name: hybrid_ai.cluster.adguard_home, tasks_from: report, public: true}}, {ansible.builtin.assert: "
        "{that: adguard_home_password | length == 20}}]}\n"
    )
    for _ in range(2):
        assert play("playbooks/validate.yml", "-i", str(home), **ELSEWHERE).rc == 0
        run = play(show, "-i", str(home), **ELSEWHERE)
        assert run.rc == 0, run.text
    (kept,) = [path for path in home.rglob("*password*") if path.is_file()]
    assert kept == home / ".secrets/adguard_home_password"
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    run = play("playbooks/validate.yml", "-i", str(home), "-vvv", **ELSEWHERE)
    assert run.rc == 0
    assert kept.read_text().split()[0] not in run.text


def test_old_folders_are_moved_once_with_one_sentence(play, home):
    old_layout(home)
    before = {path.name: path.read_bytes() for path in home.glob("s*/*")}
    first = play("playbooks/validate.yml", "-i", str(home))
    assert first.rc == 0, first.text
    places = f"{home}/secrets to {home}/.secrets and {home}/ssh to {home}/.ssh"
    assert said(first.text).count(f"Moved {places}, where Ansible reads no inventory.") == 1
    assert {path.name: path.read_bytes() for path in home.glob(".s*/*")} == before
    assert {path.stat().st_mode & 0o777 for path in home.glob(".s*/*")} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in home.glob(".s*")} == {0o700}
    assert not list(home.glob("s*"))
    again = play("playbooks/validate.yml", "-i", str(home))
    assert (again.rc, "Moved" in again.text) == (0, False)


def test_check_mode_says_so_and_moves_nothing(play, home):
    old_layout(home)
    run = play("playbooks/validate.yml", "-i", str(home), "--check")
    assert run.rc == 0, run.text
    assert f"{home}/secrets to {home}/.secrets and {home}/ssh to {home}/.ssh would be moved" in said(run.text)
    assert not list(home.glob(".s*"))


def test_what_variables_still_name_stays_where_it_is(play, home):
    """A new password would be made at a place that was moved away, and the administrator's would change."""
    old_layout(home)
    variables = {
        "adguard_home_password": "{{ lookup('password', inventory_dir ~ '/secrets/adguard_home_password') }}",
        "ansible_ssh_private_key_file": "{{ inventory_dir | default('.') }}/ssh/id_ed25519",
    }
    write(home, {"group_vars/all.yml": "".join(f'{name}: "{value}"\n' for name, value in variables.items())})
    for _ in range(2):
        run = play("playbooks/validate.yml", "-i", str(home))
        assert run.rc == 2
        assert (
            f"inventory: adguard_home_password names {home}/secrets, where Ansible reads hosts; remove it, since a role"
            " keeps its password by itself, and what lies there is moved to .secrets."
        ) in said(run.text)
        assert (
            f"inventory: ansible_ssh_private_key_file names {home}/ssh, where Ansible reads hosts; write .ssh instead"
            " of ssh, and what lies there is moved to .ssh."
        ) in said(run.text)
        assert (home / "secrets/adguard_home_password").read_text() == f"{PASSWORD}\n"
        assert (home / "ssh/id_ed25519").read_text() == KEY
        assert not list(home.glob(".s*"))
    # What it asks for, and then it goes on.
    key = "{{ inventory_dir | default('.') }}/.ssh/id_ed25519"
    write(home, {"group_vars/all.yml": f'ansible_ssh_private_key_file: "{key}"\n'})
    assert play("playbooks/validate.yml", "-i", str(home)).rc == 0
    assert (home / ".secrets/adguard_home_password").read_text() == f"{PASSWORD}\n"


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        pytest.param("keys/admin", PASSWORD, "keys/admin", id="in-a-folder"),
        pytest.param("admin_password", PASSWORD, "admin_password", id="beside-the-hosts"),
        pytest.param("deep/secrets/admin.ini", PASSWORD, "deep/secrets", id="with-the-suffix-of-an-inventory"),
    ],
)
def test_hosts_out_of_other_files_are_refused_without_their_names(play, home, name, text, place):
    write(home, {name: f"{text}\n"})
    # Under this limit localhost is not there to be named.
    for arguments in ([], ["--limit", "all"]):
        run = play("playbooks/validate.yml", "-i", str(home), "-vvv", *arguments, **ELSEWHERE)
        assert run.rc == 2, run.text
        assert f"inventory: hosts were read out of {home}/{place}, which is not an inventory and may hold" in said(
            run.text
        )
        assert not [secret for secret in SECRETS if secret in run.text]


def test_a_secret_that_was_not_moved_yet_is_no_new_one(play, home, tmp_path):
    """In check mode, or where a playbook does not validate."""
    old_layout(home)
    write(home, {".secrets/second": "kept\n"})
    show = tmp_path / "show.yml"
    words = ("adguard_home_password", "second", "third")
    looked_up = [f"{{{{ lookup('hybrid_ai.cluster.secret', '{home}/.secrets/{word}') }}}}" for word in words]
    tasks = [{"ansible.builtin.debug": {"msg": looked_up}}]
    show.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    check = said(play(show, "--check").text)
    assert f"- {PASSWORD} - kept - what the first run makes" in check
    assert {path.name for path in home.glob(".secrets/*")} == {"second"}
    for _ in range(2):
        run = play(show)
        third = (home / ".secrets/third").read_text().strip()
        assert run.text.split("msg:")[1].split()[:6] == ["-", PASSWORD, "-", "kept", "-", third], run.text
    assert {path.name for path in home.glob(".secrets/*")} == {"second", "third"}
