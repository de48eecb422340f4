# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What was read of an inventory is kept until something changes that it follows from, if files alone decide it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret, VaultSecretsContext

from hybrid_cluster.command import inventory, kept, project
from tests.unit.command.conftest import COMMAND, LINKS, MODELS, REPOSITORY, environment

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTS = {
    "all": {
        "vars": {"cluster_models": MODELS, "thunderbolt_links": LINKS, "cluster_domain": "olab"},
        "children": {
            "macos": {"hosts": {f"mini{number}": {"ansible_host": f"10.66.1.{number}"} for number in (1, 2, 3)}},
            "linux": {"hosts": {"desk": {"ansible_connection": "local"}, "gpu1": {"cluster_wake": True}}},
            "management": {"hosts": {"desk": None}},
            "exo": {"hosts": {"mini1": None, "mini2": None}},
            "mlx_lm": {"hosts": {"mini2": None}},
            "llama_cpp": {"hosts": {"gpu1": None}},
            "ollama": {"hosts": {"gpu1": None}},
        },
    }
}
PASSWORD = "open sesame"
SECRET = "nobody may read this"


def encrypted(text: str) -> str:
    return VaultLib([("default", VaultSecret(PASSWORD.encode()))]).encrypt(text).decode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an inventory with variables in files."""
    folder = tmp_path / "home"
    (folder / "group_vars").mkdir(parents=True)
    (folder / "hosts.yml").write_text(json.dumps(HOSTS))
    (folder / "group_vars/all.yml").write_text("memory_gigabytes: 16\n")
    return folder


def settle(place: Path) -> None:
    """Have everything there been written a while ago."""
    then = time.time() - 3600
    for path in (place, *place.rglob("*")):
        os.utime(path, (then, then), follow_symlinks=False)


@pytest.fixture
def read(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[inventory.Cluster, bool]]:
    """Read the inventory; return it, and whether it was kept before."""
    monkeypatch.setenv("ANSIBLE_CONFIG", str(REPOSITORY / "ansible.cfg"))
    monkeypatch.setenv("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "true")
    monkeypatch.chdir(tmp_path)
    # In the process of the tests the collection can be imported already.
    monkeypatch.setattr(project, "prepare", project.find)
    reads: list[None] = []
    really = inventory._read

    def counted(sources: tuple[str, ...]) -> Any:
        reads.append(None)
        return really(sources)

    monkeypatch.setattr(inventory, "_read", counted)

    def call(*sources: str, settled: bool = True) -> tuple[inventory.Cluster, bool]:
        if settled:
            settle(home)
        # Ansible has its vaults opened once in each process.
        monkeypatch.setattr(VaultSecretsContext, "_current", None)
        before = len(reads)
        found = inventory.read(sources or (str(home),))
        return found, len(reads) == before

    return call


def is_kept(home: Path) -> bool:
    return kept.load(kept.key_of(project.find(), [str(home)])) is not None


def files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_what_is_kept_is_what_was_read(read, tmp_path):
    fresh, was_kept = read()
    assert not was_kept
    again, was_kept = read()
    # To settle it touches files, which is a change.
    assert not was_kept
    again, was_kept = read(settled=False)
    assert was_kept
    for name in ("sources", "groups", "hosts", "values", "names", "services", "models", "models_by_host"):
        assert getattr(again, name) == getattr(fresh, name), name
    assert again.secret("haproxy_password") is None
    assert again.matching("macos:!mini3") == ["mini1", "mini2"]


def test_it_is_for_its_owner_alone(read, home, tmp_path):
    read()
    (path,) = files(tmp_path)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert read(settled=False)[1]
    document = path.read_text()
    for text, mode in ((document, 0o644), ("{", 0o600), ("[]", 0o600)):
        path.write_text(text)
        path.chmod(mode)
        assert not is_kept(home)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert not is_kept(home)
    assert not read(settled=False)[1]
    assert (path.stat().st_mode & 0o777, path.is_symlink()) == (0o600, False)
    assert read(settled=False)[1]


def rewrite(path: Path) -> None:
    """Change a file so that its size and its time are what they were."""
    before = path.stat()
    path.write_text(path.read_text().replace("10.66.1.1", "10.66.1.9"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


CHANGES = [
    pytest.param(lambda home: rewrite(home / "hosts.yml"), id="content of the same size and time"),
    pytest.param(lambda home: replace(home / "hosts.yml"), id="another file in its place"),
    pytest.param(lambda home: (home / "group_vars/all.yml").write_text("memory_gigabytes: 8\n"), id="a variable"),
    pytest.param(lambda home: (home / "group_vars/all.yml").unlink(), id="a file less"),
    pytest.param(lambda home: (home / "group_vars/macos.yml").write_text("{}"), id="variables of another group"),
    pytest.param(lambda home: (home / "host_vars").mkdir(), id="a folder for variables of hosts"),
    pytest.param(lambda home: (home / "more.yml").write_text("all: {hosts: {mini9: }}"), id="another file of hosts"),
    pytest.param(lambda home: (home.parent / "group_vars").mkdir(), id="variables where it is run"),
    pytest.param(lambda home: (home.parent / "ansible.cfg").write_text("[defaults]\n"), id="another configuration"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_has_it_read_anew(read, home, change):
    read()
    assert is_kept(home)
    change(home)
    assert not is_kept(home)


SURROUNDINGS = [
    pytest.param(lambda patch: patch.setenv("ANSIBLE_HASH_BEHAVIOUR", "merge"), id="a setting of Ansible"),
    pytest.param(lambda patch: patch.setenv("HOME", "/nowhere"), id="another person"),
    pytest.param(lambda patch: patch.setattr(kept, "FORMAT", kept.FORMAT + 1), id="another version of this command"),
    pytest.param(lambda patch: patch.setattr(sys, "version", "4.0"), id="another Python"),
    pytest.param(lambda patch: patch.setattr(kept.importlib.util, "find_spec", lambda _: None), id="another Ansible"),
    pytest.param(lambda patch: patch.chdir("/"), id="another folder"),
]


@pytest.mark.parametrize("change", SURROUNDINGS)
def test_it_is_of_its_surroundings(read, home, monkeypatch, change):
    read()
    with monkeypatch.context() as patch:
        change(patch)
        assert not is_kept(home)
    assert is_kept(home)


def test_other_inventories_are_other_questions(read, home, tmp_path):
    read()
    (tmp_path / "more.yml").write_text("all: {hosts: {mini9: }}")
    more, was_kept = read(str(home), str(tmp_path / "more.yml"), settled=False)
    assert "mini9" in more.hosts
    assert not was_kept
    assert "mini9" not in read(settled=False)[0].hosts


def test_what_the_collection_has_is_watched(read, tmp_path):
    read()
    (path,) = files(tmp_path)
    watched = json.loads(path.read_text())["files"]
    for name in ("roles/cluster_values/defaults/main.yml", "roles/cluster/meta/argument_specs.yml", "ansible.cfg"):
        assert any(one.endswith(f"/{name}") for one in watched), name
    assert str(Path(inventory.__file__)) in watched
    assert any(one.endswith("plugin_utils/_inventory_reader.py") for one in watched)


def write(name: str, text: str, *, executable: bool = False) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        (home / name).write_text(text)
        if executable:
            (home / name).chmod(0o755)

    return change


def variable(name: str, value: Any) -> Callable[[Path], None]:
    return write("group_vars/macos.yml", yaml.safe_dump({name: value}))


LISTING = json.dumps({"macos": {"hosts": ["mini8"]}, "_meta": {"hostvars": {}}})
VARYING = [
    pytest.param(variable("ansible_port", "{{ lookup('env', 'PORT') }}"), id="a lookup"),
    pytest.param(variable("ansible_port", "{{ (now().hour % 2) + 1 }}"), id="the time"),
    pytest.param(variable("ansible_port", "{{ [22, 2222] | random }}"), id="chance"),
    pytest.param(variable("cluster_wake", "{{ '/etc/hosts' is exists }}"), id="what is on the disk"),
    pytest.param(
        write("group_vars/macos.yml", "ansible_port: '{{ other }}'\nother: \"{{ query('env', 'PORT') | first }}\"\n"),
        id="a lookup of another variable",
    ),
]


@pytest.mark.parametrize("change", VARYING)
def test_what_varies_is_not_kept(read, home, monkeypatch, tmp_path, change):
    monkeypatch.setenv("PORT", "2222")
    change(home)
    read()
    assert files(tmp_path) == []


def test_a_program_that_lists_hosts_is_asked_each_time(read, home, monkeypatch, tmp_path):
    write("hosts.sh", f"#!/bin/sh\necho '{LISTING}'\n", executable=True)(home)
    monkeypatch.setattr("ansible.constants.INVENTORY_ENABLED", ["yaml", "script"])
    assert "mini8" in read()[0].hosts
    assert files(tmp_path) == []


def test_a_plugin_that_makes_hosts_is_asked_each_time(read, home, monkeypatch, tmp_path):
    text = "plugin: generator\nhosts: {name: 'mini{{ n }}'}\nlayers: {n: [8]}\n"
    write("made.config", text)(home)
    monkeypatch.setattr("ansible.constants.INVENTORY_ENABLED", ["generator", "yaml"])
    assert "mini8" in read()[0].hosts
    assert files(tmp_path) == []


def test_what_is_encrypted_is_nowhere(read, home, monkeypatch, tmp_path):
    vault = tmp_path / "vault"
    vault.write_text(PASSWORD)
    settle(vault)
    monkeypatch.setattr("ansible.constants.DEFAULT_VAULT_PASSWORD_FILE", str(vault))
    indented = encrypted(SECRET).replace("\n", "\n  ")
    # A password beside what the command reads does not keep the rest from being kept; it is not in it.
    write("group_vars/all.yml", f"haproxy_password: !vault |\n  {indented}\n")(home)
    first, _ = read()
    (path,) = files(tmp_path)
    assert "$ANSIBLE_VAULT" not in path.read_text()
    assert SECRET not in path.read_text()
    assert first.secret("haproxy_password") == SECRET
    assert read(settled=False)[1]
    path.unlink()
    # What the command reads is encrypted.
    write("group_vars/all.yml", f"thunderbolt_address: !vault |\n  {indented}\n")(home)
    assert read()[0].hosts["mini2"].thunderbolt_address == SECRET
    assert files(tmp_path) == []
    # The whole file is.
    write("group_vars/all.yml", encrypted("cluster_domain: hidden\n"))(home)
    read()
    assert files(tmp_path) == []


def test_what_was_just_written_may_be_written_again(read, home, tmp_path):
    (home / "group_vars/all.yml").write_text("memory_gigabytes: 8\n")
    read(settled=False)
    assert files(tmp_path) == []


def test_where_nothing_can_be_written_it_is_read_each_time(read, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert not read()[1]
    assert not read(settled=False)[1]


def test_no_variable_of_the_command_is_a_secret():
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cluster_content import WANTED
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import (
        load_specs,
        secret_variables,
    )

    assert WANTED.isdisjoint(secret_variables(load_specs()))


def test_ansible_is_not_even_imported(home, tmp_path):
    settle(home)
    argv = [COMMAND[0], "-X", "importtime", *COMMAND[1:], "models", "--json", "-i", str(home)]
    said = [
        subprocess.run(argv, cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert said[0].stdout == said[1].stdout
    imported = [{line.rpartition("|")[2].strip() for line in one.stderr.splitlines()} for one in said]
    assert ["ansible.constants" in names for names in imported] == [True, False]


def test_ansible_can_be_asked_after_all(home):
    script = (
        "import sys\nfrom hybrid_cluster.command import inventory\n"
        "found = inventory.read([sys.argv[1]])\n"
        "print(sorted(found.services), len(found.models), file=sys.stderr)\n"
        "print('ansible' in sys.modules)\n"
        "print(found.matching('macos'), found.secret('haproxy_password'), sorted(found.services), len(found.models))\n"
    )
    (home / "group_vars/all.yml").write_text("haproxy_password: mine\n")
    settle(home)
    argv = [sys.executable, "-c", script, str(home)]
    first, again = (
        subprocess.run(argv, cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=True)
        for _ in range(2)
    )
    assert [run.stdout.splitlines()[0] for run in (first, again)] == ["True", "False"]
    assert first.stdout.splitlines()[1] == again.stdout.splitlines()[1]
    assert again.stdout.splitlines()[1].startswith("['mini1', 'mini2', 'mini3'] mine ")
    assert first.stderr == again.stderr
