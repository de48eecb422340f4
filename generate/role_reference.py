# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page docs/roles.md, from the roles' argument specifications."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_DEFAULT = 80

HEAD = """\
# Role reference

Written by `make generate` from the roles' argument specifications; change those. Every variable can stand in the
inventory. `null` means: not managed.
"""


def plain(text: str | list[str] | None) -> str:
    """Turn the markup of a description into Markdown, on one line that a table can hold."""
    joined = " ".join([text] if isinstance(text, str) else text or [])
    marked = re.sub(r"\b[OVCMP]\(([^)]*)\)", r"`\1`", joined)
    return marked.replace("|", "\\|").strip()


def shown(value: Any, role: str) -> str:
    """Show a default the way an inventory would have it, or say where a long one stands."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("\n...\n").strip()
    if len(text) > LONGEST_DEFAULT:
        return f"[see defaults](../roles/{role}/defaults/main.yml)"
    return f"`{text}`".replace("|", "\\|")


def real_default(root: Path, name: str, option: dict[str, Any], role: str) -> Any:
    """Return a default; some are not in the specification: of secrets that are worked out, and of what may be null."""
    if "default" in option or option.get("required") or not name.startswith(f"{role}_"):
        return option.get("default")
    defaults = yaml.safe_load((root / "roles" / role / "defaults" / "main.yml").read_text(encoding="utf-8"))
    return defaults.get(name)


def rows(root: Path, options: dict[str, Any], role: str, prefix: str = "") -> list[str]:
    """List the variables, nested ones below their parent."""
    lines = []
    for name, option in options.items():
        kind = option.get("type", "str") + (f" of {option['elements']}" if "elements" in option else "")
        known = ", ".join(f"`{choice}`" for choice in option.get("choices", ()) if choice is not None)
        choices = f" One of {known}." if known else ""
        default = "required" if option.get("required") else shown(real_default(root, name, option, role), role)
        lines.append(f"| `{prefix}{name}` | {kind} | {default} | {plain(option.get('description'))}{choices} |")
        lines += rows(root, option.get("options", {}), role, f"{prefix}{name}.")
    return lines


def reference(root: Path) -> str:
    """Return the whole page."""
    parts = [HEAD]
    for path in sorted(root.glob("roles/*/meta/argument_specs.yml")):
        role = path.parents[1].name
        (specification,) = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values()
        parts.append(f"## {role}\n\n{specification['short_description']}.\n")
        parts.append("\n".join(f"- {plain(line)}" for line in specification.get("description", [])) + "\n")
        if options := specification.get("options"):
            table = [
                "| variable | type | default | meaning |",
                "|---|---|---|---|",
                *rows(root, options, role),
            ]
            parts.append("\n".join(table) + "\n")
    return "\n".join(parts)


def files(root: Path) -> dict[str, str]:
    """Return the page by its path below the root."""
    return {"docs/roles.md": reference(root)}
