# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Saved labs: what the hosts of a lab had written, kept as layers that any lab can go on from.

A saved lab is a directory: ``hosts/<host>`` is the layer of one host, ``runtime`` what of the lab lies outside its
hosts, and ``state.json``, written last, what they belong to. Layers hold credentials, so only root may enter.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import access, inventory, names, process
from lab.disk import Disk
from lab.errors import LabError, UsageError
from lab.removal import remove_tree
from lab.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.topology import Host

_BLOCK = 512
_READY_SECONDS = 180.0
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_RECORD = "state.json"
_KEPT = ("password", "ssh", ".secrets", "cache")
"""What of a lab's runtime directory belongs to what its hosts know: the password, keys, secrets, downloads."""


@dataclass(frozen=True)
class SavedHost:
    """What a host's disk was made of, the saved layer first."""

    lowers: tuple[str, ...]
    init: tuple[str, ...]
    environment: dict[str, str]


@dataclass(frozen=True)
class SavedLab:
    """A lab as it was when it was saved."""

    name: str
    inventory: str
    topology: Topology
    """Its hosts and its cables, those that had been moved included."""
    hosts: dict[str, SavedHost]
    powered: tuple[str, ...]
    """The hosts that were switched on."""
    images: tuple[str, ...]
    """What the disks lie on and the artifact server handed out."""
    whole: bool = False
    """Whether its hosts know each other so well that one alone must not be restored."""
    ready: tuple[str, ...] = ()
    """A command that succeeds when the lab is as it was; run where it was saved."""
    directory: str = ""
    saved: float = 0.0
    """Seconds since 1970."""

    def disk(self, lab: str, host: str) -> Disk:
        """Return the disk that goes on above what was saved."""
        known = self.hosts[host]
        return Disk(lab, self.topology.host(host), known.lowers, known.init, known.environment)

    def write(self) -> None:
        """Write the record: from now on the saved lab is complete."""
        data = {**asdict(self), "topology": self.topology.to_json()}
        partial = place(self.name) / f"{_RECORD}.part"
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
        partial.rename(place(self.name) / _RECORD)


def place(name: str) -> Path:
    """Return the directory of a saved lab."""
    return names.STATES / name


def layer(name: str, host: str) -> Path:
    """Return where the layer of a host is kept."""
    return place(name) / "hosts" / host


def check_free(name: str) -> None:
    """Refuse a name that cannot be one, or that is taken."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"The name {name!r} is not usable; write lower-case letters, digits and dashes, a letter first."
        )
    if (place(name) / _RECORD).exists():
        raise UsageError(f"There is a saved lab {name} already; `lab forget {name}` removes it.")


def begin(name: str) -> None:
    """Make the directory of a saved lab; what an interrupted `save` left there goes first."""
    if place(name).exists():
        _refuse_used(name)
        remove_tree(place(name))
    names.STATES.mkdir(mode=0o700, parents=True, exist_ok=True)
    names.STATES.chmod(0o700)
    layer(name, "").mkdir(parents=True)


def load(name: str) -> SavedLab:
    """Return a saved lab."""
    try:
        data: dict[str, Any] = json.loads((place(name) / _RECORD).read_text(encoding="utf-8"))
        hosts = {
            host: SavedHost(tuple(known["lowers"]), tuple(known["init"]), known["environment"])
            for host, known in data.pop("hosts").items()
        }
        lists: dict[str, Any] = {key: tuple(data.pop(key)) for key in ("powered", "images", "ready")}
        return SavedLab(hosts=hosts, topology=Topology.from_json(data.pop("topology")), **lists, **data)
    except FileNotFoundError as error:
        known = ", ".join(all_names()) or "none"
        raise UsageError(f"There is no saved lab {name}; there are: {known}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise LabError(f"The record of the saved lab {name} is damaged; `lab forget {name}` removes it.") from error


def all_names() -> list[str]:
    """Return the names of the saved labs that are complete."""
    return sorted(record.parent.name for record in names.STATES.glob(f"*/{_RECORD}"))


def check_images(saved: SavedLab, images: list[str]) -> None:
    """Refuse a lab whose hosts lie on other images than those of today: they would be half of each."""
    if sorted(images) != sorted(saved.images):
        raise LabError(
            f"The saved lab {saved.name} lies on other root file systems or artifacts than today's; "
            f"`lab forget {saved.name}` removes it, then save it again."
        )


def check_inventory(saved: SavedLab) -> None:
    """Refuse a lab whose inventory has got other hosts since; only files that were written later are read."""
    directory = Path(saved.inventory)
    written = [path.stat().st_mtime for path in directory.rglob("*") if path.is_file()]
    if max(written, default=0.0) > saved.saved and inventory.read(directory).hosts != saved.topology.hosts:
        raise LabError(
            f"The saved lab {saved.name} has other hosts than {directory} says today; "
            f"`lab forget {saved.name}` removes it, then save it again."
        )


def check_layers(disks: Sequence[Disk], images: list[str]) -> None:
    """Refuse to save hosts that lie on other images than those of today: nobody could restore them."""
    for disk in disks:
        if any(lower not in images for lower in disk.lowers if not lower.startswith(f"{names.STATES}/")):
            raise LabError(
                f"The host {disk.host.name} lies on another root file system than today's; "
                f"`lab reset {disk.host.name}` makes it anew."
            )


def labs(name: str) -> set[str]:
    """Return the labs that lie on a saved one."""
    inside = f"{place(name)}/"
    return {path.parents[1].name for path in names.DISKS.glob("*/*/disk.json") if inside in path.read_text()}


def users(name: str) -> list[str]:
    """Return what lies on a saved lab: labs and other saved ones."""
    inside = f"{place(name)}/"
    return sorted(
        {f"the lab {lab}" for lab in labs(name)}
        | {
            f"the saved lab {path.parent.name}"
            for path in names.STATES.glob(f"*/{_RECORD}")
            if path.parent.name != name and inside in path.read_text(encoding="utf-8")
        }
    )


def _refuse_used(name: str) -> None:
    using = users(name)
    if using:
        raise LabError(f"The saved lab {name} is in use by {' and '.join(using)}; end that first.")


def forget(name: str) -> None:
    """Remove a saved lab."""
    if not _NAME.fullmatch(name) or not place(name).is_dir():
        load(name)
    _refuse_used(name)
    (place(name) / _RECORD).unlink(missing_ok=True)
    remove_tree(place(name))
    if not any(names.STATES.iterdir()):
        names.STATES.rmdir()


def keep_runtime(name: str, lab: str) -> None:
    """Copy what of a lab lies outside its hosts."""
    _copy(names.runtime(lab), place(name) / "runtime")


def restore_runtime(name: str, lab: str) -> None:
    """Put that back."""
    _copy(place(name) / "runtime", names.runtime(lab))


def _copy(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700, exist_ok=True)
    for entry in _KEPT:
        before = source / entry
        if before.is_dir():
            remove_tree(target / entry)
            # ssh's control sockets lead to connections that are gone.
            shutil.copytree(before, target / entry, symlinks=True, ignore=_sockets)
        elif before.exists():
            shutil.copy2(before, target / entry)


def _sockets(directory: str, entries: list[str]) -> list[str]:
    return [entry for entry in entries if stat.S_ISSOCK(os.lstat(f"{directory}/{entry}").st_mode)]


def runtime_size(lab: str) -> int:
    """Return how many bytes of a lab are copied when it is saved; what its hosts wrote is moved."""
    return sum(_size(names.runtime(lab) / entry) for entry in _KEPT)


def check_single_hosts(saved: SavedLab, lab: str, topology: Topology) -> None:
    """Refuse single hosts of a lab that has to be restored whole, and those that do not fit into this one."""
    whole = f"`lab restore {saved.name}` restores all of it."
    if saved.whole:
        raise UsageError(f"The hosts of the saved lab {saved.name} know each other; {whole}")
    if saved.topology.hosts != topology.hosts:
        raise UsageError(f"The saved lab {saved.name} has other hosts than the lab {lab}; {whole}")
    runtimes = (place(saved.name) / "runtime", names.runtime(lab))
    for entry in ("password", "ssh/id_ed25519"):
        one, other = (_content(runtime / entry) for runtime in runtimes)
        if one != other:
            raise UsageError(f"The saved lab {saved.name} has another password or key than the lab {lab}; {whole}")


def restore_known_hosts(name: str, lab: str, hosts: Sequence[Host]) -> None:
    """Let ssh expect the keys that hosts had when they were saved, or none."""
    access.forget(lab, hosts)
    before = place(name) / "runtime/ssh/known_hosts"
    if not before.exists():
        return
    with (names.runtime(lab) / "ssh/known_hosts").open("a", encoding="utf-8") as known:
        for word in (word for host in hosts for word in (host.name, host.address)):
            found = process.run("ssh-keygen", "-F", word, "-f", str(before), check=False).stdout
            known.writelines(f"{line}\n" for line in found.splitlines() if not line.startswith("#"))


def wait_until_ready(saved: SavedLab, lab: str) -> None:
    """Run the command of a saved lab until it succeeds."""
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        result = process.run(
            *saved.ready, check=False, directory=saved.directory, environment={**os.environ, "LAB_NAME": lab}
        )
        if result.returncode == 0:
            return
        if time.monotonic() > deadline:
            said = process.last_line(result.stderr or result.stdout)
            raise LabError(f"The lab is not what {saved.name} was after {_READY_SECONDS:.0f} seconds: {said}")


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def size(name: str) -> int:
    """Return how many bytes a saved lab takes of the disk."""
    return _size(place(name))


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(os.lstat(file).st_blocks * _BLOCK for file in files if os.path.lexists(file))


def rows() -> list[tuple[str, ...]]:
    """Return a table of all saved labs."""
    table: list[tuple[str, ...]] = [("NAME", "HOSTS", "SAVED", "SIZE", "IN USE BY")]
    for name in all_names():
        saved = load(name)
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(saved.saved))
        table.append((name, str(len(saved.hosts)), when, f"{size(name) / 1e6:.0f} MB", ", ".join(users(name)) or "-"))
    return table
