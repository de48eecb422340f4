# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Other Debian releases, for their Pythons: cached root file systems, of which every command sees a copy of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import rootfs, settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What a command writes is in memory and goes with it, as its mounts and processes do: both belong to namespaces that
# end with it. $1 is the cached root, $2 where the copy is seen, the rest up to `--` is shared with this machine.
_COPY = """
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
root=$2/root; shift 2
mount -t proc proc "$root/proc"
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$1"; else mkdir -p "$root${1%/*}"; touch "$root$1"; fi
    mount --rbind "$1" "$root$1"; shift
done
shift
exec "$@"
"""
_NAMESPACES = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--")


@dataclass(frozen=True)
class Root:
    """A root file system and what its commands share with this machine, at the same paths."""

    path: Path
    place: Path
    """An empty directory over which each command's copy is mounted."""
    shared: tuple[str, ...] = ("/dev",)

    @property
    def copy(self) -> Path:
        """Return where a command sees its copy, unless it is in it."""
        return self.place / "root"

    def beside(self, *argv: str) -> list[str]:
        """Return the command line of a program of this machine that sees the copy."""
        return [*_NAMESPACES, "sh", "-ec", _COPY, "sh", str(self.path), str(self.place), *self.shared, "--", *argv]

    def inside(self, *argv: str, directory: str = "/") -> list[str]:
        """Return the command line of a program of the root, run there."""
        return self.beside("chroot", str(self.copy), "env", "--chdir", directory, *argv)


def root(suite: str, packages: Sequence[str], place: Path, *shared: str) -> Root:
    """Return a Debian release with some packages, built first if the cache does not hold it."""
    place.mkdir(parents=True, exist_ok=True)
    # Nothing runs in it behind a gateway: this machine's loopback is its own.
    return Root(rootfs.small(suite, packages, settings.read("127.0.0.1")), place, ("/dev", *shared))
