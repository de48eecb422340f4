# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Lock files: every package at one version, with the checksums that its files may have, and no word of an index."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;]+)\s*(;.*?)?((?:\s+--hash=\w+:[0-9a-f]+)*)")


class PythonEnvironmentError(ClusterError):
    """A Python environment could not be made as it was asked for."""


@dataclass(frozen=True)
class Pin:
    """One line of a lock file."""

    name: str
    version: str
    marker: str
    hashed: bool

    @property
    def text(self) -> str:
        """The line without its checksums."""
        return f"{self.name}=={self.version}{f' {self.marker}' if self.marker else ''}"


@dataclass(frozen=True)
class Lock:
    """A lock file that was read."""

    text: str
    pins: tuple[Pin, ...]

    def allows(self, name: str, version: str) -> bool:
        """Tell whether a package may have this version, on one platform or another."""
        return any((pin.name, pin.version) == (name, version) for pin in self.pins)

    @property
    def lines(self) -> str:
        """Return what is pinned, for a difference."""
        return "".join(f"{pin.text}\n" for pin in self.pins)


def normalized(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse(text: str, title: str) -> Lock:
    """Read a lock file, and refuse one that leaves anything open."""
    joined = re.sub(r"\\\n", " ", text)
    lines = [line for line in map(_without_comment, joined.splitlines()) if line]
    if not lines:
        raise PythonEnvironmentError(f"The requirements of {title} are empty: give the text of a lock file.")
    pins = tuple(_pin(line, title) for line in lines)
    return Lock("".join(f"{' '.join(line.split())}\n" for line in lines), pins)


def digest(lock: Lock, *more: str) -> str:
    """Return the name of the environment that a lock file makes: 12 hexadecimal digits."""
    return hashlib.sha256("\n".join([lock.text, *more]).encode()).hexdigest()[:12]


def _without_comment(line: str) -> str:
    return re.sub(r"(^|\s)#.*", "", line).strip()


def _pin(line: str, title: str) -> Pin:
    word = line.split(maxsplit=1)[0]
    if line.startswith("-"):
        raise PythonEnvironmentError(
            f"The requirements of {title} hold the option `{word}`; leave it out: where packages come from is the"
            " host's setting, or cluster_python_index."
        )
    match = _PIN.fullmatch(line)
    if match is None:
        raise PythonEnvironmentError(
            f"The requirements of {title} do not pin `{word}` as NAME==VERSION: write the lock file anew."
        )
    name, version, marker, hashes = match.groups()
    pin = Pin(normalized(name), version, (marker or "").strip(), bool(hashes.strip()))
    if not pin.hashed:
        raise PythonEnvironmentError(
            f"The requirements of {title} have no checksum for {name}=={version}: write the lock file with them."
        )
    return pin
