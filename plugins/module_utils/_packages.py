# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Packages of Debian's and Ubuntu's: which are there, and which of them were brought and may be removed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _names, _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._earlier_settings import EarlierSettings

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result

STATUS = ["/usr/bin/dpkg-query", "--show", "--showformat", "${db:Status-Status}"]
DPKG = ["/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", "/usr/bin/dpkg"]
INSTALLED = "installed"
CONFIGURATION = "config-files"
"""Removed, but for its configuration."""
NOWHERE = "not-installed"
_AREA = "packages"
_LOCK_SECONDS = 120.0
_REMOVAL_SECONDS = 300


class PackageError(ClusterError):
    """A package could not be removed."""


class Packages:
    """The packages of a host, and what is remembered of those that were brought."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._earlier = EarlierSettings("packages", _names.LINUX_STATE_DIRECTORY)

    def status(self, name: str) -> str:
        """Return the word that dpkg has for a package's state."""
        found = self._commands.run([*STATUS, name])
        # 1: dpkg has never heard of it.
        if found.rc not in (0, 1):
            raise PackageError(f"dpkg-query cannot tell whether {name} is installed: {found.text}")
        return found.out.strip() or NOWHERE

    def note(self, name: str, status: str) -> None:
        """Remember what was there of a package that is about to be installed."""
        self._earlier.remember(_AREA, {name: status}, {name: INSTALLED})
        self._earlier.save()

    def before(self, name: str) -> str | None:
        """Return what was there of a package before it was brought; None where nothing is known of that."""
        noted = self._earlier.areas.get(_AREA, {}).get(name)
        return None if noted is None else str(noted["before"])

    def forget(self, name: str) -> None:
        """Remember no more of a package."""
        self._earlier.areas.get(_AREA, {}).pop(name, None)
        if self._earlier.areas.get(_AREA):
            self._earlier.save()
        else:
            self._earlier.forget()

    def needed_by(self, name: str, before: str) -> str | None:
        """Return why dpkg would not remove a package, which other packages need; None where it would."""
        answer = self._dpkg("--no-act", *_how(before), name)
        return None if answer.rc == 0 else _reason(answer)

    def remove(self, name: str, before: str) -> None:
        """Remove a package; its configuration stays where it was there before."""
        answers: list[Result] = []

        def ends() -> bool:
            answers.append(self._dpkg(*_how(before), name))
            return "locked by another process" not in answers[-1].err

        # Somebody else's upgrade may be under way.
        _wait.wait_until(ends, _LOCK_SECONDS, interval=2.0)
        if answers[-1].rc != 0:
            raise PackageError(f"dpkg could not remove {name}: {_reason(answers[-1])}")

    def _dpkg(self, *words: str) -> Result:
        return self._commands.run([*DPKG, *words], timeout=_REMOVAL_SECONDS)


def _how(before: str) -> list[str]:
    return ["--remove"] if before == CONFIGURATION else ["--purge"]


def _reason(answer: Result) -> str:
    """Return the line of dpkg that names the other package, or all that it said."""
    lines = [line.strip() for line in answer.err.splitlines()]
    return next((line.rstrip(".") for line in lines if " depends on " in line), answer.text)
