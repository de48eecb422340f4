# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where a folder lies on this host while it comes, and how it takes its place.

It grows in ``.incoming/<folder>@<revision>/`` and takes the place of the one before when every file has the checksum of
its manifest. What it has in common with the one before is not fetched again: the file gets a second name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import content, folders, mount, text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

from .job import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import File

    from .job import Folder, Job

RESERVE = 256 << 20
"""Bytes that stay free on the disk, which may be the system's; of a disk of less than 8 GB a 32nd."""


class Place:
    """The folder of a host that is served, and the one that grows."""

    def __init__(self, job: Job, folder: Folder) -> None:
        self.here, self.models, self.folder, self._compare = job.host, job.models, folder, job.compare
        self._state = job.state_directory
        self.final = self.models / folder.name
        self.incoming = folders.staging(self.models, folder.name, folder.manifest.revision)
        self._verified: set[str] = set()

    def check_disk(self) -> None:
        """Refuse a disk that is not the one with the models.

        :raises TransferError: it is not mounted
        """
        problem = mount.problem(str(self.models), self._state)
        if problem:
            raise TransferError(f"{self.here}: {problem}")

    def is_complete(self) -> bool:
        """Tell whether the folder is served already; end what an earlier run has begun to put in place."""
        with self._speaking():
            folders.resume(self.models, self.folder.name)
            found = manifests.read(self.models, self.folder.name)
            return found == self.folder.manifest and not manifests.faults(self.models, found, hash=self._compare)

    def check_source(self, *, contents: bool = False) -> None:
        """Refuse to hand on what is not a model, or not the one of the manifest, by its `contents` or its sizes alone.

        :raises TransferError: a file is not what it should be
        """
        self.check_disk()
        with self._speaking():
            wrong = manifests.faults(self.models, self.folder.manifest, hash=contents)
            wrong = wrong or content.problems(self.final, self.folder.paths)
        if wrong:
            raise TransferError(
                f"{self.here} does not hand on {self.folder.name}: {' '.join(wrong)} Run models.yml again."
            )

    def prepare(self) -> None:
        """Take over every file that is here with the same bytes, from whichever revision.

        They are compared first, for nobody looks at them again. One that should have them and is damaged is copied, so
        that only what is damaged of it is fetched.

        :raises TransferError: the folder cannot be written, or the disk is too full
        """
        self.check_disk()
        with self._speaking():
            self.incoming.mkdir(mode=0o755, parents=True, exist_ok=True)
            self._drop_strangers()
            before = manifests.read(self.models, self.folder.name)
            known = {file.sha256: file.path for file in before.files} if before else {}
            for file in self.folder.manifest.files:
                self._take_over(file, known.get(file.sha256, file.path), mend=file.sha256 in known)
            self._check_room()

    def _drop_strangers(self) -> None:
        """Remove what an earlier try left that is not of this manifest, or longer."""
        wanted = {file.path: file.size for file in self.folder.manifest.files}
        for name in list(manifests.walk(self.incoming)):
            path = self.incoming / name
            if name not in wanted or path.is_symlink() or path.stat().st_size > wanted[name]:
                path.unlink()

    def _take_over(self, file: File, earlier: str, *, mend: bool) -> None:
        path, old = self.incoming / file.path, self.final / earlier
        if old.is_symlink() or not old.is_file() or old.stat().st_size != file.size:
            return
        if path.exists() and (path.samefile(old) or path.stat().st_size == file.size):
            return  # an earlier try has begun with it: what it holds is compared like everything that came
        if manifests.digest(old) == file.sha256:
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            folders.link(old, path)
            self._verified.add(file.path)
        elif mend:
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            shutil.copyfile(old, path)

    def missing(self) -> int:
        """Return how many bytes still need room on the disk."""
        return sum(max(0, file.size - _occupied(self.incoming / file.path)) for file in self.folder.manifest.files)

    def _check_room(self) -> None:
        disk = os.statvfs(self.models)
        has = disk.f_frsize * disk.f_bavail - min(RESERVE, disk.f_frsize * disk.f_blocks // 32)
        if self.missing() > max(0, has):
            raise self.full()

    def full(self) -> TransferError:
        """Return the sentence about a full disk."""
        disk = os.statvfs(self.models)
        return TransferError(
            f"{self.here} has no room for {self.folder.name}: it needs {text.size(self.missing())} more, and the disk "
            f"of {self.models} has {text.size(disk.f_frsize * disk.f_bavail)} free, some of which stays free; make "
            "room, or set cluster_models_directory to another disk."
        )

    def fault(self, error: OSError) -> TransferError:
        """Return the sentence about a folder that cannot be written."""
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return self.full()
        return TransferError(
            f"{self.here} cannot write {self.folder.name}: {error.filename or self.models}: {error.strerror}; "
            f"{self.models} has to belong to the user of the service, on a disk that can be written."
        )

    def unverified(self) -> list[File]:
        """Return the files whose bytes have not been compared with the manifest."""
        return [file for file in self.folder.manifest.files if file.path not in self._verified]

    def verify(self, file: File) -> bool:
        """Compare the bytes of a file that has come with the manifest."""
        path = self.incoming / file.path
        with self._speaking():
            if file.size == 0:
                path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
                path.touch()
            if not path.is_file() or path.stat().st_size != file.size or manifests.digest(path) != file.sha256:
                return False
        self._verified.add(file.path)
        return True

    def take(self) -> None:
        """Put the complete folder in its place; its manifest is written last.

        :raises TransferError: it cannot be written, or what its files say of themselves is wrong
        """
        with self._speaking():
            wrong = content.problems(self.incoming, self.folder.paths)
            if wrong:
                raise TransferError(
                    f"{self.here} does not take {self.folder.name}: {' '.join(wrong)} What was served before still is."
                )
            _settle(self.incoming)
            known = manifests.read(self.models, self.folder.name) or self.folder.manifest
            folders.set_aside(self.models, self.folder.name, manifests.extras(self.models, known))
            folders.publish(self.models, self.folder.manifest)
            # Of a revision that was on its way before this one.
            for left in folders.prepared(self.models, self.folder.name):
                folders.discard(left)

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn errors into sentences."""
        try:
            yield
        except OSError as error:
            raise self.fault(error) from error
        except ModelError as error:
            raise TransferError(f"{self.here}: {self.folder.name}: {error}") from error


def _occupied(path: Path) -> int:
    """Return how many bytes of a file have their room on the disk."""
    if not path.is_file():
        return 0
    status = path.stat()
    return min(status.st_size, status.st_blocks * 512)


def _settle(folder: Path) -> None:
    """Give a folder the modes that everybody may read, and have its bytes on the disk before it has its name."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
