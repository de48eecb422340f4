# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The one transaction that installs, upgrades or downgrades a driver, looked at before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _apt
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import packages
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.branches import DriverError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.packages import Wanted

OPTIONS = ["--no-install-recommends", "--allow-downgrades", "--allow-change-held-packages", "install"]


@dataclass(frozen=True)
class DriverSet:
    """What has to be there of a driver, and what must not."""

    branch: int
    wanted: Sequence[Wanted]
    remove: Sequence[str]

    def missing(self, installed: Mapping[str, str]) -> list[Wanted]:
        """Return what is not there as it should be."""
        return [one for one in self.wanted if not one.satisfied_by(installed)]

    def left(self, installed: Mapping[str, str]) -> list[str]:
        """Return what has to go and is there."""
        return [name for name in self.remove if name in installed]

    def strays(self, installed: Mapping[str, str]) -> list[str]:
        """Return what is of another branch and neither wanted nor unwanted by its name: libraries that came along."""
        named = {name for one in self.wanted for name in one.names} | set(self.remove)
        return [name for name in packages.strays(installed, self.branch) if name not in named]

    def to_do(self, installed: Mapping[str, str]) -> bool:
        """Tell whether packages have to be changed."""
        missing = any(not one.optional for one in self.missing(installed))
        return missing or bool(self.left(installed) or self.strays(installed))


@dataclass(frozen=True)
class Prepared:
    """A transaction that apt would make."""

    words: list[str]
    transaction: _apt.Transaction
    outside: list[str]
    """What would be removed and is not part of a driver."""


def prepare(commands: Commands, chosen: DriverSet, installed: Mapping[str, str], advice: str = "") -> Prepared:
    """Simulate the transaction; nothing is changed."""
    missing = chosen.missing(installed)
    names = [name for one in missing for name in (*one.names, *one.otherwise, *one.together)]
    strays = chosen.strays(installed)
    found = _apt.candidates(commands, list(dict.fromkeys([*names, *strays])))
    words: list[str] = []
    for one in missing:
        words += _words(one, found, advice)
    words += [f"{name}-" for name in chosen.left(installed)]
    # apt moves nothing to an older version by itself.
    words += [name if _is_of(found.get(name), chosen.branch) else f"{name}-" for name in strays]
    words = list(dict.fromkeys(words))
    transaction = _apt.simulate(commands, [*OPTIONS, *words])
    _check_versions(missing, words, transaction)
    outside = [name for name in transaction.removes if not packages.is_driver(name) and not packages.is_pinning(name)]
    return Prepared(words, transaction, outside)


def _is_of(version: str | None, branch: int) -> bool:
    return version is not None and packages.upstream(version).startswith(f"{branch}.")


def _words(one: Wanted, found: Mapping[str, str], advice: str) -> list[str]:
    name = next((name for name in one.names if name in found), None)
    if name is not None:
        return [name, *(other for other in one.together if other in found)]
    if one.optional:
        return [other for other in one.otherwise if other in found]
    raise DriverError(
        f"No archive that this host knows has {' or '.join(one.names)}. Nothing was installed. {advice}".rstrip()
    )


def _check_versions(missing: Sequence[Wanted], words: Sequence[str], transaction: _apt.Transaction) -> None:
    """See that apt takes the branch that is wanted: a pin of somebody else's may say otherwise."""
    for one in missing:
        for name in one.names:
            version = transaction.installs.get(name)
            if name in words and version and one.version and not packages.fits(packages.upstream(version), one.version):
                raise DriverError(
                    f"apt would install {name} {version}, where {one.version.rstrip('.')} is wanted. Nothing was"
                    f" installed. Look which file in /etc/apt/preferences.d says so, with `apt-cache policy {name}`."
                )


def refuse_outside(prepared: Prepared, *, desktop: bool) -> None:
    """Refuse to take from a host what is not the driver's."""
    if not prepared.outside:
        return
    first = "remove these first, if nobody needs them"
    other = (
        "write another nvidia_driver_source or nvidia_driver_branch, whose packages go with them"
        if desktop
        else "set nvidia_driver_desktop to true, for the driver with what a screen needs"
    )
    raise DriverError(
        f"The driver would remove {enumerate_names(prepared.outside)} from this host, which is not part of a driver."
        f" Nothing was installed. Either {first}, or {other}."
    )
