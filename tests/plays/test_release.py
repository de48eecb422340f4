# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The role release between two hosts: what the second one verifies a file against, and who fetches it for both."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
NAME = "program-1.0.tar.gz"
GOOD, EVIL = b"what was published", b"what the store made of it"


def line(content):
    return f"{hashlib.sha256(content).hexdigest()}  {NAME}\n"


@pytest.fixture
def publisher(tmp_path):
    """The file and its list, as the management node finds them."""
    directory = tmp_path / "publisher"
    directory.mkdir()
    (directory / NAME).write_bytes(GOOD)
    (directory / "sha256sums.txt").write_text(line(GOOD))
    return directory


@pytest.fixture
def store(tmp_path):
    """A store whose file and whose word for it are both an attacker's; its port."""
    directory = tmp_path / "store"
    directory.mkdir()
    (directory / NAME).write_bytes(EVIL)
    (directory / f"{NAME}.sha256").write_text(line(EVIL))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=directory)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def have(tmp_path, publisher, port, checksum, *arguments, managed=True):
    """Have the file on both hosts, and return the run and where they keep it."""
    hosts = {
        name: {"ansible_connection": "local", "ansible_host": "127.0.0.1", "cluster_directory": str(tmp_path / name)}
        for name in ("manager", "worker")
    }
    inventory, playbook = tmp_path / "hosts.yml", tmp_path / "play.yml"
    variables = {
        "ansible_python_interpreter": sys.executable,
        "cluster_service_overrides": {"release_store": {"port": port}},
        "cluster_downloads_directory": str(tmp_path / "controller"),
        "release_file": {"url": f"file://{publisher / NAME}", "checksum": checksum},
    }
    groups = {"management": {"hosts": {"manager": {}}}} if managed else {}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables, "children": groups}}))
    play = {"hosts": "all", "gather_facts": False, "roles": ["hybrid_ai.cluster.release"]}
    playbook.write_text(yaml.safe_dump([play]))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", inventory, playbook, *arguments],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "no_proxy": "*"}
        | {"ANSIBLE_REMOTE_TMP": str(tmp_path / "on-the-host")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, *(tmp_path / name / "releases" / NAME for name in hosts)


def test_the_second_host_verifies_against_the_inventory(tmp_path, publisher, store):
    pinned = f"sha256:{hashlib.sha256(GOOD).hexdigest()}"
    done, managers, workers = have(tmp_path, publisher, store, pinned)
    assert managers.read_bytes() == GOOD
    assert not workers.exists()
    assert f"where {pinned} is pinned; it was not kept" in " ".join(done.stdout.split())
    assert done.returncode != 0


@pytest.mark.parametrize(
    "address", ["sha256:file://{}/sha256sums.txt", "sha256:http://127.0.0.1:{port}/" + NAME + ".sha256"]
)
def test_no_host_takes_the_word_of_a_server(tmp_path, publisher, store, address):
    done, managers, workers = have(tmp_path, publisher, store, address.format(publisher, port=store))
    assert not workers.exists()
    assert not managers.exists()
    assert "whoever serves a file can change its list too; write sha256:" in " ".join(done.stdout.split())


PINNED = f"sha256:{hashlib.sha256(GOOD).hexdigest()}"


def changes(done):
    """Return how many tasks changed something on each host."""
    recap = done.stdout.partition("PLAY RECAP")[2].splitlines()
    return {line.split()[0]: int(line.split("changed=")[1].split()[0]) for line in recap if "changed=" in line}


def test_without_a_management_node_the_controller_fetches_once_and_sends(tmp_path, publisher, store):
    predicted, *files = have(tmp_path, publisher, store, PINNED, "--check", managed=False)
    assert not any(file.exists() for file in files)
    assert not (tmp_path / "controller").exists()
    first, *files = have(tmp_path, publisher, store, PINNED, managed=False)
    assert first.returncode == 0, first.stdout
    assert [file.read_bytes() for file in files] == [GOOD, GOOD]
    assert [path.name for path in (tmp_path / "controller").iterdir()] == [NAME]
    assert [path for path in (tmp_path / "on-the-host").rglob("*") if path.is_file()] == []
    assert changes(predicted) == changes(first)
    assert sum(changes(first).values()) == 3
    # A host that has the file needs nothing of what the controller keeps.
    (tmp_path / "controller" / NAME).write_bytes(EVIL)
    files[0].write_bytes(EVIL)
    again, *files = have(tmp_path, publisher, store, PINNED, managed=False)
    assert again.returncode == 0, again.stdout
    assert [file.read_bytes() for file in files] == [GOOD, GOOD]
    assert sum(changes(again).values()) == 2
    assert sum(changes(have(tmp_path, publisher, store, PINNED, managed=False)[0]).values()) == 0


def test_what_a_host_is_sent_is_verified_there(tmp_path, publisher, store):
    """A file that is changed on its way, or after it was fetched, is not kept."""
    wrong = f"sha256:{hashlib.sha256(EVIL).hexdigest()}"
    done, *files = have(tmp_path, publisher, store, wrong, managed=False)
    assert f"where {wrong} is pinned; it was not kept" in " ".join(done.stdout.split())
    assert not any(file.exists() for file in files)
    assert done.returncode != 0


def test_a_management_node_that_is_off_is_passed_by(tmp_path, publisher, store):
    """What the role preflight noted of it decides, so that no host waits for it again."""
    off = ["-e", '{"__preflight_access": {"unreachable": true}}']
    done, *files = have(tmp_path, publisher, store, PINNED, *off)
    assert done.returncode == 0, done.stdout
    assert [file.read_bytes() for file in files] == [GOOD, GOOD]
    assert (tmp_path / "controller" / NAME).exists()
