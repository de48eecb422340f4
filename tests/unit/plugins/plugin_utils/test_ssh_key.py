# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Real keys of ssh-keygen: which of them a run can log in with, and what is wrong with the others."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._login_key import login_key
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory, Specs
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._ssh_key import KeyFileError, bare, public_half

if TYPE_CHECKING:
    from collections.abc import Callable

PASSPHRASE = "a passphrase"


def generate(file: Path, *options: str, passphrase: str = "") -> str:
    """Make a key and return its public half."""
    subprocess.run(["ssh-keygen", "-q", "-N", passphrase, "-f", str(file), *options], check=True)
    return Path(f"{file}.pub").read_text().strip()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key of each kind."""
    folder = tmp_path_factory.mktemp("keys")
    generate(folder / "plain", "-t", "ed25519", "-C", "me@desk")
    generate(folder / "old", "-t", "rsa", "-b", "2048", "-m", "PEM")
    generate(folder / "locked", "-t", "ed25519", passphrase=PASSPHRASE)
    generate(folder / "locked-old", "-t", "rsa", "-b", "2048", "-m", "PEM", passphrase=PASSPHRASE)
    for name in ("alone", "alone-locked", "mistaken", "open"):
        generate(folder / name, "-t", "ed25519", passphrase=PASSPHRASE if name == "alone-locked" else "")
    (folder / "alone.pub").unlink()
    (folder / "alone-locked.pub").unlink()
    (folder / "mistaken.pub").write_text((folder / "plain.pub").read_text())
    (folder / "open").chmod(0o644)
    (folder / "text").write_text("no key\n")
    (folder / "broken").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    (folder / "broken").chmod(0o600)
    (folder / "folder").mkdir()
    return folder


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Start an agent that holds the keys it is given, and end it."""
    started = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True).stdout
    variables = dict(part.split("=", 1) for part in started.replace("\n", "").split(";") if "=" in part)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def hold(file: Path) -> None:
        # The agent asks a program for the passphrase, as it does on a desktop.
        asked = file.parent / "ask"
        asked.write_text(f"#!/bin/sh\necho '{PASSPHRASE}'\n")
        asked.chmod(0o700)
        environment = {**os.environ, "SSH_ASKPASS": str(asked), "SSH_ASKPASS_REQUIRE": "force"}
        subprocess.run(["ssh-add", "-q", str(file)], env=environment, check=True)

    yield hold
    subprocess.run(["ssh-agent", "-k"], check=True, capture_output=True)


@pytest.mark.parametrize("name", ["plain", "old", "alone"])
def test_a_key_gives_its_public_half(keys: Path, name: str) -> None:
    found = public_half(keys / name)
    assert found.startswith("ssh-")
    beside = keys / f"{name}.pub"
    assert not beside.exists() or bare(found) == bare(beside.read_text())


def test_a_relative_path_and_one_below_the_home_are_found(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(keys)
    monkeypatch.setenv("HOME", str(keys))
    assert public_half(Path("plain")) == public_half(Path("~/plain")) == public_half(keys / "plain")


@pytest.mark.parametrize("name", ["locked", "locked-old"])
def test_a_key_with_a_passphrase_has_to_be_in_an_agent(keys: Path, agent: Callable[..., None], name: str) -> None:
    with pytest.raises(KeyFileError, match=rf"no SSH agent holds it; run `ssh-add .*/{name}`"):
        public_half(keys / name)
    assert bare(public_half(keys / name, may_ask=False)) == bare((keys / f"{name}.pub").read_text())
    agent(keys / name)
    assert bare(public_half(keys / name)) == bare((keys / f"{name}.pub").read_text())


def test_no_agent_is_one_that_holds_nothing(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(KeyFileError, match="no SSH agent holds it"):
        public_half(keys / "locked")


FAULTS = {
    "missing": "does not exist; write the path of the private key.",
    "folder": "is a folder; write the path of the private key in it.",
    "plain.pub": "is a public key; write the path of the private one, which has no .pub.",
    "text": "is not a private key of OpenSSH; write the path of one, or make one with `ssh-keygen`.",
    "open": "can be read by others, and ssh then refuses it; run `chmod 600 {}/open`.",
    "mistaken": "has a mistaken.pub beside it that is not its public half; remove {}/mistaken.pub.",
    "alone-locked": "has a passphrase and no public half beside it; write that with "
    "`ssh-keygen -y -f {0}/alone-locked > {0}/alone-locked.pub`.",
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_with_a_file_is_one_sentence(keys: Path, name: str) -> None:
    with pytest.raises(KeyFileError) as raised:
        public_half(keys / name)
    assert str(raised.value) == FAULTS[name].format(keys)


def test_what_ssh_keygen_says_of_a_broken_key_is_told(keys: Path) -> None:
    with pytest.raises(
        KeyFileError, match=r"is not a private key that ssh-keygen can read \(Load key .*; name another"
    ):
        public_half(keys / "broken")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_key_of_somebody_else_is_one_sentence(keys: Path) -> None:
    (keys / "text").chmod(0)
    with pytest.raises(KeyFileError, match=r"cannot be read \(Permission denied\)"):
        public_half(keys / "text")


def sentences(**hosts: dict[str, str | None]) -> list[str]:
    described = {
        name: Host(name, frozenset(), values=values, names=frozenset(values)) for name, values in hosts.items()
    }
    return [problem.sentence for problem in login_key(Inventory(described, {}, Specs({}, ())))]


def test_the_key_of_an_inventory_is_the_one_that_ansible_logs_in_with(keys: Path) -> None:
    own = str(keys / "plain")
    good = {"bootstrap_private_key_file": own}
    other = {**good, "ansible_ssh_private_key_file": "/elsewhere/key"}
    assert sentences(a={}, b={"bootstrap_private_key_file": None}) == []
    assert sentences(a=good, b={**good, "ansible_ssh_private_key_file": own}) == []
    assert sentences(a=good, b=other) == [
        (
            "b: ansible_ssh_private_key_file is /elsewhere/key, but bootstrap authorizes bootstrap_private_key_file "
            f"{own}; "
            'write "{{ bootstrap_private_key_file }}" for ansible_ssh_private_key_file.'
        )
    ]


def test_a_wrong_key_is_named_for_each_host(keys: Path) -> None:
    wrong = {"bootstrap_private_key_file": str(keys / "text")}
    fault = f"bootstrap_private_key_file is {keys}/text, which {FAULTS['text']}"
    assert sentences(a=wrong, b=wrong) == [f"a: {fault}", f"b: {fault}"]


def test_a_passphrase_that_the_inventory_knows_needs_no_agent(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    locked = {"bootstrap_private_key_file": str(keys / "locked")}
    assert len(sentences(a=locked)) == 1
    assert sentences(a={**locked, "ansible_ssh_private_key_passphrase": "{{ from_a_vault }}"}) == []
