# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``nvram``: firmware variables, of which Apple Silicon guards ``boot-args``."""

from __future__ import annotations

from .. import boot_policy
from . import nvram_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/sbin/nvram",)
AREA = "nvram"


def main(context: Context) -> int:
    """Carry out the arguments in order, as the real program does."""
    if not context.argv:
        return _usage(context, "missing name")
    xml = False
    words = iter(context.argv)
    for word in words:
        status = 0
        if word in ("-x", "-X"):
            xml = True
        elif word in ("-p", "-xp"):
            _print_all(context, xml=xml or word == "-xp")
        elif word in ("-d", "-r"):
            name = next(words, "")
            if not name:
                return _usage(context, "missing name")
            status = _delete(context, name, report=word == "-r")
        elif word.startswith("-"):
            return _usage(context, f"no such option as --{word[1:]}")
        elif "=" in word:
            status = _assign(context, word)
        else:
            status = _get(context, word, xml=xml)
        if status:
            return status
    return 0


def _usage(context: Context, reason: str) -> int:
    context.err(f"nvram: (usage: {reason})")
    context.out(texts.USAGE)
    return 1


def _variables(context: Context) -> dict[str, str]:
    found: dict[str, str] = context.state.read(AREA, texts.DEFAULTS)
    return found


def _escape(value: str) -> str:
    return "".join(letter if " " <= letter <= "~" else f"%{ord(letter):02x}" for letter in value)


def _get(context: Context, name: str, *, xml: bool) -> int:
    variables = _variables(context)
    if name not in variables:
        context.err(texts.GETTING.format(name=name, text=texts.NOT_FOUND[0]))
        return 1
    if xml:
        _print_xml(context, {name: variables[name]})
    else:
        context.out(f"{name}\t{_escape(variables[name])}")
    return 0


def _print_all(context: Context, *, xml: bool) -> None:
    variables = _variables(context)
    if xml:
        _print_xml(context, variables)
        return
    for name, value in variables.items():
        context.out(f"{name}\t{_escape(value)}")


def _print_xml(context: Context, variables: dict[str, str]) -> None:
    import plistlib

    context.out(plistlib.dumps(variables).decode(), end="")


def _refusal(context: Context, name: str) -> tuple[str, int] | None:
    if not context.is_root:
        return texts.NOT_PRIVILEGED
    if name in texts.PROTECTED and not boot_policy.boot_args_allowed(context):
        return texts.NOT_PERMITTED
    return None


def _assign(context: Context, word: str) -> int:
    name, _, value = word.partition("=")
    current = _variables(context).get(name.rstrip("+-"), "")
    if name.endswith("-"):
        name = name[:-1]
        if value not in current:
            context.err(texts.SUBSTRING.format(part=value, value=current))
            return 1
        value = current.replace(value, "", 1)
    elif name.endswith("+"):
        name, value = name[:-1], current + value
    if refusal := _refusal(context, name):
        context.err(texts.SETTING.format(name=name, text=refusal[0]))
        return 1
    with context.state.edit(AREA, texts.DEFAULTS) as data:
        data[name] = value
    return 0


def _delete(context: Context, name: str, *, report: bool) -> int:
    refusal = _refusal(context, name)
    if refusal is None and name not in _variables(context):
        refusal = texts.NOT_FOUND
    if refusal is None:
        with context.state.edit(AREA, texts.DEFAULTS) as data:
            data.pop(name, None)
    elif report:
        context.err(texts.DELETING.format(name=name, text=refusal[0], code=refusal[1]))
        return 1
    # `-d` says nothing and succeeds whatever came of it.
    return 0
