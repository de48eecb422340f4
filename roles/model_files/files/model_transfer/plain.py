# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Copies folders from the store's host, on hosts on which libtorrent does not run. Nothing is handed on."""

from __future__ import annotations

import errno
import http.client
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

from .job import TransferError
from .place import Place
from .status import COMPLETE, FAILED, FETCHING, VERIFYING, FolderStatus

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import File

    from .job import Folder, Job

CHUNK = 1 << 20
ANSWER_SECONDS = 20.0
PAUSE_SECONDS = 1.0
MOST_TRIES = 2
"""How often a file is fetched that is not what its manifest says."""
_NO_WAY = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EADDRNOTAVAIL)


class Copy(threading.Thread):
    """One folder on its way."""

    def __init__(self, job: Job, folder: Folder, stop: threading.Event) -> None:
        super().__init__(name=folder.name, daemon=True)
        self._job, self._folder, self._stopping = job, folder, stop
        self._place = Place(job, folder)
        self.status = FolderStatus(folder.manifest.revision, folder.size)

    def run(self) -> None:
        """Have the folder, or say why not."""
        try:
            self._have()
        except ModelError as error:
            self._fail(str(error))
        except OSError as error:
            self._fail(str(self._place.fault(error)))

    def _fail(self, sentence: str) -> None:
        self.status.state = FAILED
        self.status.sentences.append(sentence)

    def _have(self) -> None:
        if not self._folder.holders:
            self._place.check_source()
        elif not self._place.is_complete():
            self._place.prepare()
            self.status.state, self.status.source = FETCHING, self._folder.holders[0].host
            for file in self._place.unverified():
                self._have_file(file)
            if self._stopping.is_set():
                return
            self.status.state = VERIFYING
            self._place.take()
        self.status.state, self.status.source, self.status.address = COMPLETE, "", ""
        self.status.have = self._folder.size

    def _have_file(self, file: File) -> None:
        for _ in range(MOST_TRIES):
            self._fetch(file)
            if self._stopping.is_set() or self._place.verify(file):
                return
            (self._place.incoming / file.path).unlink()
            self.status.healed += 1
        raise TransferError(
            f"{self._job.host} does not take {self._folder.name}: {file.path} is not what its manifest says, so it was "
            "changed on the store's host; apply the role model_store again."
        )

    def _fetch(self, file: File) -> None:
        """Fetch what is missing of a file, however often the connection breaks."""
        path = self._place.incoming / file.path
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.touch()
        heard = time.monotonic()
        while (has := path.stat().st_size) < file.size and not self._stopping.is_set():
            if self._receive(file, has) > 0:
                heard = time.monotonic()
            elif time.monotonic() - heard > self._job.give_up_seconds:
                holder = self._folder.holders[0]
                raise TransferError(
                    f"{self._job.host} gets nothing of {self._folder.name}: {holder.host} ({holder.addresses[-1]}) "
                    f"does not answer at port {self._job.copies_port}. Look whether the service hybrid-ai-model-files "
                    "runs there, and run models.yml again: what has come is kept."
                )
            else:
                self._stopping.wait(PAUSE_SECONDS)

    def _receive(self, file: File, begin: int) -> int:
        """Receive as much as comes over one connection; return how much that was."""
        # Behind those over cables: the server listens on the LAN alone.
        address = self.status.address = self._folder.holders[0].addresses[-1]
        connection = http.client.HTTPConnection(address, self._job.copies_port, timeout=ANSWER_SECONDS)
        name = quote(f"/{self._folder.name}@{self._folder.manifest.revision}/{file.path}")
        came = 0
        try:
            connection.request("GET", name, headers={"Range": f"bytes={begin}-"})
            answer = connection.getresponse()
            if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
                return 0
            with (self._place.incoming / file.path).open("ab") as target:
                while not self._stopping.is_set():
                    chunk = _read(answer)[: file.size - begin - came]
                    if not chunk:
                        break
                    target.write(chunk)
                    came += len(chunk)
                    self.status.fetched += len(chunk)
                    self.status.have += len(chunk)
        except (http.client.HTTPException, ConnectionError, socket.timeout):
            pass
        except OSError as error:
            if error.errno not in _NO_WAY:
                raise
        finally:
            connection.close()
        return came

    def is_busy(self) -> bool:
        """Tell whether it is on its way."""
        return self.status.state not in (COMPLETE, FAILED)

    def count(self) -> None:
        """Do nothing: its numbers are up to date."""


def _read(answer: http.client.HTTPResponse) -> bytes:
    """Return what has come, or nothing where nothing more comes."""
    try:
        return answer.read1(CHUNK)
    except (http.client.HTTPException, OSError):
        return b""
