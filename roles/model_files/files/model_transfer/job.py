# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a host is told to do: which folders it shall have, from whom, and who may ask it for them.

The job comes over Ansible's own connection, with the checksum of every file and of every piece, so that a peer, whom
nobody authenticates, can give no wrong byte.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import Manifest

VERSION = 1


class TransferError(ModelError):
    """Something keeps this host from having a folder, or from handing it on: one sentence."""


@dataclass(frozen=True)
class Holder:
    """A host that has the folder, or will have it before this one, and its addresses in the order to try them."""

    host: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Folder:
    """One folder at one revision."""

    manifest: Manifest
    holders: tuple[Holder, ...] = ()
    """Whom to turn to, in this order; nobody where this host has the folder already."""
    torrent: bytes | None = None
    """The checksums of its pieces; a host that has the folder makes them where they are missing."""

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.manifest.folder

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return self.manifest.bytes

    @property
    def paths(self) -> list[str]:
        """The names of its files."""
        return [file.path for file in self.manifest.files]


@dataclass(frozen=True)
class Job:
    """What one host does."""

    host: str
    models: Path
    state_directory: str
    """Where roles remember on which disk the models are."""
    listen: tuple[str, ...]
    """Its own addresses."""
    port: int
    allowed: tuple[str, ...]
    """The addresses of the hosts that may ask, or be asked."""
    folders: tuple[Folder, ...]
    token: str
    """Repeated in the status, so that nobody takes that of another job for this one's."""
    plain: bool = False
    """Whether this host copies file by file, because libtorrent does not run on it."""
    copies_port: int | None = None
    """Where this host gives files to hosts that copy, nowhere if unset; where a host that copies asks for them."""
    compare: bool = False
    """Whether every byte of a folder that seems complete is compared, and what is damaged fetched again."""
    bytes_per_second: int = 0
    """The most that is sent and the most that is received; 0 means no limit."""
    idle_seconds: float = 600.0
    """How long it stays after everything is complete and nobody asks for anything any more."""
    give_up_seconds: float = 120.0
    """How long none of the holders may answer."""


def read(path: Path) -> Job:
    """Read a job.

    :raises TransferError: it is none
    """
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise TransferError(f"{path} cannot be read: {error}; run the playbook models.yml again.") from error


def parse(content: Any) -> Job:
    """Make a job of what was read.

    :raises TransferError: it is none, or names a file outside of its folder
    """
    try:
        if content["version"] != VERSION:
            raise TransferError(f"The job is of version {content['version']}, not {VERSION}; run models.yml again.")
        return Job(
            host=content["host"],
            models=Path(content["models_directory"]),
            state_directory=content["state_directory"],
            listen=tuple(content["listen"]),
            port=content["port"],
            allowed=tuple(content["allowed"]),
            folders=tuple(_folder(entry) for entry in content["folders"]),
            token=content["token"],
            plain=content.get("plain", Job.plain),
            copies_port=content.get("copies_port"),
            compare=content.get("compare", Job.compare),
            bytes_per_second=content.get("bytes_per_second") or Job.bytes_per_second,
            idle_seconds=content.get("idle_seconds", Job.idle_seconds),
            give_up_seconds=content.get("give_up_seconds", Job.give_up_seconds),
        )
    except (KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise TransferError(f"The job cannot be understood: {error!r}; run the playbook models.yml again.") from error
    except ModelError as error:
        raise TransferError(str(error)) from error


def _folder(entry: Mapping[str, Any]) -> Folder:
    holders = tuple(Holder(holder["host"], tuple(holder["addresses"])) for holder in entry.get("holders", ()))
    torrent = entry.get("torrent")
    return Folder(manifests.parse(entry["manifest"]), holders, base64.b64decode(torrent) if torrent else None)
