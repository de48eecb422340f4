# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page docs/roles.md and the README of each role, from the roles' argument specifications."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import yaml
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._plays import applied

from generate.spec_defaults import defaults_of

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = "docs/roles.md"
LONGEST_DEFAULT = 80

HEAD = """\
# Role reference

Written by `make generate` from the roles' argument specifications; change those. Every variable can stand in the
inventory. `null` means: not managed.
"""
WRITTEN = "<!-- Below this line `make generate` writes, from meta/argument_specs.yml and the playbooks. -->"
"""Above it, a README is somebody's own text."""


def plain(text: str | list[str] | None) -> str:
    """Turn the markup of a description into Markdown, on one line that a table can hold."""
    joined = " ".join([text] if isinstance(text, str) else text or [])
    marked = re.sub(r"\b[OVCMP]\(([^)]*)\)", r"`\1`", joined)
    return marked.replace("|", "\\|").strip()


def shown(value: Any, defaults: str) -> str:
    """Show a default the way an inventory would have it, or lead to the file in which a long one stands."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("\n...\n").strip()
    if len(text) > LONGEST_DEFAULT:
        return f"[see defaults]({defaults})"
    return f"`{text}`".replace("|", "\\|")


def real_default(root: Path, name: str, option: dict[str, Any], role: str) -> Any:
    """Return a default; some are not in the specification: of secrets that are worked out, and of what may be null."""
    if "default" in option or option.get("required") or not name.startswith(f"{role}_"):
        return option.get("default")
    defaults = yaml.safe_load(defaults_of(root, role).read_text(encoding="utf-8"))
    return defaults.get(name)


def rows(root: Path, options: dict[str, Any], role: str, defaults: str, prefix: str = "") -> list[str]:
    """List the variables, nested ones below their parent."""
    lines = []
    for name, option in options.items():
        kind = option.get("type", "str") + (f" of {option['elements']}" if "elements" in option else "")
        known = ", ".join(f"`{choice}`" for choice in option.get("choices", ()) if choice is not None)
        choices = f" One of {known}." if known else ""
        default = "required" if option.get("required") else shown(real_default(root, name, option, role), defaults)
        lines.append(f"| `{prefix}{name}` | {kind} | {default} | {plain(option.get('description'))}{choices} |")
        lines += rows(root, option.get("options", {}), role, defaults, f"{prefix}{name}.")
    return lines


def specification(root: Path, role: str) -> dict[str, Any]:
    """Return what a role says of itself; one without variables need not say anything."""
    path = root / "roles" / role / "meta/argument_specs.yml"
    if not path.exists():
        return {}
    (found,) = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values()
    return dict(found)


def summary(specified: dict[str, Any]) -> list[str]:
    """Return what a role does."""
    lines = "\n".join(f"- {plain(line)}" for line in specified.get("description", []))
    return [f"{specified['short_description']}.\n", lines + "\n"]


def table(root: Path, specified: dict[str, Any], role: str, defaults: str) -> list[str]:
    """Return the table of a role's variables, where it has any."""
    if not (options := specified.get("options")):
        return []
    head = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    return ["\n".join([*head, *rows(root, options, role, defaults)]) + "\n"]


def reference(root: Path) -> str:
    """Return the whole page of all roles."""
    parts = [HEAD]
    for path in sorted(root.glob("roles/*/meta/argument_specs.yml")):
        role = path.parents[1].name
        specified = specification(root, role)
        parts += [
            f"## {role}\n",
            *summary(specified),
            *table(root, specified, role, f"../{defaults_of(root, role).relative_to(root)}"),
        ]
    return "\n".join(parts)


def use(root: Path, role: str) -> str:
    """Say how a role is applied: the playbooks bear its name as a tag."""
    for path in sorted(root.glob("playbooks/*.yml")):
        for play in yaml.safe_load(path.read_text(encoding="utf-8")):
            if path.stem != "uninstall" and any(name == role and role in tags for name, tags in applied(play)):
                return f"The playbook `hybrid_ai.cluster.{path.stem}` applies it; alone, with `--tags {role}`.\n"
    return "No playbook applies it by itself: it is a part of other roles.\n"


def readme(root: Path, role: str) -> str:
    """Return the README of a role: the text that somebody wrote, if there is one, and what is said elsewhere."""
    path = root / "roles" / role / "README.md"
    own = path.read_text(encoding="utf-8").partition(WRITTEN)[0].strip() if path.exists() else ""
    own = own or f"# {role}"
    specified = specification(root, role)
    variables = table(root, specified, role, os.path.relpath(defaults_of(root, role), path.parent))
    parts = [f"{own}\n", f"{WRITTEN}\n"]
    if "\n" not in own:
        parts += summary(specified)
    parts += ["## Use\n", use(root, role)]
    if variables:
        parts += ["## Variables\n", "`null` means: not managed.\n", *variables]
    return "\n".join(parts)


def files(root: Path) -> dict[str, str]:
    """Return the text of every page by its path below the root."""
    roles = sorted(path.name for path in (root / "roles").iterdir() if path.is_dir())
    return {REFERENCE: reference(root), **{f"roles/{role}/README.md": readme(root, role) for role in roles}}
