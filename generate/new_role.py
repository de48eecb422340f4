# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`make role NAME=…`: write a role that runs a service, and its entry in each place that needs one.

What it writes passes every test; what is left is what only a person knows: the program, its settings, its tests.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import yaml
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _capabilities

import generate
from generate.yaml_text import append_entry, insert_before

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import Registry

SKELETON = Path(__file__).parent / "skeleton"
FIRST_UID, LAST_UID = 450, 499
FIRST_PORT = 8200
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST_NAME = 30

CAPABILITY = """\
  $name:
    description: $title, served by the hosts of the group $group.
    playbook: $playbook
    hosts: $group
    after: [release_store, firewall]
    uid: $uid
"""
GROUP = """\
  $group:
    description: Hosts that serve models with $title.
"""
SERVICE = """\
  $name:
    description: $title
    group: $group
    port: $port
    from: [cluster]
    health:
      path: /
      status: 200
"""
PLAY = """\

- name: Hosts that serve models with $title
  hosts: $group
  gather_facts: false
  become: true
  tags: [$playbook]
  tasks:
    - name: Apply the role $name
      ansible.builtin.import_role: {name: hybrid_ai.cluster.$name, rolespec_validate: false}
      tags: [$name]
"""
REMOVAL = """\
- name: Remove $title
  hosts: $group
  gather_facts: false
  become: true
  tags: [uninstall, $playbook]
  vars:
    ${name}_state: absent
  tasks:
    - name: Remove what the role $name brought
      ansible.builtin.import_role: {name: hybrid_ai.cluster.$name, rolespec_validate: false}
      tags: [$name]
"""
EXAMPLE = """\
    # Hosts that serve models with $title.
    # $group:
    #   hosts:
    #     gpu1:
"""
FRAGMENT = """\
---
major_changes:
  - $name - a role that runs $title on the hosts of the group ``$group``.
"""


class RoleError(Exception):
    """The role cannot be made."""


def create(root: Path, name: str, playbook: str = "backends") -> list[str]:
    """Write the role, its scenario and its entries, and return the files in which a person has something to say.

    :raises RoleError: the name cannot be a role's, is taken, or there is no such playbook
    """
    registry = _capabilities.parse(yaml.safe_load((root / _capabilities.FILE).read_text(encoding="utf-8")))
    _check(root, registry, name, playbook)
    values = _values(root, registry, name, playbook)
    texts = {
        f"roles/{name}/defaults/main.yml": _skeleton("role/defaults.yml.in", values),
        f"roles/{name}/meta/argument_specs.yml": _skeleton("role/argument_specs.yml.in", values),
        f"roles/{name}/tasks/main.yml": _skeleton("role/tasks.yml.in", values),
        f"roles/{name}/vars/main.yml": _skeleton("role/vars.yml.in", values),
        f"molecule/{name}/molecule.yml": _skeleton("molecule/molecule.yml.in", values),
        f"molecule/{name}/values.yml": _skeleton("molecule/values.yml.in", values),
        f"molecule/{name}/tests/test_{name}.py": _skeleton("molecule/test.py.in", values),
        f"changelogs/fragments/{name}.yml": _filled(FRAGMENT, values),
        **_entries(root, registry, values),
    }
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    generate.write(root)
    return sorted(texts)


def _check(root: Path, registry: Registry, name: str, playbook: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise RoleError(
            f"{name} is not a valid name of a role; use lower-case letters, digits and _, at most {_LONGEST_NAME}."
        )
    if name in registry.capabilities or (root / "roles" / name).exists():
        raise RoleError(f"There is a role {name} already.")
    if not (root / f"playbooks/{playbook}.yml").exists():
        raise RoleError(f"There is no playbooks/{playbook}.yml; set PLAYBOOK to the name of one.")


def _values(root: Path, registry: Registry, name: str, playbook: str) -> dict[str, str]:
    taken = {one.uid for one in registry.capabilities.values()}
    defaults = yaml.safe_load((root / "roles/cluster_values/defaults/main.yml").read_text(encoding="utf-8"))
    ports = {service["port"] for service in defaults["cluster_services"].values()}
    port = next(port for port in range(FIRST_PORT, 2**16) if port not in ports)
    return {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "label": name.replace("_", "-"),
        "user": f"_{name.replace('_', '')}",
        "group": name,
        "playbook": playbook,
        "uid": str(next(uid for uid in range(FIRST_UID, LAST_UID + 1) if uid not in taken)),
        "port": str(port),
        "other_port": str(port + 100),
    }


def _skeleton(name: str, values: Mapping[str, str]) -> str:
    return _filled((SKELETON / name).read_text(encoding="utf-8"), values)


def _filled(text: str, values: Mapping[str, str]) -> str:
    # A name may be a part of another: $name_uid.
    return Template(re.sub(r"\$(name)(?=_)", r"${\1}", text)).safe_substitute(values)


def _entries(root: Path, registry: Registry, values: Mapping[str, str]) -> dict[str, str]:
    """Return the files that get an entry more."""
    playbook, name = f"playbooks/{values['playbook']}.yml", values["name"]
    paths = (_capabilities.FILE, "roles/cluster_values/defaults/main.yml", playbook, "playbooks/uninstall.yml")
    example = "inventories/example/hosts.yml"
    found = {path: (root / path).read_text(encoding="utf-8") for path in (*paths, example)}
    text = append_entry(found[_capabilities.FILE], "capabilities", _filled(CAPABILITY, values))
    if name in registry.planned_groups:
        text = re.sub(rf"^  {name}: \[.*\]\n", "", text, flags=re.MULTILINE)
    if values["group"] not in registry.groups:
        text = append_entry(text, "groups", _filled(GROUP, values))
    found[_capabilities.FILE] = text
    services = "roles/cluster_values/defaults/main.yml"
    found[services] = append_entry(found[services], "cluster_services", _filled(SERVICE, values))
    found[playbook] += _filled(PLAY, values)
    # What nothing else needs goes first.
    removal = "playbooks/uninstall.yml"
    found[removal] = insert_before(found[removal], "_state: absent", _filled(REMOVAL, values))
    found[example] += _filled(EXAMPLE, values)
    return found


def main() -> None:
    """Write the role that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m generate.new_role", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--playbook", default="backends", help="the playbook that applies it (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        written = create(generate.ROOT, arguments.name, arguments.playbook)
    except RoleError as error:
        sys.exit(str(error))
    print("Written, for you to go on with:", *written, sep="\n  ")
    print(f"Then: make generate, make check, make scenario ROLE={arguments.name}")


if __name__ == "__main__":
    main()
