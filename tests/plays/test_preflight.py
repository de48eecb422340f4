# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every host is looked at before any host is changed: who stops a run, who is left out, and what a person reads.

ssh is a program that answers for each address as OpenSSH and the host behind it would, and nothing else is run.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.plays.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable

DESK = {
    "olab0": "10.66.1.10",
    "olab1": "10.66.1.11",
    "olab2": "10.66.1.12",
    "olab3": "10.66.1.13",
    "gpu1": "10.66.1.20",
}
ASKS = "sudo: a password is required"
SSH = """#!/bin/sh
for last; do :; done
export SAID USERS_GROUPS KERNEL BREW MACHINE
USERS_GROUPS="staff admin"
case "$*" in
{cases}
esac
echo "$*" >> {here}/asked
PATH={here}/bin:$PATH exec /bin/sh -c "$last"
"""
RESOLVER = """
import socket

known = socket.getaddrinfo

def getaddrinfo(host, *arguments, **named):
    if host == "olab.":
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 0))]
    if str(host).endswith("."):
        raise socket.gaierror(-2, "Name or service not known")
    return known(host, *arguments, **named)

socket.getaddrinfo = getaddrinfo
"""
PROGRAMS = {
    "uname": 'case "$1" in -m) echo ${MACHINE:-x86_64};; *) echo $KERNEL;; esac',
    "id": 'case "$1" in -un) echo admin;; -u) echo ${ROOT:-501};; -Gn) echo $USERS_GROUPS;; esac',
    # What bootstrap asks first is whether it asks for a password.
    "sudo": '[ "$1" != -k ] || exit 0\n[ -z "$SAID" ] || { echo "$SAID" >&2; exit 1; }\n'
    'while [ "$1" != root ]; do shift; done; shift\nROOT=0 exec "$@"',
}


@pytest.fixture
def desk(tmp_path: Path, play: Callable) -> Callable:
    """Run a playbook over the desk; hosts that are named answer otherwise, with lines of shell."""

    def run(*arguments: str, inventory: str = "desk", playbook: Path | None = None, **hosts: str):
        (tmp_path / "bin").mkdir()
        programs = {f"bin/{name}": f"#!/bin/sh\n{text}\n" for name, text in PROGRAMS.items()}
        cases = []
        for name, address in DESK.items():
            kernel = "Darwin" if name in ("olab1", "olab2", "olab3") else "Linux"
            cases.append(f"*{address}*) KERNEL={kernel}; {hosts.get(name, ':')};;")
        for name, text in {**programs, "ssh": SSH.format(here=tmp_path, cases="\n".join(cases))}.items():
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        if playbook is None:
            playbook = tmp_path / "site.yml"
            imports = [
                {"import_playbook": str(REPOSITORY / f"playbooks/{name}.yml")} for name in ("validate", "preflight")
            ]
            task = {"name": "Change the host", "ansible.builtin.debug": {"msg": "changed"}}
            changing = {"name": "Changes", "hosts": "all", "gather_facts": False, "tasks": [task]}
            playbook.write_text(yaml.safe_dump([*imports, changing]))
        path = Path(inventory) if "/" in inventory else REPOSITORY / f"tests/inventories/good/{inventory}.yml"
        return play(playbook, "-i", str(path), *arguments, ANSIBLE_SSH_EXECUTABLE=str(tmp_path / "ssh"))

    return run


def refuses(said: str) -> str:
    """Return what a host does that ssh cannot get into."""
    return f"echo '{said}' >&2; exit 255"


def went_on(text: str) -> set[str]:
    """Return the hosts that something was done on."""
    changes = text.partition("TASK [Change the host]")[2].partition("PLAY RECAP")[0]
    return {line.split("[")[1].split("]")[0] for line in changes.splitlines() if line.startswith("ok: [")}


def wrong(text: str) -> list[str]:
    """Return the end of a run."""
    return [line for line in text.partition("WHAT IS WRONG")[2].splitlines()[1:] if line]


def test_hosts_that_are_ready_are_changed(desk: Callable) -> None:
    done = desk()
    assert done.rc == 0, done.text
    assert went_on(done.text) == set(DESK)
    assert wrong(done.text) == []


def test_one_host_that_a_person_has_to_prepare_stops_all_of_them(desk: Callable) -> None:
    refused = refuses("ssh: connect to host 10.66.1.11 port 22: Connection refused")
    done = desk(gpu1=f"USERS_GROUPS=users; SAID='{ASKS}'", olab1=refused, olab2=f"SAID='{ASKS}'")
    assert done.rc == 2, done.text
    assert "PLAY [Changes]" not in done.text
    assert wrong(done.text) == [
        (
            "gpu1: sudo asks admin, who is in no group of administrators, for a password; if a rule of sudo allows "
            "admin everything, run playbooks/bootstrap.yml with -K once, after which it asks no more; if none does, "
            "log in as root and run `usermod -aG sudo admin`, or name another ansible_user."
        ),
        (
            "olab1: unreachable: 10.66.1.11 lets nobody log in; switch Remote Login on at its screen, in System "
            "Settings under General, Sharing."
        ),
        "olab2: sudo asks admin for a password; run playbooks/bootstrap.yml with -K once, after which it asks no more.",
        "3 hosts were not completed.",
        "No host was changed; run this again when that is done.",
    ]


def test_a_playbook_of_site_yml_looks_first_when_it_is_run_alone(desk: Callable) -> None:
    done = desk(playbook=REPOSITORY / "playbooks/dns.yml", olab2=f"SAID='{ASKS}'")
    assert done.rc == 2, done.text
    assert "Check the whole inventory" in done.text
    assert "PLAY [DNS server]" not in done.text
    assert wrong(done.text) == [
        "olab2: sudo asks admin for a password; run playbooks/bootstrap.yml with -K once, after which it asks no more.",
        "1 host was not completed.",
        "No host was changed; run this again when that is done.",
    ]


@pytest.mark.parametrize("playbook", ["site.yml", "playbooks/dns.yml", "playbooks/monitoring.yml"])
def test_a_run_looks_once(play: Callable, playbook: str) -> None:
    done = play(playbook, "-i", str(REPOSITORY / "tests/inventories/good/desk.yml"), "--list-tasks")
    assert done.rc == 0, done.text
    for task in ("Check the whole inventory", "Check the host before anything is changed"):
        assert done.text.count(task) == 1, done.text


def test_a_domain_that_is_somebodys_stops_a_run_before_any_host(
    desk: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A resolver that knows one name, for the program that is run.
    (tmp_path / "python").mkdir()
    (tmp_path / "python/sitecustomize.py").write_text(RESOLVER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "python"))
    done = desk()
    assert done.rc == 2, done.text
    assert "cluster_domain is olab, but olab has the address 93.184.215.14 on the internet" in done.text
    assert went_on(done.text) == set()
    assert not (tmp_path / "asked").exists()


def test_a_playbook_of_site_yml_validates_the_inventory_when_it_is_run_alone(play: Callable, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all: {children: {macos: {hosts: {mini1: {}}}}}\n")
    done = play("playbooks/macos.yml", "-i", str(inventory), "--limit", "mini1", "--tags", "thunderbolt")
    assert done.rc == 2, done.text
    assert "no host was touched." in done.text
    assert done.text.count("PLAY [") == 1


def test_a_host_that_is_off_is_left_out(desk: Callable) -> None:
    done = desk(olab3=refuses("ssh: connect to host 10.66.1.13 port 22: No route to host"))
    assert done.rc == 4, done.text
    assert went_on(done.text) == set(DESK) - {"olab3"}
    assert wrong(done.text) == [
        (
            "olab3: unreachable: 10.66.1.13 does not answer; see that it is on, awake and cabled, and that "
            "ansible_host is right."
        ),
        "1 host was not completed.",
    ]


def test_the_others_go_on_without_the_management_node(desk: Callable, tmp_path: Path) -> None:
    """A play for it alone, which comes first in site.yml, does not end the run."""
    alone = {"hosts": "management", "gather_facts": False, "tasks": [{"ansible.builtin.ping": None}]}
    task = {"name": "Change the host", "ansible.builtin.debug": {"msg": "changed"}}
    site = tmp_path / "site.yml"
    imports = [{"import_playbook": str(REPOSITORY / f"playbooks/{name}.yml")} for name in ("validate", "preflight")]
    others = {"hosts": "all", "gather_facts": False, "tasks": [task]}
    site.write_text(yaml.safe_dump([*imports, alone, others]))
    unknown = refuses("Host key verification failed.")
    done = desk(playbook=site, olab0=unknown)
    assert done.rc == 4, done.text
    assert went_on(done.text) == set(DESK) - {"olab0"}
    assert wrong(done.text) == [
        (
            "olab0: unreachable: its host key is not known here, because playbooks/bootstrap.yml has not run for it; "
            "run that first, with -k -K."
        ),
        "1 host was not completed.",
        (
            "Without olab0, names, download cache, dashboards, alerts and web pages were left as they are; run this "
            "again when it can be reached."
        ),
    ]


HOMEBREW = (
    "olab1: it has no Homebrew, from which {} come on a Mac that manages the others; log in to it as admin and run the "
    "command that https://brew.sh shows, or name a Linux machine in the group management."
)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        pytest.param(
            [],
            [
                (
                    "olab2: its processor is riscv64, and exo runs on x86_64 and arm64 alone; take the host out of the "
                    "group exo."
                ),
                "1 host was not completed.",
                "No host was changed; run this again when that is done.",
            ],
            id="all",
        ),
        pytest.param(["--tags", "dns,preflight"], [], id="not-about-backends"),
    ],
)
def test_a_host_of_a_backend_has_a_processor_that_it_runs_on(
    desk: Callable, arguments: list[str], wanted: list[str]
) -> None:
    # gpu1 serves nothing, so that its own does not matter.
    done = desk(*arguments, olab2="MACHINE=riscv64", gpu1="MACHINE=ppc64le")
    assert wrong(done.text) == wanted, done.text


@pytest.mark.skipif(Path("/opt/homebrew/bin/brew").exists(), reason="this machine has Homebrew")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param([], HOMEBREW.format("Squid and HAProxy"), id="both"),
        pytest.param(["-e", '{"cluster_web_front": false}'], HOMEBREW.format("Squid"), id="no-web-front"),
        pytest.param(["--skip-tags", "preflight"], None, id="not-looked-at"),
        pytest.param(["-e", '{"cluster_web_front": false, "cluster_download_cache": false}'], None, id="neither"),
        pytest.param(["--limit", "olab2"], None, id="another-mac"),
    ],
)
def test_a_managing_mac_needs_homebrew(desk: Callable, arguments: list[str], sentence: str | None) -> None:
    done = desk(*arguments, inventory="mac_management")
    assert (done.rc, wrong(done.text)[:1]) == ((2, [sentence]) if sentence else (0, [])), done.text


def test_bootstrap_looks_at_every_host_first(desk: Callable, tmp_path: Path) -> None:
    here = ["-e", f"bootstrap_ssh_directory={tmp_path}/.ssh", "-e", f"cluster_downloads_directory={tmp_path}/downloads"]
    done = desk(*here, playbook=REPOSITORY / "playbooks/bootstrap.yml", olab2=f"SAID='{ASKS}'")
    assert done.rc == 2, done.text
    assert wrong(done.text) == [
        "olab2: sudo asks admin for a password; run this with -K, which asks you for it.",
        "1 host was not completed.",
        "No host was changed; run this again when that is done.",
    ]
    asked = (tmp_path / "asked").read_text()
    assert "authorized_keys" not in asked
    assert "StrictHostKeyChecking=accept-new" in asked


@pytest.fixture
def bare(tmp_path: Path) -> Callable:
    """Write an inventory of hosts by name and platform, with a Python for Macs that cannot be fetched."""

    def write(variables: dict, **hosts: str) -> str:
        groups: dict = {}
        for name, platform in hosts.items():
            (tmp_path / "homes" / name).mkdir(parents=True)
            groups.setdefault(platform, {"hosts": {}})["hosts"][name] = {"ansible_host": DESK[name]}
        shared = {
            "ansible_python_interpreter": sys.executable,
            "bootstrap_ssh_directory": f"{tmp_path}/.ssh",
            "cluster_downloads_directory": f"{tmp_path}/downloads",
            "cluster_lan_subnet": "10.66.1.0/24",
            "bootstrap_python_release": {"url": "http://127.0.0.1:1/python.tgz", "checksum": f"sha256:{'0' * 64}"},
        }
        path = tmp_path / "hosts.yml"
        path.write_text(yaml.safe_dump({"all": {"vars": {**shared, **variables}, "children": groups}}))
        return str(path)

    return write


def at_home(tmp_path: Path, *names: str) -> dict[str, str]:
    """Return how hosts answer that have a home of their own each."""
    return {name: f"export HOME={tmp_path}/homes/{name}" for name in names}


def test_bootstrap_brings_a_key_of_ones_own_to_hosts_that_need_no_password(
    desk: Callable, bare: Callable, tmp_path: Path
) -> None:
    key = tmp_path / ".keys/my_key"
    key.parent.mkdir()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "me@desk", "-f", str(key)], check=True)
    public = key.with_name("my_key.pub").read_text()
    login = {"bootstrap_private_key_file": str(key), "ansible_ssh_private_key_file": "{{ bootstrap_private_key_file }}"}
    inventory = bare(login, olab0="linux", gpu1="linux")
    new, known = (tmp_path / f"homes/{name}/.ssh/authorized_keys" for name in ("olab0", "gpu1"))
    # One host knows it already, under another comment.
    known.parent.mkdir()
    known.write_text(public.replace("me@desk", "my old desk"))
    answers = at_home(tmp_path, "olab0", "gpu1")
    done = desk(playbook=REPOSITORY / "playbooks/bootstrap.yml", inventory=inventory, **answers)
    assert done.rc == 0, done.text
    assert new.read_text() == public
    assert known.read_text() == public.replace("me@desk", "my old desk")
    assert not (tmp_path / ".ssh/id_ed25519").exists()
    assert f'IdentityFile="{key}"' in (tmp_path / "asked").read_text()


def test_bootstrap_without_internet_says_where_to_put_the_python(
    desk: Callable, bare: Callable, tmp_path: Path
) -> None:
    inventory = bare({"ansible_python_interpreter": "/opt/hybrid-ai/python/bin/python3"}, olab1="macos")
    answers = at_home(tmp_path, "olab1")
    done = desk(playbook=REPOSITORY / "playbooks/bootstrap.yml", inventory=inventory, **answers)
    assert done.rc == 2, done.text
    said = " ".join(done.text.split())
    assert "http://127.0.0.1:1/python.tgz cannot be fetched:" in said
    assert f"name a mirror of it, or put the file at {tmp_path}/downloads/python.tgz by hand." in said
    assert not (tmp_path / "homes/olab1/.ssh").exists()
