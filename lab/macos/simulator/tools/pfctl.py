# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``pfctl``: starts, loads, shows and flushes the packet filter, in the order of the real program."""

from __future__ import annotations

import getopt
import os

from ..pf import states
from ..pf.kernel import Kernel
from ..pf.parse import parse
from ..pf.show import rule_text, table_text
from ..pf.words import RulesError
from . import pfctl_texts as texts
from .pfctl_show import show
from .pfctl_tables import table_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tool import Context

PATHS = ("/sbin/pfctl",)
_MODIFIERS = ("nat", "rules", "states", "Tables", "dummynet", "all")


def main(context: Context) -> int:
    """Do what the options say."""
    try:
        pairs, rest = getopt.gnu_getopt(context.argv, "a:deEf:F:hk:nNqrRo:s:t:T:vX:")
    except getopt.GetoptError:
        context.err(texts.USAGE)
        return 1
    options = {name[1]: value for name, value in pairs}
    if not options or "h" in options:
        context.err(texts.USAGE)
        return 1
    if "f" in options and "q" not in options:
        context.err(texts.FLUSH_NOTICE)
    anchor = options.get("a", "")
    if any(part.startswith("_") for part in anchor.split("/")):
        context.err(texts.HIDDEN_ANCHOR)
        return 1
    if not context.is_root and "n" not in options:
        context.err(texts.PERMISSION)
        return 1
    if "q" not in options:
        context.err(texts.ALTQ)
    if "n" in options:
        return _check(context, options)
    with Kernel(context) as kernel:
        killed = [value for name, value in pairs if name == "-k"]
        return _act(context, kernel, anchor, {**options, "killed": killed}, rest)


def _act(context: Context, kernel: Kernel, anchor: str, options: dict[str, Any], rest: list[str]) -> int:
    status = 0
    if "d" in options or "X" in options:
        status |= _stop(context, kernel, options.get("X"))
    if "s" in options:
        show(context, kernel, anchor, options["s"], verbose="v" in options)
    if "F" in options:
        _flush(context, kernel, anchor, options["F"])
    if options["killed"]:
        _kill(context, options["killed"])
    if "T" in options:
        status |= table_command(context, kernel, (anchor, options.get("t", "")), options["T"], rest)
    if "f" in options:
        status |= _load(context, kernel, anchor, options["f"], verbose="v" in options)
    if not status and ("e" in options or "E" in options):
        status |= _start(context, kernel, with_token="E" in options)
    return status


def _start(context: Context, kernel: Kernel, *, with_token: bool) -> int:
    if with_token:
        token = kernel.add_token(os.getpid(), context.name)
        context.err(texts.ENABLED)
        context.err(texts.TOKEN.format(token=token))
        return 0
    if kernel.runs:
        context.err(texts.ALREADY_ENABLED)
        return 1
    kernel.start()
    context.err(texts.ENABLED)
    return 0


def _stop(context: Context, kernel: Kernel, token: str | None) -> int:
    if not kernel.runs:
        context.err(texts.NOT_ENABLED)
        return 1
    if token is None:
        kernel.stop()
        context.err(texts.DISABLED)
        return 0
    left = kernel.release(token)
    if left is None:
        context.err(texts.TOKEN_INVALID)
        return 1
    context.err(texts.REFERENCES_LEFT.format(count=left) if left else texts.DISABLED)
    return 0


def _flush(context: Context, kernel: Kernel, anchor: str, modifier: str) -> None:
    what = next((name for name in _MODIFIERS if name.startswith(modifier)), "")
    tables = found = 0
    if what in ("rules", "all"):
        kernel.flush(anchor, "rules")
    if what in ("Tables", "all"):
        tables = kernel.flush(anchor, "tables")
    if what == "states" or (what == "all" and not anchor):
        found = states.kill(None, None)
    if what == "all":
        parts = ["rules", "nat", "dummynet", "Tables", *([] if anchor else ["states", "Reset"])]
    else:
        parts = [what] if what else []
    for part in parts:
        context.err(texts.FLUSHED[part].format(tables=tables, states=found))


def _kill(context: Context, hosts: list[str]) -> None:
    source = None if hosts[0] in ("0.0.0.0/0", "::/0") else hosts[0]
    target = hosts[1] if len(hosts) > 1 else None
    count = states.kill(source, target)
    context.err(texts.KILLED.format(states=count, sources=1, targets=int(target is not None)))


def _read(context: Context, file: str, complaint: str = texts.NOT_LOADED) -> tuple[dict[str, Any], str] | None:
    """Parse a file; say why where that cannot be done, and what comes of it."""
    try:
        if file == "-":
            name, text = "stdin", context.stdin.read()
        else:
            name = file
            with open(context.path(file), encoding="utf-8") as opened:
                text = opened.read()
        return parse(text, name), name
    except FileNotFoundError:
        context.err(texts.NO_FILE.format(file=file))
    except RulesError as error:
        context.err("\n".join(filter(None, [str(error), complaint])))
    return None


def _check(context: Context, options: dict[str, str]) -> int:
    """Read a file and load nothing; with -v print what was understood."""
    if "f" not in options:
        return 0
    read = _read(context, options["f"], complaint="")
    if read is None:
        return 1
    if "v" in options:
        _print(context, read[0])
    return 0


def _print(context: Context, ruleset: dict[str, Any]) -> None:
    for name, table in ruleset["tables"].items():
        context.out(table_text(name, table))
    for rule in ruleset["rules"]:
        context.out(rule_text({**rule, "anchor": "/*"} if "anchor" in rule else rule))


def _load(context: Context, kernel: Kernel, anchor: str, file: str, *, verbose: bool) -> int:
    """Load a file, and what it names, in one step: a mistake anywhere leaves everything as it was."""
    read = _read(context, file)
    if read is None:
        return 1
    ruleset, name = read
    known = (kernel.ruleset("") or {"tables": {}})["tables"]
    busy = [table for table in ruleset["tables"] if not anchor and table in known]
    if busy:
        line = ruleset["tables"][busy[0]]["line"]
        context.err(f"{name}:{line}: cannot define table {busy[0]}: Resource busy\n{texts.NOT_LOADED}")
        return 1
    loads = []
    for inner, inner_file in ruleset["load"] if not anchor else ():
        inner_read = _read(context, inner_file)
        if inner_read is None:
            return 1
        loads.append((inner, inner_read[0]))
    if verbose:
        _print(context, ruleset)
    for path, content in [(anchor, ruleset), *loads]:
        kernel.replace(path, content["rules"], content["tables"])
    if not anchor:
        kernel.set_skip(ruleset["skip"])
    return 0
