# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One folder on its way: from the holder before this host, to whoever comes after it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Callable

import libtorrent as lt
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

from . import torrents
from .job import TransferError
from .link import Link
from .place import Place
from .status import CHECKING, COMPLETE, FAILED, FETCHING, VERIFYING, FolderStatus

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import File

    from .job import Folder, Job
    from .swarm import Swarm

STEP_SECONDS = 0.2
FLUSH_SECONDS = 2.0
LONGEST_FLUSH_SECONDS = 60.0
MOST_REPAIRS = 3
_CHECKS = (lt.torrent_status.states.checking_files, lt.torrent_status.states.checking_resume_data)


class StoppedError(Exception):
    """The program ends."""


class WholeFiles:
    """Compares files with the manifest while others are still coming, so that little is left for the end."""

    def __init__(self, handle: lt.torrent_handle, place: Place, pool: Executor) -> None:
        self._handle, self._place, self._pool = handle, place, pool
        self._numbers = torrents.numbers(handle)
        self._noted: list[File] = []
        self._verdicts: dict[str, Future[bool]] = {}

    def note(self) -> None:
        """Note which files have come, and are about to be on the disk."""
        done = self._handle.file_progress(lt.file_progress_flags_t.piece_granularity)
        self._noted = [
            file for file in self._place.unverified() if file.size and done[self._numbers[file.path]] == file.size
        ]

    def compare(self) -> None:
        """Begin with those that were noted."""
        for file in self._noted:
            if file.path not in self._verdicts:
                self._verdicts[file.path] = self._pool.submit(self._place.verify, file)

    def is_compared(self) -> bool:
        """Tell whether no comparison is going on."""
        return all(verdict.done() for verdict in self._verdicts.values())


class Transfer(threading.Thread):
    """It waits for much and computes little; checksums are made by the threads of a pool."""

    def __init__(  # noqa: PLR0917 - what belongs to one run
        self, job: Job, folder: Folder, swarm: Swarm, pool: Executor, cache: Path, stop: threading.Event
    ) -> None:
        super().__init__(name=folder.name, daemon=True)
        self._job, self._folder = job, folder
        self._swarm, self._pool, self._cache, self._stopping = swarm, pool, cache, stop
        self._place = Place(job, folder)
        self.status = FolderStatus(folder.manifest.revision, folder.size)
        self.handle: lt.torrent_handle | None = None
        self._flushed = threading.Event()
        self._flush_again = 0.0
        self._patience = 0.0
        self._damaged = threading.Event()
        self._broken: TransferError | None = None

    def run(self) -> None:
        """Have the folder and hand it on, or say why not; who asks this host then turns to another one."""
        try:
            self._have()
        except StoppedError:
            pass
        except ModelError as error:
            self._fail(str(error))
        except OSError as error:
            self._fail(str(self._place.fault(error)))
        except Exception as error:
            # Nobody waits for a thread that has ended without a word; the log has the rest.
            self._fail(f"{self._job.host} has failed at {self._folder.name} in an unexpected way: {error!r}.")
            raise

    def _have(self) -> None:
        if not self._folder.holders:
            self._place.check_source()
        elif not self._place.is_complete():
            begin = time.monotonic()
            self._place.prepare()
            # Those before this host have as much to read.
            self._patience = 2 * (time.monotonic() - begin)
            self._come()
            return
        self.handle = self._swarm.offer(self._folder, self._torrent(), self._place.final)
        self._hand_on(self.handle)

    def _hand_on(self, handle: lt.torrent_handle) -> None:
        """Keep what this host has as it is: a damaged piece is fetched again where there is somebody to ask."""
        while True:
            self.status.state, self.status.source, self.status.address = COMPLETE, "", ""
            self._wait_while(lambda: not self._damaged.is_set())
            self._damaged.clear()
            if not self._folder.holders:
                raise TransferError(
                    f"{self._job.host} hands {self._folder.name} on no more: pieces of it have changed on the disk of "
                    f"{self._job.models} since it was stored; look at that disk, and apply the role model_store again."
                )
            self._recheck(handle)
            self._fetch(handle)
            self._flush(handle)

    def _torrent(self) -> bytes:
        """Return the torrent that the job or an earlier run brings, or make it."""
        if self._folder.torrent:
            return self._folder.torrent
        kept = self._cache / f"{self._folder.name}@{self._folder.manifest.revision}.torrent"
        if kept.is_file():
            return kept.read_bytes()
        # Once for each revision: what goes around from here on is what the manifest says.
        self._place.check_source(contents=True)
        made = torrents.make(self._folder, self._place.final)
        temporary = kept.with_suffix(".new")
        temporary.write_bytes(made)
        temporary.replace(kept)
        return made

    def _come(self) -> None:
        if self._folder.torrent is None:
            raise TransferError(f"The job has no checksums of the pieces of {self._folder.name}; run models.yml again.")
        handle = self.handle = self._swarm.fetch(self._folder, self._folder.torrent, self._place.incoming)
        self.status.state = CHECKING
        self._wait_while(lambda: handle.status().state in _CHECKS)
        for _ in range(MOST_REPAIRS):
            self._fetch(handle)
            self.status.state = VERIFYING
            if self._is_right(handle):
                self._place.take()
                # Without another look at what has just been compared; others are served meanwhile.
                handle.move_storage(str(self._place.final), lt.move_flags_t.reset_save_path_unchecked)
                self._hand_on(handle)
            self._repair(handle)
        raise TransferError(
            f"{self._job.host} does not keep what it writes: pieces of {self._folder.name} change on the disk of "
            f"{self._job.models}; replace that disk, or set cluster_models_directory to another one."
        )

    def _fetch(self, handle: lt.torrent_handle) -> None:
        self.status.state = FETCHING
        link = Link(self._job, self._folder, handle, self._patience)
        whole = WholeFiles(handle, self._place, self._pool)

        def is_coming() -> bool:
            if handle.status().is_seeding:
                return False
            link.keep()
            self.status.source, self.status.address = link.host, link.address
            if self._flushed.is_set() and time.monotonic() >= self._flush_again:
                whole.compare()
                self._flush(handle)
                whole.note()
            return True

        self._flush(handle)
        self._wait_while(is_coming)
        self._wait_while(lambda: not whole.is_compared())

    def _flush(self, handle: lt.torrent_handle) -> None:
        """Have on the disk what has come: until then libtorrent holds some of it in memory."""
        self._flush_again = time.monotonic() + FLUSH_SECONDS
        self._flushed.clear()
        handle.flush_cache()

    def _is_right(self, handle: lt.torrent_handle) -> bool:
        """Tell whether every file is as the manifest says, on the disk."""
        self._flush(handle)
        self._wait_while(lambda: not self._flushed.is_set(), most=LONGEST_FLUSH_SECONDS)
        verdicts = [self._pool.submit(self._place.verify, file) for file in self._place.unverified()]
        self._wait_while(lambda: not all(verdict.done() for verdict in verdicts))
        return all(verdict.result() for verdict in verdicts)

    def _repair(self, handle: lt.torrent_handle) -> None:
        """Find the pieces that are not what came."""
        if not self._recheck(handle):
            raise TransferError(
                f"{self._job.host} does not take {self._folder.name}: what was handed out is not what its manifest "
                "says, so it was changed on the store's host; apply the role model_store again."
            )

    def _recheck(self, handle: lt.torrent_handle) -> int:
        """Compare every piece on the disk; return how many have to come again."""
        self.status.state = CHECKING
        handle.force_recheck()
        self._wait_while(lambda: handle.status().state not in _CHECKS, most=2)
        self._wait_while(lambda: handle.status().state in _CHECKS)
        damaged = int(handle.status().pieces.count(False))
        if damaged:
            self.status.healed += damaged
            self._note(
                f"{self._job.host} fetches {damaged} {'piece' if damaged == 1 else 'pieces'} of {self._folder.name} "
                "again that had come right and changed on the disk; look at that disk."
            )
        return damaged

    def _wait_while(self, question: Callable[[], bool], most: float = float("inf")) -> None:
        deadline = time.monotonic() + most
        while question() and time.monotonic() < deadline:
            if self._stopping.wait(STEP_SECONDS):
                raise StoppedError
            if self._broken is not None:
                raise self._broken

    def _fail(self, sentence: str) -> None:
        self.status.state = FAILED
        self._note(sentence)
        handle, self.handle = self.handle, None
        if handle is not None:
            self._swarm.remove(handle)

    def _note(self, sentence: str) -> None:
        if sentence not in self.status.sentences:
            self.status.sentences.append(sentence)

    def hear(self, alert: lt.alert) -> None:
        """Be told what libtorrent has to say about this folder."""
        if isinstance(alert, lt.cache_flushed_alert):
            self._flushed.set()
        elif isinstance(alert, lt.hash_failed_alert):
            self._hear_of_damage()
        elif isinstance(alert, lt.file_error_alert):
            self._hear_of_error(alert.handle, alert.error.value(), alert.error.message())

    def _hear_of_damage(self) -> None:
        if self.status.state == COMPLETE:
            self._damaged.set()
        else:
            self.status.healed += 1
            self._note(f"{self._job.host} was sent a damaged piece of {self._folder.name} and fetched it again.")

    def hear_of_port(self, sentence: str) -> None:
        """Be told that nobody can ask this host; one that only gets the folder goes on."""
        more = f"{sentence} {self._job.host} hands {self._folder.name} on to nobody: end what else uses the port."
        if self._folder.holders:
            self._note(more)
        else:
            self._broken = TransferError(more)

    def _hear_of_error(self, handle: lt.torrent_handle, number: int, message: str) -> None:
        if self.status.state in (VERIFYING, COMPLETE):
            # What was asked for while the folder got its name.
            handle.clear_error()
            handle.resume()
            return
        self._broken = self._place.fault(OSError(number, message, str(self._place.incoming)))

    def is_busy(self) -> bool:
        """Tell whether it is on its way, or somebody who has not all of it is connected."""
        handle = self.handle
        if handle is None or self.status.state != COMPLETE:
            return self.status.state not in (COMPLETE, FAILED)
        return any(peer.progress < 1 for peer in handle.get_peer_info())

    def count(self) -> None:
        """Bring the numbers of the report up to date."""
        handle = self.handle
        if handle is None:
            return
        state = handle.status()
        self.status.have = min(state.total_done, self._folder.size)
        self.status.fetched, self.status.sent = state.total_payload_download, state.total_payload_upload
        self.status.peers = state.num_peers
