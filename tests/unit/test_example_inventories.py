# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every example is what it says it is, reaches its hosts in the same safe way, and is named where people look."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.example_inventories import EXAMPLE, EXAMPLES, REPOSITORY, members, variables

if TYPE_CHECKING:
    from pathlib import Path

# Macs, Linux machines, who manages, cables, and who is reached without SSH.
SHAPES = {
    "example": (3, 2, "desk", 3, []),
    "two_macs": (2, 0, "mini1", 1, []),
    "macs_only": (4, 0, "mini0", 3, []),
    "no_thunderbolt": (2, 1, "desk", 0, []),
    "desk_as_controller": (2, 1, "desk", 1, ["desk"]),
}
# Written the same in each: a copy must not offer other keys, or trust a host that it does not know.
ACCESS = (
    "ansible_user",
    "ansible_ssh_common_args",
    "ansible_ssh_private_key_file",
    "bootstrap_ssh_directory",
    "ansible_python_interpreter",
)
each = pytest.mark.parametrize("directory", EXAMPLES, ids=lambda path: path.name)


def test_there_are_those_that_are_described() -> None:
    assert {directory.name for directory in EXAMPLES} == set(SHAPES)


@each
def test_what_it_describes(directory: Path) -> None:
    hosts = variables(directory)
    (manager,) = members(directory, "management")
    links = {str(host.get("thunderbolt_links", [])): host.get("thunderbolt_links", []) for host in hosts.values()}
    (cables,) = links.values()
    local = [name for name, host in hosts.items() if host.get("ansible_connection") == "local"]
    macs, linux = members(directory, "macos"), members(directory, "linux:!macos") if SHAPES[directory.name][1] else []
    assert (len(macs), len(linux), manager, len(cables), local) == SHAPES[directory.name]
    assert set(members(directory, "exo")) <= set(macs)
    assert {*macs, *linux} == set(hosts)


def access(directory: Path, group: str) -> list[dict[str, Any]]:
    hosts = variables(directory)
    chosen = [hosts[name] for name in members(directory, group)]
    return [{name: host[name] for name in ACCESS if name in host} for host in chosen]


@each
def test_it_offers_one_key_and_trusts_no_host_that_it_does_not_know(directory: Path) -> None:
    for host in access(directory, "all"):
        for option in ("IdentitiesOnly=yes", "StrictHostKeyChecking=yes", "UserKnownHostsFile="):
            assert f"-o {option}" in host["ansible_ssh_common_args"]


@each
def test_macs_are_reached_as_in_the_one_with_every_comment(directory: Path) -> None:
    (expected, *_) = access(EXAMPLE, "macos")
    assert set(expected) == set(ACCESS)
    assert all(host == expected for host in access(directory, "macos"))


@each
def test_its_keys_and_secrets_are_never_committed_and_it_is(directory: Path) -> None:
    def ignored(name: str) -> bool:
        command = ["git", "-C", str(REPOSITORY), "check-ignore", "--quiet", "--no-index", str(directory / name)]
        return subprocess.run(command, check=False).returncode == 0

    assert [name for name in (".ssh/id_ed25519", ".secrets/haproxy_password") if not ignored(name)] == []
    assert [name for name in ("hosts.yml", "group_vars/all.yml", "group_vars/macos.yml") if ignored(name)] == []


def test_all_of_them_are_listed() -> None:
    listed = (REPOSITORY / "inventories/examples/README.md").read_text(encoding="utf-8")
    for directory in EXAMPLES:
        assert f"({'../' if directory == EXAMPLE else ''}{directory.name}/hosts.yml)" in listed
    for page in ("README.md", "docs/first-hour.md", "inventories/example/README.md"):
        assert "examples/README.md)" in (REPOSITORY / page).read_text(encoding="utf-8")
