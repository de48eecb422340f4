# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What was read of an inventory, kept until anything changes that it was read from; to read it anew takes a second.

It is kept only where everything that it follows from is a file or a directory: not where a program makes the inventory,
nor where a value that is kept is encrypted or is asked for anew each time.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import stat
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Self

    from hybrid_cluster.command.project import Project

FORMAT = 1
"""Of the files; whatever has another number is read by nobody."""
_SETTLED_NANOSECONDS = 2 * 10**9
"""What was written later than this before it was read may be written again without another time."""
_OWN = ("capabilities.yml", "meta", "plugins", "roles")
"""Parts of the project that are no inventory."""
_STARTS = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "socket.connect",
        "subprocess.Popen",
    }
)
_ENCRYPTED = "$ANSIBLE_VAULT"
_MAKES_HOSTS = re.compile(r"^plugin\s*:", re.MULTILINE)
"""An inventory that names a plugin, and is what that says."""
_VARIES = re.compile(
    r"\b(?:lookup|query|q|now)\s*\(|\bansible_date_time\b|\bvars\s*[\[.]"
    r"|\|\s*(?:[\w.]*\.)?(?:expanduser|expandvars|fileglob|password_hash|random\w*|realpath|shuffle|unvault|vault)\b"
    r"|\bis\s+(?:not\s+)?(?:[\w.]*\.)?(?:abs|directory|exists|file|link|link_exists|mount|same_file)\b"
)
"""What makes another value of a template at another time or place, or one of a variable whose name is worked out."""


def varies(text: str) -> bool:
    """Tell whether a template may be another value although no variable and no file has changed."""
    return bool(_VARIES.search(text))


def identity(path: str | Path) -> list[int] | None:
    """Return what changes when a file or directory does, or nothing where it is not there."""
    try:
        found = os.stat(path)  # noqa: PTH116 - hundreds of them, and a Path each takes longer
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev]


@dataclass(frozen=True)
class Key:
    """What was asked for, and where."""

    path: Path
    """Where its answer is kept."""
    digest: str
    """Of what Ansible, the environment and this program are."""


def key_of(project: Project, given: Sequence[str]) -> Key:
    """Return the key of the inventories that the command line names, before Ansible is prepared."""
    place = [list(given), str(Path.cwd()), str(project.root)]
    spec = importlib.util.find_spec("ansible")
    release = str(Path(spec.origin).with_name("release.py")) if spec and spec.origin else ""
    named = {"HOME", "LOGNAME", "PYTHONPATH", "USER"}
    environment = sorted(
        (name, value) for name, value in os.environ.items() if name.startswith("ANSIBLE_") or name in named
    )
    known = [FORMAT, place, sys.version, sys.executable, release, identity(release), environment, os.geteuid()]
    return Key(_folder() / f"{_digest(place)[:32]}.json", _digest(known))


def _digest(content: Any) -> str:
    # Only as a digest: a variable of the environment may be a token.
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _folder() -> Path:
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path("~/.cache").expanduser()
    return base / "hybrid-cluster/inventories"


def load(key: Key) -> dict[str, Any] | None:
    """Return what was kept, or nothing where there is none or something has changed since."""
    try:
        descriptor = os.open(key.path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor, encoding="utf-8") as file:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid() or not stat.S_ISREG(found.st_mode) or stat.S_IMODE(found.st_mode) & 0o077:
            return None
        try:
            document = json.load(file)
        except ValueError:
            return None
    if not isinstance(document, dict) or document.get("key") != key.digest:
        return None
    if any(identity(path) != known for path, known in document["files"].items()):
        return None
    content: dict[str, Any] = document["content"]
    return content


def save(key: Key, watch: Watch, content: dict[str, Any], also: Iterable[str | Path] = ()) -> bool:
    """Keep what was read while it was watched; `also` names what else it follows from. Return whether it is kept."""
    paths = watch.paths | {str(Path(path).absolute()) for path in also}
    files = {path: identity(path) for path in sorted(paths)}
    settled = watch.started - _SETTLED_NANOSECONDS
    if watch.is_more_than_files or any(known and known[0] > settled for known in files.values()):
        return False
    text = json.dumps({"key": key.digest, "files": files, "content": content}, default=str)
    # A key that is a number, or a date: what is read back would be another value.
    if json.loads(text)["content"] != content:
        return False
    try:
        _write(key.path, text)
    except OSError:
        return False
    return True


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # With the mode 0600 from its first moment.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


@dataclass
class Watch:
    """Notes which files and directories this process reads, and whether it does more than that."""

    project: Project
    started: int = 0
    """Nanoseconds since 1970."""
    paths: set[str] = field(default_factory=set)
    is_more_than_files: bool = False
    _seen: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Begin."""
        if not _watching:
            sys.addaudithook(_note)
        self.started = time.time_ns()
        _watching.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        """End, and look at what was read."""
        _watching[_watching.index(self)] = None
        own = tuple(str((self.project.root / name).resolve()) for name in _OWN)
        for path in {os.path.abspath(path) for path in self._seen}:  # noqa: PTH100 - links are kept
            if path.startswith((*_of_python(), "/dev/", "/proc/", "/sys/")) or "/__pycache__/" in path:
                continue
            self.paths.add(path)
            if not os.path.realpath(path).startswith(own) and _is_not_static(path):
                self.is_more_than_files = True
        # The project's own code, most of which was compiled before.
        mark = ("ansible_collections.hybrid_ai.cluster.", "hybrid_cluster.command")
        modules = [module for name, module in sys.modules.items() if name.startswith(mark)]
        self.paths |= {file for module in modules if (file := getattr(module, "__file__", None))}

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take note of what this process does."""
        if event in _STARTS:
            self.is_more_than_files = True
        elif event == "open" and isinstance(arguments[0], (str, bytes)):
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            if not flags & (os.O_WRONLY | os.O_RDWR):
                self._seen.append(os.fsdecode(arguments[0]))
        elif event in ("os.listdir", "os.scandir") and isinstance(arguments[0], (str, bytes)):
            self._seen.append(os.fsdecode(arguments[0]))


_watching: list[Watch | None] = []
"""All that there were: a hook cannot be taken away."""


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and (watch := _watching[-1]) is not None:
        watch.note(event, arguments)


def _of_python() -> tuple[str, ...]:
    """Return where Python and installed packages lie, whose versions are in the key."""
    packages = {f"{Path(path)}/" for path in sys.path if path.endswith("-packages")}
    return (*packages, f"{Path(os.__file__).parent}/")


def _is_not_static(path: str) -> bool:
    """Tell whether a file is encrypted as a whole, or has hosts made."""
    try:
        text = Path(path).read_text(encoding="utf-8") if Path(path).is_file() else ""
    except (OSError, ValueError):
        return True
    return text.startswith(_ENCRYPTED) or bool(_MAKES_HOSTS.search(text))
