# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Secrets: what is encrypted is accepted, what anybody can read is not, and no sentence repeats one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret, VaultSecretsContext
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import read_inventory

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

KEYS = [("default", VaultSecret(b"vault password"))]


def encrypted(text: str) -> str:
    return VaultLib(KEYS).encrypt(text, KEYS[0][1]).decode()


def inline(text: str) -> str:
    return "!vault |\n" + "".join(f"  {line}\n" for line in encrypted(text).splitlines())


def read(folder: Path, variables: str, *, unlocked: bool = True) -> Inventory:
    (folder / "hosts.yml").write_text("all: {hosts: {mini: {ansible_host: 10.0.0.1}}}\n")
    (folder / "group_vars").mkdir()
    (folder / "group_vars" / "all.yml").write_text(variables)
    loader = DataLoader()
    if unlocked:
        loader.set_vault_secrets(KEYS)
    inventory = InventoryManager(loader=loader, sources=[str(folder)])
    hostvars = HostVars(inventory, VariableManager(loader=loader, inventory=inventory), loader)
    return read_inventory(hostvars, inventory.get_groups_dict(), loader)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param("ansible_become_password: s3cret\n", ("ansible_become_password",), id="plain"),
        pytest.param(f"ansible_become_password: {inline('s3cret')}", (), id="encrypted-value"),
        pytest.param(encrypted("ansible_become_password: s3cret\n"), (), id="encrypted-file"),
        pytest.param("ansible_password: '{{ kept_elsewhere }}'\n", (), id="reference"),
        pytest.param("ansible_password: null\n", (), id="unset"),
        pytest.param("exo_environment: {HF_HUB_OFFLINE: '1'}\n", (), id="a mapping without a secret"),
        pytest.param("exo_environment: {HF_TOKEN: s3cret}\n", ("exo_environment",), id="a mapping with a secret"),
        pytest.param("exo_environment: {HF_TOKEN: '{{ kept }}'}\n", (), id="a mapping with a reference"),
        pytest.param(
            f"exo_environment:\n  HF_TOKEN: {inline('s3cret').replace(chr(10) + '  ', chr(10) + '    ')}",
            (),
            id="a mapping with an encrypted value",
        ),
        pytest.param(
            "prometheus_extra_scrape_configs: [{job_name: a, basic_auth: {username: u, password: s3cret}}]\n",
            ("prometheus_extra_scrape_configs",),
            id="a list with a password",
        ),
        pytest.param(
            "prometheus_extra_scrape_configs: [{job_name: a, basic_auth: {username: u, password_file: /run/p}}]\n",
            (),
            id="a list with the file of a password",
        ),
        pytest.param("alertmanager_webhooks: ['http://10.0.0.9:9/a']\n", (), id="an address"),
        pytest.param("alertmanager_webhooks: ['http://u:s3cret@h/a']\n", ("alertmanager_webhooks",), id="with login"),
    ],
)
def test_secrets(tmp_path: Path, variables: str, expected: tuple[str, ...]) -> None:
    assert read(tmp_path, variables).hosts["mini"].plain_secrets == expected


def test_an_encrypted_value_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext(KEYS))
    inventory = read(tmp_path, f"exo_namespace: {inline('quiet')}")
    assert inventory.hosts["mini"].get("exo_namespace") == "quiet"
    assert inventory.unresolved == []


def test_a_value_that_cannot_be_decrypted_is_one_problem(tmp_path: Path) -> None:
    inventory = read(tmp_path, f"exo_namespace: {inline('quiet')}", unlocked=False)
    assert len(inventory.unresolved) == 1
    place = f"{tmp_path}/group_vars/all.yml:1"
    assert inventory.unresolved[0].sentence.startswith(f"mini: exo_namespace in {place} cannot be decrypted; ")


def test_what_follows_from_facts_is_left_for_later(tmp_path: Path) -> None:
    inventory = read(tmp_path, "exo_uid: '{{ ansible_facts.processor_cores + 1 }}'\n")
    assert inventory.unresolved == []
    assert inventory.hosts["mini"].get("exo_uid") is None


def test_defaults_follow_what_the_inventory_says(tmp_path: Path) -> None:
    host = read(tmp_path, "cluster_directory: /srv/ai\n").hosts["mini"]
    assert host.get("exo_home") == "/srv/ai/exo"
    assert "exo_home" not in host.given


def test_a_secret_that_a_run_makes_is_not_made_by_a_look(tmp_path: Path) -> None:
    assert read(tmp_path, "cluster_domain: home\n").hosts["mini"].get("exo_namespace") is None
    assert not (tmp_path / ".secrets").exists()


SSH = [
    pytest.param(
        "ansible_ssh_args: -C\nansible_ssh_common_args: -o A=1\nansible_ssh_extra_args: -o 'B 2'\n"
        "ansible_ssh_timeout: 7\n",
        ("-C", "-o", "ConnectTimeout=7", "-o", "A=1", "-o", "B 2"),
        id="in ssh's order",
    ),
    pytest.param(
        "patience: 9\nansible_ssh_args: -o ServerAliveInterval={{ patience }}\n",
        ("-o", "ServerAliveInterval=9", "-o", "ConnectTimeout=30"),
        id="a template",
    ),
    pytest.param("ansible_connection: local\n", None, id="another connection"),
    pytest.param(
        "ansible_connection: ansible.builtin.ssh\nansible_ssh_args: -C\nansible_ssh_timeout: 3\n",
        ("-C", "-o", "ConnectTimeout=3"),
        id="its full name",
    ),
]


@pytest.mark.parametrize(("variables", "words"), SSH)
def test_the_options_of_ssh(tmp_path: Path, variables: str, words: tuple[str, ...] | None) -> None:
    assert read(tmp_path, variables).hosts["mini"].ssh == words


def test_the_options_of_ssh_in_this_checkout(tmp_path: Path) -> None:
    assert "ServerAliveInterval=15" in (read(tmp_path, "{}\n").hosts["mini"].ssh or ())
