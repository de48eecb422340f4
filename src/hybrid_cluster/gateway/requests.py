# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Bodies of requests: read within limits, and refused where two programs could read them differently."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from hybrid_cluster.gateway.errors import Failure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

DEFAULT_BODY_BYTES = 64 * 1024 * 1024
DEFAULT_BODIES_BYTES = 512 * 1024 * 1024
DEFAULT_SECONDS = 60.0
DEEPEST = 64
MOST_PARTS = 1_000_000
"""Brackets, braces and commas of a body, those of its texts too: what is made of many parts takes many times its length
in memory, and who reads it does nothing else meanwhile."""
LONGEST_MODEL = 200

# Go's decoder, which Ollama reads with, takes these in any case, and the last one wins.
_GUARDED = {"model", "stream", "messages", "prompt", "input", "keep_alive", "stream_options", "encoding_format"}
# A key as long as those may be, with letters that are written as escapes. The quote that it begins with may be the end
# of a text or stand in one: what is between that and the next one is no such key, or the end of an odd one.
_ESCAPED = re.compile(rb'"((?:[^"\\]|\\u[0-9a-fA-F]{4}){1,64}+)"\s*+:')
# What may be half a character.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Body:
    """A body that every reader reads alike."""

    fields: dict[str, Any]

    @property
    def model(self) -> str:
        """Return the public name that the client asks for."""
        return str(self.fields["model"])

    @property
    def stream(self) -> bool | None:
        """Return whether the answer is to be a stream, or None where the client left that to the API."""
        value = self.fields.get("stream")
        return value if isinstance(value, bool) else None


async def read(
    chunks: AsyncIterator[bytes],
    headers: Mapping[str, str],
    limit: int = DEFAULT_BODY_BYTES,
    take: Callable[[int], None] = lambda _count: None,
    seconds: float = DEFAULT_SECONDS,
) -> bytes:
    """Return the whole body, or refuse it as soon as it is known to be too long, too slow or packed.

    Each piece is taken account of before it is kept.
    """
    if headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise Failure(415, "Send the body as it is, without Content-Encoding.", code="unsupported_encoding")
    announced = headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
        _too_long(limit)
    found = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in chunks:
                if len(found) + len(chunk) > limit:
                    _too_long(limit)
                take(len(chunk))
                found += chunk
    except TimeoutError:
        raise Failure(408, f"The body did not come within {seconds:g} seconds.", code="body_too_slow") from None
    return bytes(found)


def parse(raw: bytes) -> Body:
    """Return the fields of a JSON body, with a model's name among them."""
    value = read_object(raw)
    check_model(value.get("model"))
    if _HALF.search(raw):
        encode(value)
    return Body(value)


def read_object(raw: bytes) -> dict[str, Any]:
    """Return the fields of a JSON body that every reader reads alike."""
    if sum(raw.count(mark) for mark in (b"{", b"[", b",")) > MOST_PARTS:
        sentence = f"The body has more than {MOST_PARTS} brackets, braces and commas."
        raise Failure(413, sentence, code="too_many_parts")
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite)
    except Failure:
        raise
    except RecursionError:
        raise _deep() from None
    except UnicodeDecodeError:
        raise Failure(400, "The body is not UTF-8.", code="invalid_json") from None
    except ValueError as error:
        raise Failure(400, f"The body is not JSON: {_reason(error)}.", code="invalid_json") from None
    if not isinstance(value, dict):
        raise Failure(400, "The body is not a JSON object.", code="invalid_json")
    _check_depth(value)
    if rb"\u" in raw:
        _check_escapes(raw)
    for key in value:
        plain = key.casefold()
        if key != plain and plain in _GUARDED:
            raise Failure(400, f"Write {plain!r} in small letters.", code="ambiguous_key", param=plain)
    return value


def check_model(name: object) -> str:
    """Return the name of a model, or refuse what cannot be one."""
    if name is None:
        raise Failure(400, "'model' is missing.", code="missing_model", param="model")
    if not isinstance(name, str) or not name or len(name) > LONGEST_MODEL or not name.isprintable():
        sentence = f"'model' must be a text of 1 to {LONGEST_MODEL} printable characters."
        raise Failure(400, sentence, code="invalid_model", param="model")
    return name


def encode(fields: Mapping[str, Any]) -> bytes:
    """Return fields as a body that is written anew, so that a backend reads what was checked."""
    try:
        return json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:
        raise Failure(400, "A text of the body holds half a character.", code="invalid_json") from None
    except ValueError:
        raise Failure(400, "A number of the body is too large.", code="invalid_json") from None


def _too_long(limit: int) -> NoReturn:
    raise Failure(413, f"The body is longer than the {limit} bytes that are allowed.", code="body_too_large")


def _deep() -> Failure:
    return Failure(400, f"The body is nested deeper than {DEEPEST} levels.", code="too_deep")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise Failure(400, f"The key {twice[:50]!r} is there twice.", code="ambiguous_key", param=twice[:50])
    return found


def _constant(name: str) -> NoReturn:
    raise Failure(400, f"The body is not JSON: {name} is not a number.", code="invalid_json")


def _finite(text: str) -> float:
    found = float(text)
    if math.isinf(found):
        raise Failure(400, "A number of the body is too large.", code="invalid_json")
    return found


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    # A number of thousands of digits.
    return "a number is too long"


def _check_depth(value: dict[str, Any]) -> None:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for container in level:
            values = container.values() if isinstance(container, dict) else container
            inner += [item for item in values if isinstance(item, dict | list)]
        if not inner:
            return
        level = inner
    raise _deep()


def _check_escapes(raw: bytes) -> None:
    """Refuse a guarded key that is spelled with escapes, which a reader of the raw text passes over."""
    for written in _ESCAPED.findall(raw):
        if b"\\" in written and json.loads(f'"{written.decode()}"', strict=False).casefold() in _GUARDED:
            raise Failure(400, "Write the names of fields without escapes.", code="ambiguous_key")
