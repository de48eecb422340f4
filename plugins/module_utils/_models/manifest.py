# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a folder of a model holds, written beside the folders when it is complete.

`<models>/.manifests/<folder>.json` has the source, the revision, and path, size and sha256 of each file. It is written
last: a folder with a manifest whose sizes are right is complete.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 1
DIRECTORY = ".manifests"
LONGEST = 64 << 20
"""Bytes of a manifest; a model has thousands of files at most."""
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,190}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 4 << 20


@dataclass(frozen=True)
class File:
    """One file of a model."""

    path: str
    """Relative to the folder, with /."""
    size: int
    """In bytes."""
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What one folder holds."""

    folder: str
    source: dict[str, Any] = field(hash=False)
    revision: str
    """The commit of a hub; of other sources the sha256 of the sorted list of sha256s."""
    files: tuple[File, ...]

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(file.size for file in self.files)

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is written."""
        files = [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in self.files]
        return {
            "version": VERSION,
            "folder": self.folder,
            "source": self.source,
            "revision": self.revision,
            "files": files,
            "bytes": self.bytes,
        }


def parse(content: Any) -> Manifest:
    """Read what a manifest says.

    :raises ModelError: it is not a manifest of this version, or names a file outside of its folder
    """
    try:
        files = tuple(File(str(file["path"]), int(file["size"]), str(file["sha256"])) for file in content["files"])
        found = Manifest(str(content["folder"]), dict(content["source"]), str(content["revision"]), files)
        version, sound = content["version"], all(_SHA256.fullmatch(file.sha256) and file.size >= 0 for file in files)
    except (KeyError, TypeError, ValueError):
        raise ModelError("This is not a valid manifest of a model.") from None
    if version != VERSION or not sound or not files:
        raise ModelError(f"This is not a manifest of version {VERSION}.")
    check_folder(found.folder)
    for file in files:
        check_path(file.path)
    return found


def check_folder(folder: str) -> None:
    """Refuse a name that is none of a model's folder.

    :raises ModelError: it is none
    """
    if not _FOLDER.fullmatch(folder):
        raise ModelError(f"{text.name(folder)} is not a valid name for the folder of a model.")


def check_path(path: str) -> None:
    """Refuse a path that leads out of the folder of a model, on whatever system.

    :raises ModelError: it does
    """
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts) or re.search(r"[\\\0-\x1f\x7f]|^[A-Za-z]:", path):
        raise ModelError(f"{text.name(path)} is not a valid name inside the folder of a model.")


def path_of(models_directory: str | Path, folder: str) -> Path:
    """Return where the manifest of a folder lies."""
    check_folder(folder)
    return Path(models_directory, DIRECTORY, f"{folder}.json")


def read(models_directory: str | Path, folder: str) -> Manifest | None:
    """Return the manifest of a folder, or None where there is none that can be read: then nothing is known of it."""
    try:
        descriptor = os.open(path_of(models_directory, folder), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno is not None and Path(path_of(models_directory, folder)).is_symlink():
            return None
        raise
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(LONGEST)
    with contextlib.suppress(ModelError, ValueError):
        found = parse(json.loads(content))
        return found if found.folder == folder else None
    return None


def write(models_directory: str | Path, manifest: Manifest) -> None:
    """Write the manifest of a folder in one step."""
    path = path_of(models_directory, manifest.folder)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    write_json(path, manifest.as_dict())


def write_json(path: Path, content: Any) -> None:
    """Have a JSON file at a path, so that a reader or a power cut never sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.write("\n")
            file.flush()
            os.fchmod(descriptor, 0o644)
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check(models_directory: str | Path, manifest: Manifest, hash: bool = False) -> list[str]:  # noqa: A002 - as agreed
    """Compare a folder with its manifest, sizes only or with `hash` contents too; return sentences."""
    found = faults(models_directory, manifest, hash)
    extra = extras(models_directory, manifest)
    if extra:
        found.append(f"{manifest.folder} holds {text.names(extra)} beside its model.")
    return found


def faults(models_directory: str | Path, manifest: Manifest, hash: bool = False) -> list[str]:  # noqa: A002 - as above
    """Return a sentence for each file that is missing or is not what the manifest says."""
    top = Path(models_directory, manifest.folder)
    found = []
    for file in manifest.files:
        place = f"{text.name(file.path)} of {manifest.folder}"
        try:
            status = (top / file.path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            found.append(f"{place} is missing.")
            continue
        if not stat.S_ISREG(status.st_mode):
            found.append(f"{place} is not a regular file.")
        elif status.st_size != file.size:
            has, wanted = text.sizes(status.st_size, file.size)
            found.append(f"{place} has {has} and should have {wanted}.")
        elif hash and digest(top / file.path) != file.sha256:
            found.append(f"{place} has the right size and another content than it should have.")
    return found


def extras(models_directory: str | Path, manifest: Manifest) -> list[str]:
    """Return the files in a folder that do not belong to its model, `._` side files of macOS among them."""
    top = Path(models_directory, manifest.folder)
    wanted = {file.path for file in manifest.files}
    return sorted(path for path in walk(top) if path not in wanted)


def walk(top: Path) -> Iterator[str]:
    """Yield every file and link below a directory, relative to it; no link is followed."""
    for directory, folders, files in os.walk(top):
        links = [name for name in folders if Path(directory, name).is_symlink()]
        for name in (*files, *links):
            yield str(Path(directory, name).relative_to(top))


def digest(path: Path, form: str = "sha256") -> str:
    """Return the checksum of a file; `git` is the one that git gives a file without LFS."""
    made = hashlib.sha1(usedforsecurity=False) if form == "git" else hashlib.sha256()
    with path.open("rb") as file:
        if form == "git":
            made.update(f"blob {os.fstat(file.fileno()).st_size}\0".encode())
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            made.update(chunk)
    return made.hexdigest()


def revision(files: tuple[File, ...]) -> str:
    """Return what stands for a commit where the source has none."""
    return hashlib.sha256("\n".join(sorted(file.sha256 for file in files)).encode()).hexdigest()
