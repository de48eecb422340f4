# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How bytes come from a hub or another site: huggingface_hub's own download, into a file that is ours.

huggingface_hub keeps nothing of a file that it did not finish, and begins it again in the next run. Its `http_get`
takes a file that has a part already; so each file has its part beside it, and at most one piece of it is lost.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, BinaryIO, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import hub

PIECE = 1 << 20
"""Bytes that are written at once; of a download that is cut off, less than this is lost."""
_DIGITS = re.compile(r"\d+")


class GetError(Exception):
    """Base of what can happen to a download."""


class RefusedError(GetError):
    """It will not be better later; one sentence says why."""


class ShortError(GetError):
    """The file ends before the bytes that were asked for."""


class LaterError(GetError):
    """It may be better later; a few words say what happened."""

    def __init__(self, words: str, seconds: int = 0) -> None:
        super().__init__(words)
        self.seconds = seconds
        """How long the site asks to wait."""


@dataclass(frozen=True)
class Address:
    """A file of a repository, or at an address of its own."""

    url: str = ""
    repository: str = ""
    revision: str = ""
    path: str = ""


class Counted:
    """A file to write to, which tells how many bytes came."""

    def __init__(self, file: BinaryIO, took: Callable[[int], None]) -> None:
        self._file, self._took = file, took

    def write(self, data: bytes) -> int:
        """Write all of it."""
        view = memoryview(data)
        while view:
            count = self._file.write(view) or 0
            self._took(count)
            view = view[count:]
        return len(data)

    def tell(self) -> int:
        """Return where the next byte is written."""
        return self._file.tell()

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        return self._file.seek(position, whence)

    def truncate(self, size: int | None = None) -> int:
        """Cut the file off, and take back what was counted of it."""
        before = os.fstat(self._file.fileno()).st_size
        cut = self._file.truncate(size)
        self._took(cut - before)
        return cut


class HubClient:
    """Downloads with huggingface_hub, past every proxy."""

    def __init__(self, endpoint: str, token: str | None) -> None:
        # Read when it is imported. A Mac's own proxy settings are used unless the environment names some.
        os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1", HF_ENDPOINT=endpoint)
        os.environ.update(HF_HUB_DISABLE_PROGRESS_BARS="1", NO_PROXY="*", no_proxy="*")
        import httpx2  # noqa: PLC0415 - only the store's own environment has both
        import huggingface_hub  # noqa: PLC0415 - the same
        from huggingface_hub import constants, errors, file_download  # noqa: PLC0415 - the same

        constants.DOWNLOAD_CHUNK_SIZE = PIECE
        self._get = file_download.http_get
        self._transport = httpx2.TransportError
        self._refused = errors.HfHubHTTPError
        self._url = huggingface_hub.hf_hub_url
        self._headers = huggingface_hub.utils.build_hf_headers(token=token or False, library_name="hybrid_ai.cluster")
        self._endpoint, self._has_token = endpoint, token is not None

    def get(self, address: Address, file: Counted, have: int, stop: int | None) -> None:
        """Append the bytes from `have` up to `stop`, or to the end, to a file that has the ones before.

        :raises RefusedError: the site refuses
        :raises ShortError: the file ends before them
        :raises LaterError: the site is busy, silent or gone
        """
        headers = {} if address.url else dict(self._headers)
        # What is compressed on its way cannot be gone on with.
        headers["Accept-Encoding"] = "identity"
        if stop is not None:
            headers["Range"] = f"bytes=0-{stop - 1}"
        url = address.url or self._url(
            address.repository, address.path, revision=address.revision, endpoint=self._endpoint
        )
        try:
            self._get(url, file, resume_size=have, headers=headers, expected_size=stop)
        except self._refused as error:
            raise self._sorted(address, error.response) from None
        except self._transport as error:
            raise LaterError(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) from None
        except OSError as error:
            # Other sizes than asked for, which whoever asked sees in the file.
            if error.errno is not None:
                raise

    def _sorted(self, address: Address, response: Any) -> GetError:
        status, headers = response.status_code, dict(response.headers)
        if status == 416:
            return ShortError()
        if status in hub.BUSY:
            wait = headers.get("retry-after", "")
            return LaterError(f"answered {status}", int(wait) if _DIGITS.fullmatch(wait) else 0)
        if address.url:
            return RefusedError(f"{address.url} answers {status}: correct source.url.")
        asked = hub.Asked(self._endpoint, address.repository, address.revision, self._has_token)
        return RefusedError(asked.refused(status, headers))
