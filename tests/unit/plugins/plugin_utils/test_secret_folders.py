# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What names a folder of secrets, what is not an inventory, and how a folder is moved without losing anything."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._moves import Move, MoveError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._secret_folders import (
    Secrets,
    check_folders,
    is_no_inventory,
    named_beside,
)

SECRETS = Secrets(
    frozenset({"admin_password", "kept_password", "cluster_secrets_directory"}), frozenset({"kept_password"})
)
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "inventories/home"
    home.mkdir(parents=True)
    (home / "hosts.yml").write_text("all: {}\n")
    return home


def fill(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("value", "names"),
    [
        pytest.param("{{ lookup('password', inventory_dir ~ '/secrets/x', length=20) }}", {"secrets"}, id="joined"),
        pytest.param("{{ lookup('file', inventory_dir + \"/secrets/x\") }}", {"secrets"}, id="added"),
        pytest.param("{{ inventory_dir | default('.') }}/ssh", {"ssh"}, id="after-a-default"),
        pytest.param("{{ [inventory_dir, 'secrets', 'x'] | path_join }}", {"secrets"}, id="path-join"),
        pytest.param("-o UserKnownHostsFile={{ inventory_dir }}/ssh/known_hosts -o A=b", {"ssh"}, id="an-option"),
        pytest.param([{"deep": "{{inventory_dir}}/keys/x"}], {"keys"}, id="nested"),
        pytest.param("inventories/home/secrets/x", {"secrets"}, id="relative"),
        pytest.param("HOME/secrets", {"secrets"}, id="absolute"),
        pytest.param("{{ inventory_dir }}/.secrets/x", {".secrets"}, id="where-it-belongs"),
        pytest.param("{{ inventory_dir }}/../keys", {".."}, id="outside"),
        pytest.param("/etc/ssh/ssh_config", set(), id="the-systems"),
        pytest.param("/srv/home.d/secrets", set(), id="elsewhere"),
        pytest.param(22, set(), id="a-number"),
    ],
)
def test_what_a_variable_names(home, value, names):
    if isinstance(value, str):
        value = value.replace("HOME", str(home))
    assert named_beside(value, home) == names


@pytest.mark.parametrize(
    ("name", "text", "strange"),
    [
        pytest.param("hosts.yml", "", False, id="yaml"),
        pytest.param("hosts", "", False, id="named-hosts"),
        pytest.param("rack1/hosts.ini", "", False, id="in-a-folder"),
        pytest.param("admin_password", "", True, id="no-suffix"),
        pytest.param("known_hosts", "", True, id="known-hosts"),
        pytest.param("key.pem", "", True, id="pem"),
        pytest.param("id_ed25519.pub", "", True, id="public-key"),
        pytest.param("inventory.yml", KEY, True, id="a-key-by-another-name"),
        pytest.param("secrets/hosts.yml", "", True, id="folder-of-secrets"),
        pytest.param(".ssh/hosts.yml", "", True, id="folder-of-keys"),
        pytest.param("access/tokens.yml", "", True, id="beside-a-key"),
        pytest.param("missing,", None, False, id="named-on-the-command-line"),
    ],
)
def test_what_is_no_inventory(home, name, text, strange):
    fill(home / "access", admin=KEY)
    if text is not None:
        fill((home / name).parent)
        (home / name).write_text(text)
    assert is_no_inventory(home / name, [home]) is strange


def test_a_folder_above_the_inventory_may_be_called_anything(tmp_path):
    fill(tmp_path / "secrets/home", **{"hosts.yml": "all: {}\n"})
    assert not is_no_inventory(tmp_path / "secrets/home/hosts.yml", [tmp_path / "secrets/home"])
    assert not is_no_inventory(tmp_path / "secrets/home/hosts.yml", [])


READ = "where Ansible reads hosts"
MOVED = "what lies there is moved to .secrets."
REMOVED = f"{READ}; remove it, since a role keeps its password by itself, and {MOVED}"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        pytest.param("my_notes", "{{ inventory_dir }}/notes/x", None, id="no-secret"),
        pytest.param(
            "base",
            "{{ inventory_dir }}/secrets",
            f"base names HOME/secrets, {READ}; write .secrets instead of secrets, and {MOVED}",
            id="by-a-detour",
        ),
        pytest.param(
            "kept_password",
            "{{ lookup('password', inventory_dir ~ '/secrets/a') }}",
            f"kept_password names HOME/secrets, {REMOVED}",
            id="what-a-role-keeps",
        ),
        pytest.param(
            "admin_password",
            "{{ lookup('file', inventory_dir ~ '/geheim/a') }}",
            f"admin_password names HOME/geheim, {READ}; write .geheim instead of geheim, and rename it to .geheim.",
            id="a-folder-of-their-own",
        ),
        pytest.param(
            "cluster_secrets_directory",
            "HOME/keys",
            f"cluster_secrets_directory names HOME/keys, {READ}; write .keys instead of keys, and rename it to .keys.",
            id="the-place-itself",
        ),
    ],
)
def test_a_place_that_ansible_reads_is_refused(home, name, value, sentence):
    own = {"inventory_dir": str(home), "inventory_file": str(home / "hosts.yml")}
    own[name] = value.replace("HOME", str(home))
    outcome = check_folders({"mini1": own}, [home], SECRETS, check_mode=False)
    assert outcome.sentences == ([f"inventory: {sentence.replace('HOME', str(home))}"] if sentence else [])


def test_a_folder_called_ssh_that_bootstrap_did_not_make_stays(home):
    fill(home / "ssh", config="Host *\n")
    own = {"inventory_dir": str(home), "inventory_file": str(home / "hosts.yml")}
    assert not check_folders({"mini1": own}, [home], SECRETS, check_mode=False).changed
    assert (home / "ssh/config").exists()


def test_files_join_what_is_there_already(home):
    old, new = fill(home / "secrets", a="1", b="2"), fill(home / ".secrets", b="2", c="3")
    fill(old / "deep", d="4")
    assert Move(old, new).apply()
    assert content(new) == {"a": "1", "b": "2", "c": "3", "deep/d": "4"}
    assert not old.exists()
    assert {path.stat().st_mode & 0o777 for path in new.rglob("*")} == {0o600, 0o700}


def test_a_different_secret_is_never_written_over(home):
    old, new = fill(home / "secrets", a="1", b="2"), fill(home / ".secrets", b="other")
    own = {"inventory_dir": str(home), "inventory_file": str(home / "hosts.yml")}
    outcome = check_folders({"mini1": own}, [home], SECRETS, check_mode=False)
    assert outcome.sentences == [
        f"inventory: {old}/b and {new}/b differ; keep the one that holds, and remove the other."
    ]
    assert (content(old), content(new)) == ({"a": "1", "b": "2"}, {"b": "other"})


def test_a_move_that_was_cut_off_is_completed(home, monkeypatch):
    old, new = fill(home / "secrets", a="1", b="2", c="3"), fill(home / ".secrets")
    unlink, left = Path.unlink, iter([True])

    def killed(path, *words, **named):
        if not next(left, False):
            raise KeyboardInterrupt
        unlink(path, *words, **named)

    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        Move(old, new).apply()
    monkeypatch.undo()
    Move(old, new).refuse_differences()
    assert Move(old, new).apply()
    assert content(new) == {"a": "1", "b": "2", "c": "3"}
    assert not old.exists()


def test_a_link_to_a_folder_elsewhere_is_renamed(home, tmp_path):
    (home / "secrets").symlink_to(fill(tmp_path / "vault", a="1"))
    assert Move(home / "secrets", home / ".secrets").apply()
    assert (home / ".secrets").readlink() == tmp_path / "vault"
    assert content(tmp_path / "vault") == {"a": "1"}


def test_what_cannot_be_moved_is_a_sentence(home, monkeypatch):
    old = fill(home / "secrets", a="1")

    def busy(*words):
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "rename", busy)
    with pytest.raises(MoveError, match=r"cannot be moved to .* \(Device or resource busy\); move it by hand"):
        Move(old, home / ".secrets").apply()
