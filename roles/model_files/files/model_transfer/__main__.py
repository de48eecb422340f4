# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`python -m model_transfer --job FILE --work DIRECTORY`: have folders of models, and hand them on.

It ends when it is told to, or when everything is complete and nobody has asked for anything for a while.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import job as locks
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

from . import job as jobs
from .copies import Copies
from .plain import Copy
from .status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .job import Job
    from .transfer import Transfer

TICK_SECONDS = 0.5
JOIN_SECONDS = 10.0
LOG = logging.getLogger("model-files")


def main() -> int:
    """Run until it is done."""
    parser = argparse.ArgumentParser(prog="model_transfer", description=__doc__)
    parser.add_argument("--job", type=Path, required=True, help="what to do, see job.py")
    parser.add_argument("--work", type=Path, required=True, help="where status.json and torrents are kept")
    arguments = parser.parse_args()
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    os.umask(0o022)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        work = jobs.read(arguments.job)
        if any(folder.holders for folder in work.folders):
            with locks.lock(work.models):
                run(work, arguments.work, stop)
        else:
            run(work, arguments.work, stop)
    except ModelError as error:
        LOG.error("%s", error)
        return 1
    except OSError as error:
        LOG.error("%s cannot be used: %s", error.filename or arguments.work, error.strerror)
        return 1
    return 0


def run(work: Job, directory: Path, stop: threading.Event) -> None:
    """Do a job."""
    copies = Copies(work) if work.copies_port and any(not folder.holders for folder in work.folders) else None
    if work.plain:
        copying = [Copy(work, folder, stop) for folder in work.folders]
        _watch(work, directory, copying, copies, stop, lambda: stop.wait(TICK_SECONDS))
    else:
        _run_swarm(work, directory, copies, stop)
    if copies is not None:
        copies.close()


def _run_swarm(work: Job, directory: Path, copies: Copies | None, stop: threading.Event) -> None:
    from .swarm import Swarm  # noqa: PLC0415 - where hosts copy there is no libtorrent
    from .transfer import Transfer  # noqa: PLC0415 - as above

    cache = directory / "torrents"
    cache.mkdir(exist_ok=True)
    swarm = Swarm(work)
    with ThreadPoolExecutor(max(2, min(4, os.cpu_count() or 1))) as pool:
        transfers = [Transfer(work, folder, swarm, pool, cache, stop) for folder in work.folders]
        _watch(work, directory, transfers, copies, stop, lambda: swarm.listen(transfers, TICK_SECONDS))
    swarm.close()


def _watch(  # noqa: PLR0917 - what belongs to one run
    work: Job,
    directory: Path,
    transfers: Sequence[Transfer | Copy],
    copies: Copies | None,
    stop: threading.Event,
    listen: Callable[[], object],
) -> None:
    """Write down how far everything is, and see the end."""
    status = Status(work.token, work.host, folders={transfer.name: transfer.status for transfer in transfers})
    status.write(directory / "status.json")
    for transfer in transfers:
        transfer.start()
    busy = time.monotonic()
    told: dict[str, tuple[str, str, int]] = {}
    while not stop.is_set():
        listen()
        for transfer in transfers:
            transfer.count()
            _tell(told, transfer)
        status.write(directory / "status.json")
        silent = min(time.monotonic() - busy, copies.silent_seconds() if copies else work.idle_seconds + 1)
        if any(transfer.is_busy() for transfer in transfers):
            busy = time.monotonic()
        elif silent > work.idle_seconds:
            LOG.info("Everything is complete and nobody asks any more.")
            stop.set()
    for transfer in transfers:
        transfer.join(JOIN_SECONDS)


def _tell(told: dict[str, tuple[str, str, int]], transfer: Transfer | Copy) -> None:
    """Write to the log what is new about a folder."""
    status = transfer.status
    now = status.state, status.source, len(status.sentences)
    before = told.get(transfer.name, ("", "", 0))
    if now != before:
        LOG.info("%s: %s%s", transfer.name, status.state, f" from {status.source}" if status.source else "")
        for sentence in status.sentences[before[2] :]:
            LOG.warning("%s", sentence)
        told[transfer.name] = now


if __name__ == "__main__":
    sys.exit(main())
