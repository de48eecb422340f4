# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``pfctl -t TABLE -T COMMAND``."""

from __future__ import annotations

from ..pf.parse import address
from . import pfctl_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..pf.kernel import Kernel
    from ..tool import Context

NO_TABLE_STATUS = 255


def table_command(context: Context, kernel: Kernel, table: tuple[str, str], command: str, words: list[str]) -> int:
    """Show or change what a table, named by its anchor and its name, holds."""
    anchor, name = table
    known = (kernel.ruleset(anchor) or {"tables": {}})["tables"]
    if name not in known and command not in ("add", "replace"):
        context.err(texts.NO_TABLE)
        return NO_TABLE_STATUS
    held: list[str] = known.get(name, {"addresses": []})["addresses"]
    if command == "show":
        for one in sorted(held, key=_order):
            context.out(f"   {one}")
        return 0
    if command not in _CHANGES:
        context.err(texts.USAGE)
        return 1
    try:
        given = list(dict.fromkeys(address(word) for word in words))
    except ValueError:
        context.err(texts.BAD_ADDRESS.format(word=words[0]))
        return 1
    if name not in known:
        context.err(texts.TABLE_CREATED)
    left, said = _CHANGES[command](held, given)
    context.err(said)
    kernel.edit_table(anchor, name, left)
    return 0


def _add(held: list[str], given: list[str]) -> tuple[list[str], str]:
    new = [one for one in given if one not in held]
    return held + new, texts.ADDED.format(count=f"{len(new)}/{len(given)}")


def _delete(held: list[str], given: list[str]) -> tuple[list[str], str]:
    left = [one for one in held if one not in given]
    return left, texts.DELETED.format(count=f"{len(held) - len(left)}/{len(given)}")


def _replace(held: list[str], given: list[str]) -> tuple[list[str], str]:
    added, gone = set(given) - set(held), set(held) - set(given)
    said = [texts.ADDED.format(count=len(added))] if added else []
    said += [texts.DELETED.format(count=len(gone))] if gone else []
    return given, "\n".join(said) or texts.UNCHANGED


def _flush(held: list[str], _given: list[str]) -> tuple[list[str], str]:
    return [], texts.DELETED.format(count=len(held))


_CHANGES = {"add": _add, "delete": _delete, "replace": _replace, "flush": _flush}


def _order(one: str) -> tuple[bool, int]:
    import ipaddress

    network = ipaddress.ip_network(one)
    return ":" in one, int(network.network_address)
