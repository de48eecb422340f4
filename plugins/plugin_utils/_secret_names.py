# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a secret looks like, where nobody has said that it is one: by the words of its name, or by its shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = {"authorization", "bearer", "credential", "credentials", "passphrase", "passwd", "password", "secret", "token"}
_WORDS |= {"apikey", "webhook", "webhooks"}
_KEYS = {"access", "api", "auth", "master", "private", "secret", "signing"}
"""What comes before `key` in the name of one that is secret."""

_PLACES = {"directory", "file", "path"}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/@:]*:[^\s/@]+@")


def is_secret_name(name: str) -> bool:
    """Tell whether a name such as `HF_TOKEN` is that of a secret; `password_file` only says where one is."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    if not words or words[-1] in _PLACES:
        return False
    pairs = pairwise(words)
    return not _WORDS.isdisjoint(words) or any(first in _KEYS and second == "key" for first, second in pairs)


def has_password(value: Any) -> bool:
    """Tell whether a text holds an address with a password, as `http://user:password@host/`."""
    return isinstance(value, str) and _ADDRESS.search(value) is not None


def members(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Return every value of a mapping or a list, however deep, with the nearest name above it."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from members(member, str(key))
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from members(member, name)
    else:
        yield name, value
