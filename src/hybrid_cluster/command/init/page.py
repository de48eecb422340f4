# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a person is shown before anything is written, and at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group

from hybrid_cluster.command import output
from hybrid_cluster.command.output import BAD, FAINT, GOOD, UNSURE, words

if TYPE_CHECKING:
    from rich.console import RenderableType


def render(document: dict[str, Any]) -> RenderableType:
    """Show the machines, the cables and what is unsure, for a terminal of 80 columns."""
    parts: list[RenderableType] = []
    if document["hosts"]:
        table = output.table("HOST", "ADDRESS", "", "MACHINE")
        for host in document["hosts"]:
            new = words("new", GOOD) if host["new"] else words("")
            table.add_row(words(host["name"]), words(host["address"]), new, words(host["machine"] or output.UNKNOWN))
        parts.append(table)
    parts += [words(f"{name}: {why}", UNSURE) for name, why in document["silent"].items()]
    parts.append(words(""))
    for link in document["links"]:
        state = "new" if link in document["added"] else "not seen" if link in document["unsure"] else ""
        style = GOOD if link in document["added"] else UNSURE if link in document["unsure"] else ""
        parts.append(words(f"cable {_cable(link)}  {state}".rstrip(), style))
    parts += [words(f"cable {_cable(link)}  is not there any more", BAD) for link in document["removed"]]
    if not document["links"] and not document["removed"]:
        parts.append(words("No Thunderbolt cable between two of these machines was seen.", FAINT))
    parts += [words(f"model {name}") for name in document["models"]]
    parts += [words(note, UNSURE) for note in document["notes"]]
    return Group(*parts)


def _cable(link: dict[str, Any]) -> str:
    ends = [
        f"{host}:{port}" if host != "external" else f"{port}, outside of the inventory" for host, port in link.items()
    ]
    return " - ".join(ends)


def render_difference(text: str) -> RenderableType:
    """Colour what goes and what comes."""
    styles = {"+": GOOD, "-": BAD, "@": FAINT}
    return Group(*(words(line, styles.get(line[:1], "")) for line in text.splitlines()))


def render_next(folder: str, *, is_new: bool) -> RenderableType:
    """Say what comes next."""
    lines = ["playbooks/validate.yml finds nothing wrong. Have the router give each host its address always. Then:"]
    bootstrap = f"  ansible-playbook -i {folder} playbooks/bootstrap.yml -k -K"
    lines += [bootstrap] if is_new else []
    return words("\n".join([*lines, f"  cluster apply -i {folder}"]))
