# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The role release between two hosts and a store that lies: what the second host verifies a file against."""

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


def have(tmp_path, publisher, port, checksum):
    """Have the file on both hosts, and return the run and where they keep it."""
    hosts = {
        name: {"ansible_connection": "local", "ansible_host": "127.0.0.1", "cluster_directory": str(tmp_path / name)}
        for name in ("manager", "worker")
    }
    inventory, playbook = tmp_path / "hosts.yml", tmp_path / "play.yml"
    variables = {
        "ansible_python_interpreter": sys.executable,
        "cluster_service_overrides": {"release_store": {"port": port}},
        "release_file": {"url": f"file://{publisher / NAME}", "checksum": checksum},
    }
    groups = {"management": {"hosts": {"manager": {}}}}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables, "children": groups}}))
    play = {"hosts": "all", "gather_facts": False, "roles": ["hybrid_ai.cluster.release"]}
    playbook.write_text(yaml.safe_dump([play]))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", inventory, playbook],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "no_proxy": "*"},
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
