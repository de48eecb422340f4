# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One file, until all of it is there: in parts that outlive this process, with pauses where a site is busy or gone."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Protocol

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import lfs, manifest, text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

from model_fetch.client import Address, Counted, LaterError, RefusedError, ShortError

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.sources import Item

    from model_fetch.progress import Progress

PART = 1 << 30
"""Bytes that are asked for in one request, so that none is longer than what any hub gives, or lasts for a day."""
LONGEST_PAUSE = 60.0
TRIES = 2
"""How often a file is fetched whose content turns out to be another."""

now, sleep = time.monotonic, time.sleep


class Client(Protocol):
    """Where bytes come from."""

    def get(self, address: Address, file: Counted, have: int, stop: int | None) -> None:
        """As `HubClient.get`."""


class Download:
    """Fetches files, and is as patient with each as it was told."""

    def __init__(self, client: Client, progress: Progress, patience: float) -> None:
        self._client, self._progress, self._patience = client, progress, patience

    def fetch(self, address: Address, item: Item, target: Path) -> None:
        """Have a file at a path, verified; a part of it lies beside it until then.

        :raises ModelError: it cannot be had as it should be
        """
        partial = target.with_name(f"{target.name}.partial")
        for _ in range(TRIES):
            self._complete(address, item, partial)
            seen = wrong_digest(partial, item)
            if seen is None:
                partial.replace(target)
                return
            size = partial.stat().st_size
            partial.unlink()
            self._progress.took(-size)
        raise ModelError(
            f"{text.name(item.path)} of {_where(address)} came {TRIES} times with another content than it should have"
            f" ({seen}), so it was not kept: repeat the run, and tell whoever serves it."
        )

    def _complete(self, address: Address, item: Item, partial: Path) -> None:
        """Fetch what a part lacks."""
        deadline, pause = now() + self._patience, 1.0
        while True:
            have = partial.stat().st_size if partial.exists() else 0
            if have == item.size:
                return
            if item.size is not None and have > item.size:
                partial.unlink()
                self._progress.took(-have)
                raise ModelError(self._sizes(address, item, have))
            try:
                self._part(address, item, partial, have)
                if item.size is None:
                    return
                if partial.stat().st_size == have:
                    raise ShortError
                deadline, pause = now() + self._patience, 1.0
            except RefusedError as error:
                raise ModelError(str(error)) from None
            except ShortError:
                if item.size is None and have:
                    return  # an earlier run had all of it
                raise self._short(address, item, partial) from None
            except LaterError as error:
                if partial.exists() and partial.stat().st_size > have:
                    deadline, pause = now() + self._patience, 1.0
                wait = max(pause, error.seconds)
                if now() + wait > deadline:
                    raise ModelError(
                        f"{_where(address)} gave no byte of {text.name(item.path)} within"
                        f" {_minutes(self._patience)} ({error}): what is there is kept, and the next run goes on"
                        " from it."
                    ) from None
                self._progress.note(f"{_where(address)}: {error}; next try in {wait:.0f} s")
                sleep(wait)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _part(self, address: Address, item: Item, partial: Path, have: int) -> None:
        stop = None if item.size is None else min(item.size, have + PART)
        with partial.open("ab", buffering=0) as file:
            self._client.get(address, Counted(file, self._progress.took), have, stop)
            os.fsync(file.fileno())

    @staticmethod
    def _short(address: Address, item: Item, partial: Path) -> ModelError:
        """Return what is wrong with a file that ends too early, and let go of it."""
        size = partial.stat().st_size if partial.exists() else 0
        pointer = lfs.read(partial, size) if size else None
        partial.unlink(missing_ok=True)
        if pointer:
            return ModelError(f"{text.name(item.path)} of {_where(address)} {lfs.fault(pointer, size)}.")
        return ModelError(Download._sizes(address, item, size))

    @staticmethod
    def _sizes(address: Address, item: Item, size: int) -> str:
        has, wanted = text.sizes(size, item.size or 0)
        return (
            f"{text.name(item.path)} of {_where(address)} has {has} and should have {wanted}, as its listing says: it"
            " was not kept; take another revision, or tell whoever serves it."
        )


def wrong_digest(path: Path, item: Item) -> str | None:
    """Return what a file has in the place of its checksum, or None where that is right or none is known."""
    if item.sha256:
        seen = manifest.digest(path)
        return None if seen == item.sha256 else f"sha256 {seen[:12]}… for {item.sha256[:12]}…"
    if item.git_sha1:
        seen = manifest.digest(path, "git")
        return None if seen == item.git_sha1 else f"git's {seen[:12]}… for {item.git_sha1[:12]}…"
    return None


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def _where(address: Address) -> str:
    return address.url or address.repository
