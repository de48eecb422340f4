# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What ``pfctl -s`` prints; nothing of it sets an exit status."""

from __future__ import annotations

import time

from ..pf.show import rule_text
from . import pfctl_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..pf.kernel import Kernel
    from ..tool import Context

_MODIFIERS = ("nat", "rules", "Anchors", "states", "info", "Tables", "References", "dummynet")
_KINDS = {
    "rules": ("scrub-anchor", "anchor"),
    "nat": ("nat-anchor", "rdr-anchor"),
    "dummynet": ("dummynet-anchor",),
}


def show(context: Context, kernel: Kernel, anchor: str, modifier: str, *, verbose: bool) -> None:
    """Print one thing."""
    what = next((name for name in _MODIFIERS if name.startswith(modifier)), "")
    if what in _KINDS:
        _rules(context, kernel, anchor, what)
    elif what == "Anchors":
        _anchors(context, kernel, anchor, verbose=verbose)
    elif what == "Tables":
        for name in sorted((kernel.ruleset(anchor) or {"tables": {}})["tables"]):
            context.out(name)
    elif what == "info":
        age = _age(kernel.data["since"])
        context.out(texts.STATUS_ON.format(age=age) if kernel.runs else texts.STATUS_OFF)
    elif what == "References":
        _references(context, kernel)
    elif what != "states":
        context.err(texts.USAGE)


def _rules(context: Context, kernel: Kernel, anchor: str, what: str) -> None:
    ruleset = kernel.ruleset(anchor)
    if ruleset is None:
        context.err(texts.NO_ANCHOR_RULES)
        return
    for rule in ruleset["rules"]:
        if rule.get("kind") in _KINDS[what] or (what == "rules" and "anchor" not in rule):
            context.out(rule_text(rule))


def _anchors(context: Context, kernel: Kernel, anchor: str, *, verbose: bool) -> None:
    if anchor and kernel.ruleset(anchor) is None:
        context.err(texts.NO_ANCHOR.format(anchor=anchor))
        return
    for path in kernel.anchors(anchor, deep=verbose):
        context.out(f"  {path}")


def _references(context: Context, kernel: Kernel) -> None:
    if not kernel.data["tokens"]:
        context.out(texts.NO_REFERENCES)
        return
    context.out(texts.REFERENCES_HEAD)
    for held in kernel.data["tokens"]:
        context.out(
            texts.REFERENCE.format(pid=held["pid"], name=held["name"], token=held["token"], age=_age(held["time"]))
        )


def _age(since: float) -> str:
    seconds = max(0, int(time.time() - since))
    days, rest = divmod(seconds, 86400)
    return f"{days} days {rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
