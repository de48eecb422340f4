# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The log: coloured on standard error, plain in exo.log, which is rotated at process start only."""

from __future__ import annotations

import gzip
import sys
import traceback
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_COLOURS = {"DEBUG": "34", "INFO": "1", "WARNING": "33", "ERROR": "31", "CRITICAL": "41"}
_KEPT = 5
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Log:
    """Write every line twice, as the real program does."""

    def __init__(self, verbosity: int = 0, level: str | None = None) -> None:
        self._verbose = verbosity != 0
        self._threshold = _LEVELS.index(level or ("DEBUG" if verbosity > 0 else "INFO"))
        self._file_path: Path | None = None

    def open(self, path: Path) -> None:
        """Start the log file; what an earlier process left is compressed, and five of those are kept."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size:
            stamp = datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S_%f")
            with gzip.open(path.with_suffix(f".{stamp}.log.gz"), "wb") as archive:
                archive.write(path.read_bytes())
            path.unlink()
        for old in sorted(path.parent.glob("exo.*.log.gz"))[:-_KEPT]:
            old.unlink()
        path.touch()
        self._file_path = path

    def write(self, level: str, message: str, where: str) -> None:
        """Write one message."""
        if _LEVELS.index(level) < self._threshold:
            return
        now = datetime.now().astimezone()
        milliseconds = f"{now.microsecond // 1000:03d}"
        colour = f"\033[{_COLOURS[level]}m"
        bold = f"{colour}{level:<8}\033[0m"
        if self._verbose:
            head = f"[ {now:%Y-%m-%d %H:%M:%S}.{milliseconds} | {bold} | {where} ]"
        else:
            head = f"[ {now:%I:%M:%S}.{now.microsecond // 100:04d}{now:%p} | {bold}]"
        print(f"{head} {colour}{message}\033[0m", file=sys.stderr, flush=True)
        if self._file_path is not None and self._file_path.parent.is_dir():
            with self._file_path.open("a", encoding="utf-8") as stream:
                stream.write(f"[ {now:%Y-%m-%d %H:%M:%S}.{milliseconds} | {level:<8} | {where} ] {message}\n")

    def debug(self, message: str, *, where: str = "exo.main:run:1") -> None:
        """Write a message only -v shows."""
        self.write("DEBUG", message, where)

    def info(self, message: str, *, where: str = "exo.main:run:1") -> None:
        """Write a message."""
        self.write("INFO", message, where)

    def warning(self, message: str, *, where: str = "exo.main:run:1") -> None:
        """Write a warning."""
        self.write("WARNING", message, where)

    def critical(self, message: str, *, exception: BaseException | None = None, where: str = "exo.main:main:1") -> None:
        """Write what ends the process, with the traceback of its cause."""
        trace = "\n" + "".join(traceback.format_exception(exception)).rstrip() if exception else ""
        self.write("CRITICAL", message + trace, where)
