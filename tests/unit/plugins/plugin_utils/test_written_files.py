# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Mistakes in the files themselves: each is one sentence with its file and, where there is one, its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._written_files import (
    faults_of_all,
    stray_files,
    written_faults,
)

if TYPE_CHECKING:
    from pathlib import Path

HOSTS = "all:\n  children:\n    exo:\n      hosts:\n        mini1:\n"
VAULT = "$ANSIBLE_VAULT;1.1;AES256\n6162\n"


def folder(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in {"hosts.yml": HOSTS, **files}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"hosts.yml": HOSTS.replace("hosts:", "host:")}, "hosts.yml:4: the group exo has host, ", id="host"
        ),
        pytest.param(
            {"hosts.yml": HOSTS.replace("hosts:", "hots:")}, "hosts.yml:4: the group exo has hots, ", id="hots"
        ),
        pytest.param(
            {"hosts.yml": HOSTS.replace("hosts:", "Hosts:")}, "hosts.yml:4: the group exo has Hosts, ", id="Hosts"
        ),
        pytest.param({"hosts.yml": HOSTS + "      var: {a: 1}\n"}, "hosts.yml:6: the group exo has var, ", id="var"),
        pytest.param(
            {"hosts.yml": HOSTS.replace("children:", "child:")}, "hosts.yml:2: the group all has child", id="child"
        ),
        pytest.param(
            {"hosts.yml": HOSTS.replace("        mini1:\n", "        - mini1\n")},
            "hosts.yml:4: hosts of the group exo is not a mapping; ",
            id="hosts-as-a-list",
        ),
        pytest.param(
            {"hosts.yml": "all:\n  children:\n    exo: mini1\n"},
            "hosts.yml:3: the group exo is not a mapping; ",
            id="group-as-text",
        ),
        pytest.param(
            {"hosts.yml": HOSTS.replace("mini1:", "mini1: 192.168.1.11")},
            "hosts.yml:5: the host mini1 is not a mapping; ",
            id="host-as-text",
        ),
        pytest.param(
            {"hosts.yml": HOSTS.replace("mini1:", "mini1: [192.168.1.11]")},
            "hosts.yml:5: the host mini1 is not a mapping; ",
            id="host-as-a-list",
        ),
        pytest.param(
            {"hosts.yml": HOSTS.replace("mini1:", "7:")}, "hosts.yml:5: the host 7 has a name ", id="host-as-a-number"
        ),
        pytest.param(
            {"hosts.yml": HOSTS.replace("mini1:", "on:")}, "hosts.yml:5: the host on has a name ", id="host-as-a-switch"
        ),
        pytest.param(
            {"hosts.yml": HOSTS.replace("exo:", "8:")}, "hosts.yml:3: the group 8 has a name ", id="group-as-a-number"
        ),
        pytest.param(
            {"hosts.yml": HOSTS + "          1: a\n"},
            "hosts.yml:6: the variable 1 has a name ",
            id="variable-of-a-host",
        ),
        pytest.param(
            {"group_vars/exo.yml": "a: 1\ntrue: 2\n"},
            "group_vars/exo.yml:2: the variable true has a name ",
            id="variable-as-a-switch",
        ),
        pytest.param({"group_var/exo.yml": "a: 1\n"}, "group_var: nobody reads a folder ", id="folder-in-the-singular"),
        pytest.param({"hosts_vars/mini1.yml": "a: 1\n"}, "hosts_vars: nobody reads a ", id="folder-in-the-plural"),
        pytest.param({"host-vars/mini1.yml": "a: 1\n"}, "host-vars: nobody reads a ", id="folder-with-a-hyphen"),
        pytest.param({"hosts.yml": HOSTS + "   linux:\n"}, "hosts.yml:6: it is not valid YAML: ", id="indentation"),
        pytest.param({"hosts.yml": HOSTS + "\tlinux:\n"}, "hosts.yml:6: it is not valid YAML: ", id="tab"),
        pytest.param(
            {"hosts.yml": HOSTS + "        mini1:\n"}, "hosts.yml:6: mini1 is there twice, also in line 5; ", id="twice"
        ),
        pytest.param(
            {"group_vars/exo.yml": "a: [1\n"}, "group_vars/exo.yml:2: it is not valid YAML: ", id="open-bracket"
        ),
        pytest.param(
            {"group_vars/exo.yml": "a: 'x\nb: 1\n"}, "group_vars/exo.yml:3: it is not valid YAML: ", id="open-quote"
        ),
        pytest.param(
            {"group_vars/exo.yml": "a: b: c\n"}, "group_vars/exo.yml:1: it is not valid YAML: ", id="two-colons"
        ),
        pytest.param({"group_vars/exo.yml": "a: {{ b }}\n"}, "group_vars/exo.yml:1: ", id="template-without-quotes"),
        pytest.param(
            {"hosts.yml": HOSTS + "          note: {{ a }}\n"},
            "hosts.yml:6: it cannot be read: ",
            id="template-in-a-host",
        ),
        pytest.param({"group_vars/exo.yml": "- a\n"}, "group_vars/exo.yml:1: its content is not a mapping ", id="list"),
        pytest.param(
            {"host_vars/mini1/own.yml": "a: 1\na: 2\n"}, "host_vars/mini1/own.yml:2: a is there twice, ", id="deep"
        ),
        pytest.param(
            {"group_vars/exo.yml": VAULT}, "group_vars/exo.yml:1: it is encrypted, and no password ", id="vault"
        ),
    ],
)
def test_a_mistake_in_a_file_is_one_sentence(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    found = written_faults([folder(tmp_path, files)], DataLoader())
    assert len(found) == 1
    assert found[0].startswith(f"{tmp_path}/{expected}")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({}, id="nothing else"),
        pytest.param(
            {"README.md": "# [notes", "LICENSE": "[a", "map.png": "\x00", "notes.txt": "a: [", ".DS_Store": "x"},
            id="foreign",
        ),
        pytest.param(
            {"requirements.yml": "collections: []\n", "compose.yml": "services: {web: {image: a}}\n"}, id="foreign-yaml"
        ),
        pytest.param({"templates/a.j2": "{{ a", "files/b": "x", "group_vars_of_before/c.yml": "a: ["}, id="folders"),
        pytest.param({"group_vars/exo.yml": "base: &a {b: 1}\nown: {<<: *a}\n"}, id="merged"),
        pytest.param({"hosts.yml": "# nothing\n"}, id="empty"),
        pytest.param({"group_vars/exo.yml": "", "group_vars/all/a.yml": "a: 1\n"}, id="variables"),
        pytest.param({"hosts.yml~": "a: [", "group_vars/exo.yml.bak": "a: ["}, id="copies"),
    ],
)
def test_right_and_foreign_files_are_passed_over(tmp_path: Path, files: dict[str, str]) -> None:
    assert written_faults([folder(tmp_path, files)], DataLoader()) == []


def test_variables_of_nobody_are_told(tmp_path: Path) -> None:
    files = dict.fromkeys(("group_vars/exoo.yml", "host_vars/mini2.yml", "host_vars/office/a.yml"), "a: 1\n")
    right = dict.fromkeys(
        ("group_vars/all.yml", "group_vars/exo/a.yml", "host_vars/mini1.yml", "group_vars/gpu.yml"), "a: 1\n"
    )
    found = stray_files([folder(tmp_path, files | right)], ["all", "exo"], ["mini1"])
    assert found == [
        f"{tmp_path}/group_vars/exoo.yml: there is no group exoo, so nobody reads this file; did you mean exo?",
        f"{tmp_path}/host_vars/mini2.yml: there is no host mini2, so nobody reads this file; did you mean mini1?",
        f"{tmp_path}/host_vars/office: there is no host office, so nobody reads this file; rename it, or remove it.",
    ]


def test_an_inventory_that_is_named_has_to_be_one(tmp_path: Path) -> None:
    path = folder(tmp_path, {"hosts": "[exo]\nmini1\n"}) / "hosts"
    assert len(written_faults([path], DataLoader())) == 1


def test_variables_of_all_are_read_before_a_run(tmp_path: Path) -> None:
    place = folder(tmp_path, {"group_vars/all.yml": "a: [\n", "group_vars/exo.yml": "a: [\n"})
    assert [fault.partition(": ")[0] for fault in faults_of_all([place], DataLoader())] == [
        f"{place}/group_vars/all.yml:2"
    ]
