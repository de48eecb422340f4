# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The private torrent of a folder: the checksum of each of its pieces, under the names of its manifest and no others.

It is of version 2 alone: every file begins a piece of its own, so an unchanged file of the revision before is whole
pieces, blocks of 16 KiB are checked one by one, and nothing is hashed twice as for both versions together. Its content
follows from the manifest and the bytes, so that every holder makes the same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libtorrent as lt

from .job import TransferError

if TYPE_CHECKING:
    from pathlib import Path

    from .job import Folder

SMALLEST_PIECE = 256 << 10
LARGEST_PIECE = 16 << 20
PIECES = 2048
"""About as many pieces as a folder has: a host hands on whole ones, and their list goes to every host."""


def piece_length(size: int) -> int:
    """Return how long the pieces of a folder of so many bytes are."""
    length = SMALLEST_PIECE
    while length < LARGEST_PIECE and size > length * PIECES:
        length *= 2
    return length


def make(folder: Folder, place: Path) -> bytes:
    """Read a complete folder and return its torrent.

    :raises TransferError: a file cannot be read
    """
    entries = [lt.create_file_entry(f"{place.name}/{file.path}", file.size) for file in folder.manifest.files]
    torrent = lt.create_torrent(entries, piece_length(folder.size), lt.create_torrent.v2_only)
    torrent.set_priv(True)
    try:
        lt.set_piece_hashes(torrent, str(place.parent), lambda _piece: None)
    except (RuntimeError, OSError) as error:
        raise TransferError(f"{place} cannot be read: {error}; look at its disk.") from error
    content = torrent.generate()
    content.pop(b"creation date", None)  # the same bytes make the same torrent
    return bytes(lt.bencode(content))


def load(folder: Folder, torrent: bytes, place: Path) -> lt.add_torrent_params:
    """Return how a session is given a folder whose files lie at a place, whatever the torrent calls them.

    :raises TransferError: the torrent is of other files than the manifest
    """
    try:
        parameters = lt.load_torrent_buffer(torrent)
    except RuntimeError as error:
        raise TransferError(f"The torrent of {folder.name} cannot be read: {error}; run models.yml again.") from error
    names = _names(parameters.ti)
    found = {name: parameters.ti.files().file_size(index) for index, name in names.items()}
    if found != {file.path: file.size for file in folder.manifest.files}:
        raise TransferError(f"The torrent of {folder.name} is of other files than its manifest; run models.yml again.")
    parameters.renamed_files = names
    parameters.save_path = str(place)
    return parameters


def numbers(handle: lt.torrent_handle) -> dict[str, int]:
    """Return the number that a session counts each file by."""
    return {name: index for index, name in _names(handle.torrent_file()).items()}


def _names(torrent: lt.torrent_info) -> dict[int, str]:
    """Return the names of files within their folder, as they were given; padding is not a file.

    A torrent of one file loses its folder as soon as it is read.
    """
    layout = torrent.files()
    return {
        index: layout.file_path(index).split("/", 1)[-1]
        for index in range(layout.num_files())
        if not layout.file_flags(index) & lt.file_flags_t.flag_pad_file
    }
