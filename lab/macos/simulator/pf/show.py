# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Print rules the one way `pfctl` prints them, whether they come from a file or from the kernel."""

from __future__ import annotations

from .parse import ANCHORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def rule_text(rule: dict[str, Any]) -> str:
    """Return one rule."""
    if "anchor" in rule:
        return f'{rule["kind"]} "{rule["anchor"]}" all{ANCHORS[rule["kind"]][1]}'
    words = [rule["action"], rule.get("answer", ""), rule["direction"], "log" if rule["log"] else ""]
    words += ["quick" if rule["quick"] else ""]
    if rule["interface"]:
        words += ["on", rule["interface"].replace("!", "! ")]
    words += [rule["family"], f"proto {rule['protocol']}" if rule["protocol"] else ""]
    if tuple(rule["source"]) == tuple(rule["target"]) == ("any", ""):
        words.append("all")
    else:
        words += [f"from {_host(rule['source'])}", f"to {_host(rule['target'])}"]
    words += [f"user = {rule['user']}" if rule["user"] else ""]
    words += [f"flags {rule['flags']}" if rule["flags"] else ""]
    words += ["keep state" if rule["state"] == "keep" else "no state" if rule["state"] == "no" else ""]
    words += [f'label "{rule["label"]}"' if rule["label"] else ""]
    return " ".join(word for word in words if word)


def table_text(name: str, table: dict[str, Any]) -> str:
    """Return the definition of a table as `-n -v` prints it."""
    words = ["table", f"<{name}>", *table["flags"]]
    return " ".join([*words, "{", *table["addresses"], "}"] if table["addresses"] else words)


def _host(end: tuple[str, str]) -> str:
    host, port = end
    plain = host.replace("!", "! ")
    if not port:
        return plain
    return f"{plain} port {port}" if ":" in port else f"{plain} port = {port}"
