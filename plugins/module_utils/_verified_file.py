# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A file that is in place only once its checksum is right."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

_CHUNK = 1 << 20


def save(source: IO[bytes], path: Path, wanted: str, url: str) -> None:
    """Write beside the path, verify, and only then put it in place, readable for everybody.

    :param wanted: the digits of its sha256
    :param url: where it comes from, for the sentence about a wrong one
    :raises ClusterError: its checksum is another one; nothing of it is kept
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary, digest = Path(name), hashlib.sha256()
    try:
        with os.fdopen(handle, "wb") as file:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
        seen = digest.hexdigest()
        if seen != wanted:
            raise ClusterError(
                f"{url} has the checksum sha256:{seen} where sha256:{wanted} is pinned; it was not kept: correct the"
                " pin or the mirror."
            )
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
