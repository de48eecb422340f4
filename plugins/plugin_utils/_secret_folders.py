# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where passwords and keys lie beside an inventory.

Ansible reads every file of an inventory folder as an inventory, and a password then becomes the name of a host. It
passes over names that begin with a dot.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem, enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._moves import Move, MoveError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

FOLDERS = {"secrets": ".secrets", "ssh": ".ssh"}
"""The folders of secrets: what they were called, and what they are called."""

OWN_TO_ANSIBLE = frozenset({"ansible_inventory_sources", "groups", "inventory_dir", "inventory_file"})
"""Variables that nobody wrote."""

_INVENTORY_SUFFIXES = frozenset({".ini", ".json", ".toml", ".yaml", ".yml"})
_INVENTORY_NAMES = ("hosts", "inventory")
_READ_BY_NAME = frozenset({"group_vars", "host_vars"})
_SSH_FILES = ("id_ed25519", "known_hosts")
_BESIDE = re.compile(r"""inventory_dir\b[^/]*?(?:(?:\}\}|[~\s'"])\s*/|,\s*['"])([^/'"{}\s~]+)""")
"""The first name after the folder of the inventory, however the path is put together."""


@dataclass
class Outcome:
    """What was found and done."""

    sentences: list[str] = field(default_factory=list)
    """Mistakes that end the run."""
    notes: list[str] = field(default_factory=list)
    """What was moved, or would be."""
    changed: bool = False


def is_no_inventory(file: Path, roots: Iterable[Path]) -> bool:
    """Tell whether hosts were read out of a file that may well hold a secret."""
    if not file.is_file():
        return False
    root = next((root for root in roots if file.is_relative_to(root)), file.parent)
    folders = file.relative_to(root).parts[:-1]
    if {*FOLDERS, *FOLDERS.values()}.intersection(folders):
        return True
    if folders and _holds_a_key(file.parent):
        return True
    plain = file.suffix in _INVENTORY_SUFFIXES or file.name.startswith(_INVENTORY_NAMES) or os.access(file, os.X_OK)
    return not plain or _is_key(file)


def _is_key(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return b"PRIVATE KEY-----" in opened.read(64)
    except OSError:
        return False


def _holds_a_key(folder: Path) -> bool:
    return any(_is_key(file) for file in folder.iterdir() if file.is_file())


def texts(value: Any) -> Iterator[str]:
    """Yield every text within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from texts(member)
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from texts(member)


def named_beside(value: Any, directory: Path) -> set[str]:
    """Return what a value names beside the inventory, without working it out: that alone could make a new secret."""
    relative = rf"(?<![\w.-]){re.escape(directory.name)}/({'|'.join(FOLDERS)})(?=[/'\"\s}}]|$)"
    absolute = rf"{re.escape(str(directory))}/([^/'\"{{}}\s]+)"
    return {
        name for text in texts(value) for pattern in (_BESIDE, relative, absolute) for name in re.findall(pattern, text)
    }


def _seen_by_ansible(name: str) -> bool:
    return not name.startswith(".") and name not in _READ_BY_NAME


class Folders:
    """The folders of secrets of one inventory."""

    def __init__(self, directory: Path, variables: Iterable[Mapping[str, Any]], specs: Secrets) -> None:
        self.directory = directory
        self._named: dict[str, set[str]] = {}
        for mapping in variables:
            for name, value in mapping.items():
                if name not in OWN_TO_ANSIBLE:
                    self._note(name, value, specs)
        self._specs = specs

    def _note(self, variable: str, value: Any, specs: Secrets) -> None:
        for name in named_beside(value, self.directory):
            if name in FOLDERS or (variable in specs.all and _seen_by_ansible(name)):
                self._named.setdefault(name, set()).add(variable)

    def problems(self) -> Iterator[Problem]:
        """Say which variables still name a folder that Ansible reads."""
        for folder, names in sorted(self._named.items()):
            kept, others = names & self._specs.made, names - self._specs.made
            place = f"{self.directory}/{folder}, where Ansible reads hosts"
            new = FOLDERS.get(folder, f".{folder}")
            after = f"what lies there is moved to {new}" if folder in FOLDERS else f"rename it to {new}"
            if kept:
                yield Problem(
                    INVENTORY,
                    f"{enumerate_names(sorted(kept))} {_verb(kept)} {place}; remove {_them(kept)}, since a role keeps "
                    f"its password by itself, and {after}.",
                )
            if others:
                yield Problem(
                    INVENTORY,
                    f"{enumerate_names(sorted(others))} {_verb(others)} {place}; write {new} instead of {folder}, and "
                    f"{after}.",
                )

    def moves(self) -> list[Move]:
        """Return what is to be moved; what a variable still names stays, or a new secret would be made in its place."""
        found = []
        for old, new in FOLDERS.items():
            folder = self.directory / old
            ours = folder.is_dir() and (old != "ssh" or any((folder / name).exists() for name in _SSH_FILES))
            if ours and old not in self._named:
                found.append(Move(folder, self.directory / new))
        return found


def _verb(names: Collection[str]) -> str:
    return "name" if len(names) > 1 else "names"


def _them(names: Collection[str]) -> str:
    return "them" if len(names) > 1 else "it"


@dataclass(frozen=True)
class Secrets:
    """The variables that hold secrets."""

    all: frozenset[str]
    made: frozenset[str]
    """Those that a role makes and keeps when they are not set."""


def check_folders(
    variables: Mapping[str, Mapping[str, Any]], roots: Iterable[Path], secrets: Secrets, *, check_mode: bool
) -> Outcome:
    """Move secrets to where Ansible reads no inventory, and refuse hosts that were read out of them."""
    outcome, roots = Outcome(), list(roots)
    read = {host: Path(mapping.get("inventory_file") or "") for host, mapping in variables.items()}
    strange = {host for host, file in read.items() if is_no_inventory(file, roots)}
    own = [mapping for host, mapping in variables.items() if host not in strange]
    directories = sorted({Path(mapping["inventory_dir"]).absolute() for mapping in own if mapping.get("inventory_dir")})
    everything = [Folders(directory, own, secrets) for directory in directories]
    problems = [problem for folders in everything for problem in folders.problems()]
    moves = [move for folders in everything for move in folders.moves()]
    try:
        for move in moves:
            move.refuse_differences()
        done = [move for move in moves if check_mode or move.apply()]
    except MoveError as error:
        problems.append(Problem(INVENTORY, str(error)))
        done = []
    if done:
        outcome.notes.append(_note(done, check_mode=check_mode))
        outcome.changed = True
    moved = {move.old for move in done if not check_mode}
    problems.extend(_refusal(file, moved) for file in sorted({read[host] for host in strange}))
    outcome.sentences = sorted({problem.sentence for problem in problems})
    return outcome


def _note(moves: list[Move], *, check_mode: bool) -> str:
    what = enumerate_names(f"{move.old} to {move.new}" for move in moves)
    if check_mode:
        return f"{what} would be moved, but not in check mode: run playbooks/validate.yml without it first."
    return f"Moved {what}, where Ansible reads no inventory."


def _refusal(file: Path, moved: Collection[Path]) -> Problem:
    """Say that hosts are not hosts, without their names: each may be a password."""
    folder = next((parent for parent in file.parents if parent.name in FOLDERS), None)
    if folder in moved:
        return Problem(INVENTORY, f"hosts were read out of {folder}, which held secrets and is moved; run this again.")
    place = folder or file
    return Problem(
        INVENTORY,
        f"hosts were read out of {place}, which is not an inventory and may hold secrets; move it to a folder whose "
        "name begins with a dot.",
    )
