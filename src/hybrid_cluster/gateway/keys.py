# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Keys of clients and administrators: shown once, kept as hashes, changed without a reload."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway import state_file
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.state_file import StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_PREFIX = "hc-"
_LONGEST = 256
# So many letters and digits are 190 random bits.
_SHORTEST = 32
_SECRET = re.compile(rf"[A-Za-z0-9_-]{{{_SHORTEST},{_LONGEST}}}")
_VERSION = 1


class KeyProblem(Exception):  # noqa: N818 - its message is the sentence for the operator
    """A key cannot be made or changed."""


class KeyKind(StrEnum):
    """Whose a key is; each kind opens what the other one does not."""

    CLIENT = "client"
    """Asks models."""
    ADMINISTRATOR = "administrator"
    """Wakes hosts, sends them to sleep, and makes keys of clients."""


@dataclass(frozen=True)
class Limits:
    """What a key may do; nothing stands for no limit."""

    models: tuple[str, ...] | None = None
    """Public names."""
    requests_per_minute: int | None = None
    concurrent_requests: int | None = None
    body_bytes: int | None = None
    tokens_per_day: int | None = None
    """Of prompts and answers together; days are those of UTC."""

    def allows(self, model: str) -> bool:
        """Return whether a model may be asked."""
        return self.models is None or model in self.models


@dataclass(frozen=True)
class Key:
    """A key as it is kept."""

    name: str
    digest: str
    """SHA-256 of the secret. That is 256 random bits, so a slow hash would add nothing but its time."""
    created: float
    """Seconds of Unix time."""
    expires: float | None = None
    previous: str | None = None
    """The hash of the secret before the last rotation."""
    previous_until: float = 0.0
    limits: Limits = Limits()
    kind: KeyKind = KeyKind.CLIENT


class KeyFile:
    """The keys of one file, which several processes may change."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._stamp: tuple[int, int, int] | None = None
        self._keys: dict[str, Key] = {}
        self._digests: dict[str, Key] = {}
        self.problem: str | None = None
        """Why the file could not be read the last time; the keys before it are still good then."""

    def load(self) -> None:
        """Read the file, which must be there and good."""
        self._refresh()
        if self.problem is not None:
            raise StateError(self.problem)

    def begin(self) -> None:
        """Make the file, with no key in it, where there is none."""
        if not self._path.exists():
            self._change(lambda _: None)

    def all(self) -> list[Key]:
        """Return every key, by name."""
        self._refresh()
        return sorted(self._keys.values(), key=lambda key: key.name)

    @property
    def stamp(self) -> object:
        """Return what changes with the keys."""
        self._refresh()
        return self._stamp

    def find(self, secret: str) -> Key:
        """Return the key of a secret, or refuse it; a key that was revoked a moment ago is refused too."""
        self._refresh()
        if not secret:
            raise Failure(401, "A key is missing: send it as 'Authorization: Bearer'.", code="missing_key", final=True)
        digest = _digest(secret) if len(secret) <= _LONGEST else ""
        key, now = self._digests.get(digest), self._clock()
        if key is None or (digest != key.digest and now >= key.previous_until):
            raise Failure(401, "The key is not known.", code="invalid_key", final=True)
        if key.expires is not None and now >= key.expires:
            raise Failure(401, f"The key {key.name!r} has expired.", code="expired_key", final=True)
        return key

    def create(
        self,
        name: str,
        limits: Limits | None = None,
        expires: float | None = None,
        kind: KeyKind = KeyKind.CLIENT,
    ) -> str:
        """Make a key and return its secret, which is not kept."""
        _check_name(name)
        secret = _secret()

        def change(keys: dict[str, Key]) -> None:
            if name in keys:
                raise KeyProblem(f"There is a key {name!r} already; rotate it, or revoke it first.")
            keys[name] = Key(name, _digest(secret), self._clock(), expires, limits=limits or Limits(), kind=kind)

        self._change(change)
        return secret

    def adopt(self, name: str, secret: str, *, kind: KeyKind = KeyKind.CLIENT, dry_run: bool = False) -> bool:
        """Give a key a secret from elsewhere and return whether it had another one, which ends at once.

        A key does not change its kind.
        """
        _check_name(name)
        if not _SECRET.fullmatch(secret):
            raise KeyProblem(
                f"The secret for {name!r} is too short or odd: {_SHORTEST} or more letters and digits of ASCII."
            )
        if self._path.exists():
            self.load()
        digest, found = _digest(secret), self._keys.get(name)
        if found is not None and found.kind is not kind:
            raise KeyProblem(f"The key {name!r} is one of another kind ({found.kind}); revoke it first.")
        if found is not None and (found.digest, found.previous, found.expires) == (digest, None, None):
            return False

        def change(keys: dict[str, Key]) -> None:
            key = keys.get(name) or Key(name, digest, self._clock(), kind=kind)
            keys[name] = replace(key, digest=digest, previous=None, previous_until=0.0, expires=None)

        if not dry_run:
            self._change(change)
        return True

    def rotate(self, name: str, grace: float = 0.0, only: KeyKind | None = None) -> str:
        """Give a key a new secret and return it; the old one is good for some seconds more.

        Here and below, `only` names the kind that may be changed; None is each.
        """
        secret = _secret()

        def change(keys: dict[str, Key]) -> None:
            key = _get(keys, name, only)
            until = self._clock() + grace
            keys[name] = replace(key, digest=_digest(secret), previous=key.digest, previous_until=until)

        self._change(change)
        return secret

    def limit(self, name: str, limits: Limits, expires: float | None = None, only: KeyKind | None = None) -> None:
        """Change what a key may do, and until when."""

        def change(keys: dict[str, Key]) -> None:
            keys[name] = replace(_get(keys, name, only), limits=limits, expires=expires)

        self._change(change)

    def revoke(self, name: str, only: KeyKind | None = None) -> None:
        """End a key, and the secret before it."""

        def change(keys: dict[str, Key]) -> None:
            del keys[_get(keys, name, only).name]

        self._change(change)

    def _change(self, change: Callable[[dict[str, Key]], None]) -> None:
        with state_file.locked(self._path):
            keys = _read(self._path) if self._path.exists() else {}
            change(keys)
            state_file.write(self._path, {"version": _VERSION, "keys": [asdict(key) for key in keys.values()]})
        self._refresh()

    def _refresh(self) -> None:
        """Read the file where it is another one than the last time; a look costs microseconds."""
        try:
            found = self._path.stat()
            stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
            if stamp == self._stamp:
                return
            keys = _read(self._path)
        except OSError as error:
            self.problem = f"{self._path}: {error.strerror}."
            return
        except StateError as error:
            self.problem = str(error)
            return
        self.problem = None
        self._stamp, self._keys = stamp, keys
        self._digests = {key.previous: key for key in keys.values() if key.previous}
        self._digests |= {key.digest: key for key in keys.values()}


def _get(keys: Mapping[str, Key], name: str, only: KeyKind | None = None) -> Key:
    if name not in keys:
        raise KeyProblem(f"There is no key {name!r}.")
    if only is not None and keys[name].kind is not only:
        raise KeyProblem(f"The key {name!r} is an {keys[name].kind}'s; gateway-keys on the management node changes it.")
    return keys[name]


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise KeyProblem(
            f"{name!r} is not a valid name for a key: use small letters, digits, dots, dashes and underscores."
        )


def _secret() -> str:
    return _PREFIX + secrets.token_urlsafe(32)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: Path) -> dict[str, Key]:
    value = state_file.read(path)
    if value.get("version") != _VERSION:
        raise StateError(f"{path}: its version is {value.get('version')!r}, and only {_VERSION} is known.")
    try:
        keys = [_key(item) for item in value["keys"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(f"{path}: one of its keys is incomplete ({error}); bring it back from a backup.") from error
    return {key.name: key for key in keys}


def _key(item: dict[str, Any]) -> Key:
    given = dict(item["limits"])
    unknown = sorted(given.keys() - {field.name for field in fields(Limits)})
    if unknown:
        # A limit that is not understood must not be a limit that is not kept.
        raise KeyError(*unknown)
    if given.get("models") is not None:
        given["models"] = tuple(given["models"])
    kind = KeyKind(item.get("kind", KeyKind.CLIENT))
    return Key(**{**item, "limits": Limits(**given), "kind": kind})
