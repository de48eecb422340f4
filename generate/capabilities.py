# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What follows from capabilities.yml: the report's list, the metadata of roles, and tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _capabilities

from generate import markdown

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import Capability, Registry

_WRITTEN = "# Written by `make generate` from capabilities.yml.\n"
_NOTHING = _WRITTEN + "# Nothing to do: importing this file gives the report this role's lines, __{}_report.\n"
_PLATFORMS = {"macos": ["MacOSX"], "linux": ["Debian", "Ubuntu"]}


def files(root: Path) -> dict[str, str]:
    """Return the text of every file by its path below the root."""
    registry = _capabilities.parse(yaml.safe_load((root / _capabilities.FILE).read_text(encoding="utf-8")))
    checked = [one for one in registry.capabilities.values() if one.checks]
    found = {
        "roles/verify/tasks/capabilities.yml": _report_tasks(checked),
        "roles/verify/vars/main/capabilities.yml": _report_checks(checked),
        "README.md": markdown.replace_part(
            (root / "README.md").read_text(encoding="utf-8"), "capabilities", _table_of_roles(registry)
        ),
        "docs/capabilities.md": _page(registry),
    }
    for one in registry.capabilities.values():
        found[f"roles/{one.name}/meta/main.yml"] = _metadata(root, registry, one)
    for one in checked:
        path = root / f"roles/{one.name}/tasks/report.yml"
        # A role may have something to do there: then the file is its own.
        if not path.exists() or path.read_text(encoding="utf-8").startswith(f"---\n{_WRITTEN}"):
            found[str(path.relative_to(root))] = f"---\n{_NOTHING.format(one.name)}"
    return found


def _report_tasks(checked: list[Capability]) -> str:
    tasks = "".join(
        f"\n- name: Load the checks of {one.name}\n"
        f"  ansible.builtin.import_role: {{name: hybrid_ai.cluster.{one.name}, tasks_from: report}}\n"
        for one in checked
    )
    return f"---\n{_WRITTEN}# Importing the report of a capability gives its checks.{tasks}"


def _report_checks(checked: list[Capability]) -> str:
    terms = [
        f"__{one.name}_report"
        if one.where == "all"
        else f"(__{one.name}_report if {' and '.join(f'{group!r} in group_names' for group in _groups(one))} else [])"
        for one in checked
    ]
    return f"---\n{_WRITTEN}__verify_all_checks: >-\n  {{{{ " + "\n     + ".join(terms) + " }}\n"


def _groups(one: Capability) -> list[str]:
    """Return the groups that a host must be in."""
    return [group for group in dict.fromkeys((one.hosts, one.where)) if group != "all"]


def _metadata(root: Path, registry: Registry, one: Capability) -> str:
    specification = yaml.safe_load((root / f"roles/{one.name}/meta/argument_specs.yml").read_text(encoding="utf-8"))
    platform = next((registry.groups[group].platform or group for group in _groups(one) if group != "management"), "")
    platforms = _PLATFORMS.get(platform, [name for names in _PLATFORMS.values() for name in names])
    return (
        f"---\n{_WRITTEN}galaxy_info:\n  author: The hybrid_ai.cluster contributors\n"
        f"  description: {_scalar(specification['argument_specs']['main']['short_description'])}\n"
        '  license: GPL-3.0-or-later\n  min_ansible_version: "2.19"\n  platforms:\n'
        + "".join(f"    - {{name: {name}, versions: [all]}}\n" for name in platforms)
        # The values of the role cluster without its specification, which Ansible would read anew for each dependency.
        + "dependencies:\n  - role: hybrid_ai.cluster.cluster_values\n"
    )


def _scalar(text: str) -> str:
    return yaml.safe_dump(text, width=10**6).removesuffix("\n...\n").strip()


def _table_of_roles(registry: Registry) -> str:
    rows = [(f"`{one.name}`", one.description) for one in registry.capabilities.values()]
    return markdown.table(("role", "what it does"), rows)


def _page(registry: Registry) -> str:
    groups = [
        (f"`{group.name}`", group.description, group.reason and f"{group.platform} alone: {group.reason}")
        for group in registry.groups.values()
    ]
    rows = [
        (
            f"`{one.name}`",
            f"`{one.where}`",
            ", ".join(f"`{tag}`" for tag in (one.playbook, *one.more_tags)),
            ", ".join(f"`{before}`" for before in one.after),
            str(one.uid or ""),
        )
        for one in registry.capabilities.values()
    ]
    return (
        "# Groups and capabilities\n\nWritten by `make generate` from capabilities.yml; change that.\n\n"
        "The groups of an inventory say what a host is and what runs on it:\n\n"
        + markdown.table(("group", "its hosts", "platform"), groups)
        + "\nA capability is a role that `site.yml` applies to the hosts of a group. Its own name, that of its\n"
        "playbook and some more are tags: `site.yml --tags TAG` runs it alone, `playbooks/verify.yml --tags TAG`\n"
        "measures it.\n\n"
        + markdown.table(
            ("capability", "hosts", "playbook and further tags", "comes after", "user's number on macOS"), rows
        )
    )
