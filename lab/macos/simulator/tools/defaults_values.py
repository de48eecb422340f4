# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The values on the command line of ``defaults write``."""

from __future__ import annotations

from .. import openstep
from . import defaults_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCALARS = ("-string", "-int", "-integer", "-float", "-bool", "-boolean", "-data", "-date")
TRUE = ("true", "yes", "1")
FALSE = ("false", "no", "0")


def parse(text: str) -> Any:
    """Read a value without a type: a property list in XML or in the old form, otherwise a string."""
    import plistlib

    if text.startswith("<") and not text[1:2].isdigit():
        document = text if text.lstrip().startswith("<?xml") else f"<plist>{text}</plist>"
        try:
            return plistlib.loads(document.encode())
        except Exception as error:  # the XML parser's own errors come through
            raise ValueError(texts.NOT_A_VALUE.format(value=text)) from error
    if text[:1] in ("{", "(", "<"):
        try:
            return openstep.parse(text)
        except openstep.ParseError as error:
            raise ValueError(texts.NOT_A_VALUE.format(value=text)) from error
    return text


def build(words: list[str], current: Any) -> Any:
    """Return the new value of a key; the ``-add`` types need the present one."""
    kind, rest = (words[0], words[1:]) if words[0].startswith("-") else ("", words)
    if kind in ("-array", "-array-add"):
        before = list(current) if kind == "-array-add" and isinstance(current, list) else []
        return before + _items(rest)
    if kind in ("-dict", "-dict-add"):
        items = _items(rest)
        if len(items) % 2:
            raise ValueError(texts.NOT_A_VALUE.format(value=" ".join(rest)))
        present = dict(current) if kind == "-dict-add" and isinstance(current, dict) else {}
        return {**present, **{str(key): value for key, value in zip(items[::2], items[1::2], strict=True)}}
    items = _items(words)
    if len(items) != 1:
        raise ValueError("Unexpected argument " + (rest[1] if len(rest) > 1 else "") + "; leaving defaults unchanged.")
    return items[0]


def _items(words: list[str]) -> list[Any]:
    """Read values of which each may be preceded by its type."""
    items = []
    words = list(words)
    while words:
        word = words.pop(0)
        if word in SCALARS and words:
            items.append(_scalar(word, words.pop(0)))
        else:
            items.append(parse(word))
    return items


def _scalar(kind: str, text: str) -> Any:
    if kind == "-string":
        return text
    if kind in ("-int", "-integer"):
        return _integer(text)
    if kind == "-float":
        try:
            return float(text)
        except ValueError:
            return 0.0
    if kind in ("-bool", "-boolean"):
        if text.lower() not in TRUE + FALSE:
            raise ValueError(f"Unrecognized boolean value '{text}'; leaving defaults unchanged.")
        return text.lower() in TRUE
    if kind == "-data":
        return bytes.fromhex(text)
    return _date(text)


def _integer(text: str) -> int:
    """Read as strtol does: what is no number counts as far as it is one."""
    sign = -1 if text.startswith("-") else 1
    digits = ""
    for letter in text.lstrip("+-"):
        if not letter.isdigit():
            break
        digits += letter
    return sign * int(digits or "0")


def _date(text: str) -> Any:
    import datetime

    moment = text.strip().removesuffix("+0000").strip()
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"):
        try:
            return datetime.datetime.strptime(moment, form)  # noqa: DTZ007 - property lists have no other zone than UTC
        except ValueError:
            continue
    raise ValueError(f"Could not parse date '{text}'; leaving defaults unchanged.")
