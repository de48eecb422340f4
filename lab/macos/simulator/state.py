# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The one store of a simulated Mac: a JSON file per area, read and changed by every tool."""

from __future__ import annotations

import fcntl
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

DIRECTORY = "/private/var/db/simulator"
# Directories of the guest are group-owned by admin and set-group-ID: an administrator's tools may write without sudo.
FILE_MODE = 0o664


class State:
    """Areas of state below a root directory, which is ``/`` in the guest and a scratch directory in unit tests."""

    def __init__(self, root: str | None = None) -> None:
        self.root = (os.environ.get("SIMULATOR_ROOT", "") if root is None else root).rstrip("/")

    def path(self, absolute: str) -> str:
        """Where a path of the Mac really is."""
        return self.root + absolute

    def _area(self, area: str, ending: str = "json") -> str:
        return f"{self.root}{DIRECTORY}/state/{area}.{ending}"

    def read(self, area: str, default: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return a copy of an area, or of the default where nothing was stored yet."""
        return read_json(self._area(area), default)

    def edit(self, area: str, default: dict[str, Any] | None = None) -> Edit:
        """Lock an area for a change: a context manager that stores the dictionary unless its body raises."""
        return Edit(self._area(area), self._area(area, "lock"), default)


class Edit:
    """An exclusive change of one area."""

    def __init__(self, path: str, lock: str, default: dict[str, Any] | None) -> None:
        self._path = path
        self._lock_path = lock
        self._default = default
        self._lock = -1
        self._data: dict[str, Any] = {}

    def __enter__(self) -> dict[str, Any]:
        """Wait for the lock and read the area."""
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        # Read-only is enough for flock, and lets administrators lock what root created.
        self._lock = os.open(self._lock_path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._data = read_json(self._path, self._default)
        return self._data

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Store the area and let the lock go."""
        try:
            if kind is None:
                write_json(self._path, self._data)
        finally:
            os.close(self._lock)


def read_json(path: str, default: dict[str, Any] | None = None) -> dict[str, Any]:
    """Parse a JSON object; a file that is missing is a copy of the default."""
    try:
        with open(path, encoding="utf-8") as file:
            data: dict[str, Any] = parse_json(file.read())
    except FileNotFoundError:
        data = _copy(default or {})
    return data


class _Form:
    """What the scanner is asked to make of JSON: the plain types."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = None


def parse_json(text: str) -> Any:
    """Parse JSON by the scanner inside ``json``; around it ``json`` imports what costs as much as a small tool."""
    from _json import make_scanner

    start = len(text) - len(text.lstrip())
    try:
        value, end = make_scanner(_Form)(text, start)  # type: ignore[arg-type]
    except StopIteration:
        end = -1
    if end < 0 or text[end:].strip():
        raise ValueError("not JSON")
    return value


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, (list, tuple)) else value


def write_json(path: str, data: dict[str, Any]) -> None:
    """Replace a file at once: a power cut leaves the old or the new text, never half of one."""
    import json

    scratch = f"{path}.{os.getpid()}"
    with open(scratch, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1, sort_keys=True)
        file.flush()
        os.fchmod(file.fileno(), FILE_MODE)
    os.replace(scratch, path)
