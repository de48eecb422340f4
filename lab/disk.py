# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A host's disk: an overlay of what it wrote over the shared root file systems."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lab import names, process
from lab.errors import LabError
from lab.removal import remove_tree
from lab.topology import Host

if TYPE_CHECKING:
    from pathlib import Path

_RECORD = "disk.json"
_libc = ctypes.CDLL(None, use_errno=True)
_MS_REC = 0x4000
_MS_SLAVE = 1 << 19
_CLONE_NEWNS = 0x00020000
_NO_SUCH_FILE = 44
_READ = (
    "unshare", "--mount", "--propagation", "private", "sh", "-c",
    f'mount -t overlay -o "ro,$1" overlay "$2" || exit 1; [ -f "$2/$3" ] || exit {_NO_SUCH_FILE}; cat "$2/$3"',
)  # fmt: skip


@dataclass(frozen=True)
class Disk:
    """Where a host's files are, and how it is started."""

    lab: str
    host: Host
    lowers: tuple[str, ...]
    init: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """The directory that holds the parts of the overlay."""
        return names.disk(self.lab, self.host.name)

    @property
    def upper(self) -> Path:
        """What the host wrote."""
        return self.directory / "upper"

    @property
    def root(self) -> Path:
        """Where the overlay is mounted: only in the mount namespace of the host's keeper."""
        return self.directory / "root"

    def create(self) -> None:
        """Make an empty disk; anything that was there is lost."""
        self.erase()
        for part in (self.upper, self.root):
            part.mkdir(parents=True, mode=0o755)

    def record(self) -> None:
        """Write down that the disk is complete, and what it is for: a disk without this is made again."""
        text = json.dumps(
            {"host": asdict(self.host), "lowers": self.lowers, "init": self.init, "env": self.environment}
        )
        partial = self.directory / f"{_RECORD}.part"
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        partial.rename(self.directory / _RECORD)

    def erase(self) -> None:
        """Remove the disk."""
        # The record goes first: half a disk must not be taken for a disk.
        (self.directory / _RECORD).unlink(missing_ok=True)
        remove_tree(self.directory)

    def read(self, path: str) -> str:
        """Return a file as the host would see it; only while the host is off."""
        # Mounted and not looked up layer by layer: what the host deleted or renamed is for the kernel to know.
        layers = f"lowerdir={':'.join((str(self.upper), *self.lowers))},redirect_dir=follow"
        result = process.run(*_READ, "sh", layers, str(self.root), path, check=False)
        if result.returncode == _NO_SUCH_FILE:
            raise LabError(f"The root file system of {self.host.name} has no file /{path}.")
        if result.returncode != 0:
            raise LabError(f"The disk of {self.host.name} cannot be read: {process.last_line(result.stderr)}")
        return result.stdout

    def save(self, layer: Path) -> Disk:
        """Move what the host wrote to a layer of its own, and return the disk that goes on above it; only while off."""
        above = replace(self, lowers=(str(layer), *self.lowers))
        (self.directory / _RECORD).unlink()
        self.upper.rename(layer)
        self.upper.mkdir(mode=0o755)
        shutil.copystat(layer, self.upper)
        above.record()
        return above

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file; only while the host is off."""
        target = self.upper / path
        self._make_parents(target.parent)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)

    def _make_parents(self, directory: Path) -> None:
        if directory.is_dir():
            return
        self._make_parents(directory.parent)
        directory.mkdir(mode=0o755)
        for lower in self.lowers:
            below = type(directory)(lower) / directory.relative_to(self.upper)
            if below.is_dir():  # an overlay shows the owner and mode of the uppermost directory
                status = below.stat()
                directory.chmod(status.st_mode & 0o7777)
                os.chown(directory, status.st_uid, status.st_gid)
                return

    def mount(self) -> None:
        """Mount the overlay in a mount namespace of this process: it ends with the process, however that ends."""
        _check(_libc.unshare(_CLONE_NEWNS), "unshare the mount namespace")
        # Slave and not private: what this machine unmounts later must not live on in here.
        _check(_libc.mount(None, b"/", None, _MS_REC | _MS_SLAVE, None), "change mount propagation")
        work = self.directory / "work"
        remove_tree(work)
        work.mkdir()
        options = f"lowerdir={':'.join(self.lowers)},upperdir={self.upper},workdir={work},redirect_dir=on"
        # A simulated disk need not survive a crash of this machine: without flushes package installs are much faster.
        for extra in (",volatile", ""):
            if _libc.mount(b"overlay", os.fsencode(self.root), b"overlay", 0, f"{options}{extra}".encode()) == 0:
                return
        number = ctypes.get_errno()
        raise LabError(f"The overlay of {self.host.name} cannot be mounted: {os.strerror(number)}.")


def load(lab: str, host: str) -> Disk | None:
    """Return a host's disk, if it has a complete one."""
    try:
        data: dict[str, Any] = json.loads((names.disk(lab, host) / _RECORD).read_text(encoding="utf-8"))
        return Disk(lab, Host(**data["host"]), tuple(data["lowers"]), tuple(data["init"]), data["env"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise LabError(f"The lab cannot {what}: {os.strerror(number)}.")
