# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Keeps a folder connected to one of its holders."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import libtorrent as lt

from .holders import FIRST_SECONDS, Answer, Choice, ask
from .job import TransferError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .job import Folder, Job

_UNFINISHED = lt.peer_info.connecting | lt.peer_info.handshake


class Link:
    """The connection of one folder; for `patience` seconds a holder is waited for that does not have it yet."""

    def __init__(self, job: Job, folder: Folder, handle: lt.torrent_handle, patience: float) -> None:
        self._job, self._folder, self._handle = job, folder, handle
        self._key = handle.info_hashes().v2.to_bytes()[:20]
        now = time.monotonic()
        self._choice = Choice(folder.holders, now, max(FIRST_SECONDS, patience), heard=now)

    @property
    def host(self) -> str:
        """The holder that is asked at present."""
        return self._choice.holder.host

    @property
    def address(self) -> str:
        """The address at which it is connected, or nothing."""
        for peer in self._handle.get_peer_info():
            if peer.ip[0] in self._choice.holder.addresses and not peer.flags & _UNFINISHED:
                return str(peer.ip[0])
        return ""

    def keep(self) -> None:
        """Look whether there is a connection, and see to one; a holder that is dead may take seconds.

        :raises TransferError: none of the holders has answered for long
        """
        now = time.monotonic()
        if self.address:
            self._choice.connected(now)
            return
        address, answer = best_answer(self._choice.holder.addresses, self._job.port, self._key)
        if answer is Answer.READY:
            self._handle.connect_peer((address, self._job.port))
        self._choice.apart(now, answer)
        if self._choice.silent_seconds(now) > self._job.give_up_seconds:
            raise TransferError(self._choice.sentence(self._folder.name, self._job.host, self._job.port))


def best_answer(addresses: Sequence[str], port: int, info_hash: bytes) -> tuple[str, Answer]:
    """Return the first address at which a holder has the folder, or else the best that is said at one of them."""
    best = addresses[0], Answer.NOTHING
    for address in addresses:
        answer = ask(address, port, info_hash)
        if answer is Answer.READY:
            return address, answer
        if answer is Answer.BUSY:
            best = address, answer
    return best
