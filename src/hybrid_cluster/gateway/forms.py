# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Forms with files, as requests for the text of a recording are: read strictly, and written anew."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import NoReturn

from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.requests import check_model

_BOUNDARY = re.compile(r'multipart/form-data\s*;\s*boundary=(?:"([^"\\]{1,70})"|([^\s;"]{1,70}))\s*', re.IGNORECASE)
_DISPOSITION = re.compile(r'form-data\s*;\s*name="([\w.\[\]-]+)"(?:\s*;\s*filename="([^"\\\r\n]*)")?\s*', re.IGNORECASE)
_MOST_PARTS = 64


@dataclass(frozen=True)
class Part:
    """A field, or a file."""

    name: str
    value: bytes
    filename: str | None = None
    content_type: str | None = None


@dataclass(frozen=True)
class Form:
    """The parts of a form."""

    parts: tuple[Part, ...]

    @property
    def model(self) -> str:
        """Return the public name that the client asks for."""
        return next(part.value for part in self.parts if part.name == "model").decode("utf-8")

    def field(self, name: str) -> str:
        """Return a field, empty where it is absent."""
        return next((part.value.decode("utf-8", "replace") for part in self.parts if part.name == name), "")

    def write(self, model: str) -> tuple[str, bytes]:
        """Return the type and the text of the form with another name for the model."""
        boundary = secrets.token_hex(16)
        out = b""
        for part in self.parts:
            value = model.encode() if part.name == "model" else part.value
            head = f'Content-Disposition: form-data; name="{part.name}"'
            if part.filename is not None:
                kind = part.content_type or "application/octet-stream"
                head += f'; filename="{part.filename}"\r\nContent-Type: {kind}'
            out += f"--{boundary}\r\n{head}\r\n\r\n".encode() + value + b"\r\n"
        return f"multipart/form-data; boundary={boundary}", out + f"--{boundary}--\r\n".encode()


def parse(content_type: str, raw: bytes) -> Form:
    """Return the parts of a form, each field once, a model's name among them."""
    found = _BOUNDARY.fullmatch(content_type)
    if found is None:
        _wrong("it is not multipart/form-data with a boundary")
    mark = b"--" + (found[1] or found[2]).encode("latin-1", "replace")
    first, *pieces = (b"\r\n" + raw).split(b"\r\n" + mark)
    if first.strip() or not pieces or pieces[-1].strip() != b"--":
        _wrong("it does not begin and end with its boundary")
    if len(pieces) - 1 > _MOST_PARTS:
        _wrong(f"it has more than {_MOST_PARTS} parts")
    parts = tuple(_part(piece) for piece in pieces[:-1])
    names = [part.name.casefold() for part in parts if not part.name.endswith("[]")]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Failure(400, f"The field {twice[:50]!r} is there twice.", code="ambiguous_key", param=twice[:50])
    if any(part.name != "model" and part.name.casefold() == "model" for part in parts):
        raise Failure(400, "Write 'model' in small letters.", code="ambiguous_key", param="model")
    model = next((part for part in parts if part.name == "model" and part.filename is None), None)
    check_model(model.value.decode("utf-8", "replace") if model else None)
    return Form(parts)


def _part(piece: bytes) -> Part:
    head, separator, value = piece.partition(b"\r\n\r\n")
    if not separator or not head.startswith(b"\r\n") or not head.isascii():
        _wrong("one of its parts has no head that can be read")
    lines = [line.partition(":") for line in head.decode("ascii").split("\r\n")[1:]]
    headers = {name.lower(): text.strip() for name, _, text in lines}
    found = _DISPOSITION.fullmatch(headers.get("content-disposition", ""))
    if found is None or len(headers) != len(lines) or headers.keys() - {"content-disposition", "content-type"}:
        _wrong("one of its parts has a head that can be read in two ways")
    return Part(found[1], value, found[2], headers.get("content-type"))


def _wrong(sentence: str) -> NoReturn:
    raise Failure(400, f"The form cannot be read: {sentence}.", code="invalid_form")
