# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a secret looks like, where nobody has said that it is one: by the words of its name, or by its shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = {"authorization", "bearer", "credential", "credentials", "passphrase", "passwd", "password", "secret", "token"}
_WORDS |= {"apikey", "kennwort", "passwort", "psk", "webhook", "webhooks"}
_KEYS = {"access", "api", "auth", "master", "private", "secret", "signing"}
"""What comes before `key` in the name of one that is secret."""

_PLACES = {"directory", "file", "path"}
_SHORT_WORDS = {"otp", "pass", "passphrases", "passwords", "pin", "pw", "pwd", "secrets", "tokens"}
"""What means a secret at the end of a name that somebody made up."""
_ABOUT = {"count", "days", "hours", "id", "length", "minutes", "name", "policy", "prompt", "seconds", "type"}
_ABOUT |= {"url", "user"}
"""What ends the name of something that a secret has."""
_REACHED = {"addr", "address", "host", "port", "version"}
"""What ends the name of something that the program Vault has; other variables with its name hold secrets."""
_SHAPE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|(?<![A-Za-z0-9])"
    r"(hf_[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|sk-[\w-]{20,}"
    r"|xox[abprs]-[\w-]{10,}|AKIA[A-Z0-9]{16}|AIza[\w-]{35}|AGE-SECRET-KEY-1[A-Z0-9]{20,}|dop_v1_[a-f0-9]{64}"
    r"|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,}|tskey-[\w-]{20,}|[0-9]{8,10}:AA[\w-]{33}"
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"
    r"|hooks\.slack\.com/services/\w|discord(?:app)?\.com/api/webhooks/\w|[?&](?:api_?key|access_?token|token)=[^&\s]"
    r"|\bsshpass\s+-p\s*\S"
)
"""How the keys of well-known services, and private keys, begin."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/@:]*:[^\s/@]+@")


@lru_cache(maxsize=4096)
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


@lru_cache(maxsize=4096)
def is_secret_name_of_ones_own(name: str) -> bool:
    """Tell the same of a variable that no role knows: somebody made its name up, and may call one `smtp_pass`."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    last = words[-1:]
    if words[:1] == ["vault"] or words[-2:] == ["basic", "auth"]:
        return len(words) > 1 and not (_ABOUT | _PLACES | _REACHED).intersection(last)
    return (is_secret_name(name) and not _ABOUT.intersection(last)) or not _SHORT_WORDS.isdisjoint(last)


def has_secret(value: Any) -> bool:
    """Tell whether a text holds an address with a password, a private key, or a key of a well-known service."""
    return has_password(value) or (isinstance(value, str) and _SHAPE.search(value) is not None)


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
