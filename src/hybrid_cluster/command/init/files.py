# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Write the files of an inventory, keep what was there before, and have the project's validation read the result."""

from __future__ import annotations

import contextlib
import difflib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_cluster.command import exits, project
from hybrid_cluster.command.errors import ClusterError, reason
from hybrid_cluster.command.init import ansible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BACKUP = "~"
"""Behind the name of a file that was changed: what it was before. Ansible reads no such file."""
_SECONDS = 300


def difference(origins: Mapping[Path, str], after: Mapping[Path, str]) -> str:
    """Return what would be written, as lines that go and lines that come."""
    parts: list[str] = []
    for path, text in after.items():
        old = origins[path].splitlines()
        parts += difflib.unified_diff(old, text.splitlines(), str(path), str(path), lineterm="", n=0)
    return "\n".join(parts)


def write(before: Mapping[Path, str], after: Mapping[Path, str]) -> None:
    """Write files, each whole or not at all, and the earlier text of each beside it.

    :raises ClusterError: the validation refuses the result, or a file cannot be written; then all is as it was before
    """
    folder = Path(os.path.commonpath([path.parent for path in after]))
    made = {parent for path in after for parent in [path.parent, *path.parent.parents] if not parent.exists()}
    done: list[Path] = []
    try:
        for path, text in after.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path in before:
                _put(path.with_name(path.name + BACKUP), before[path], like=path)
            _put(path, text, like=path)
            done.append(path)
    except OSError as error:
        _take_back(done, before, made)
        raise ClusterError(f"{error.filename or folder} cannot be written: {reason(error)}.") from error


def take_back(before: Mapping[Path, str], after: Mapping[Path, str]) -> None:
    """Have all files be what they were before."""
    _take_back(after, before, {path.parent for path in after})


def _take_back(paths: Iterable[Path], before: Mapping[Path, str], folders: Iterable[Path]) -> None:
    for path in paths:
        if path in before:
            _put(path, before[path], like=path)
            path.with_name(path.name + BACKUP).unlink(missing_ok=True)
        else:
            path.unlink(missing_ok=True)
    for folder in sorted(folders, key=lambda one: -len(one.parts)):
        # One with something else in it stays.
        with contextlib.suppress(OSError):
            folder.rmdir()


def _put(path: Path, text: str, *, like: Path) -> None:
    mode = like.stat().st_mode & 0o777 if like.exists() else 0o644
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def mistakes(folder: Path) -> list[str]:
    """Run playbooks/validate.yml, and return what it says is wrong.

    :raises ClusterError: it could not be run
    """
    playbook = project.find().root / "playbooks/validate.yml"
    argv = [str(Path(sys.executable).parent / "ansible-playbook"), "--inventory", str(folder), str(playbook)]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=ansible.environment(),
            cwd=project.find().root,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClusterError(f"{playbook} could not be run: {type(error).__name__}.") from error
    results = ansible.read_results(done.stdout)
    found = [line for one in results or () for line in str(one.result.get("mistakes") or "").splitlines()]
    if found or done.returncode == 0:
        return found
    said = [str(one.result["msg"]) for one in results or () if one.result.get("failed") and one.result.get("msg")]
    said += (done.stderr or done.stdout).strip().splitlines()[-1:]
    raise ClusterError(f"playbooks/validate.yml failed: {said[0] if said else 'it said nothing'}", exits.INVENTORY)


def pin(new: Path, known_hosts: Path) -> None:
    """Add the host keys that a first contact has seen to those of the inventory."""
    seen = new.read_text(encoding="utf-8").splitlines() if new.exists() else []
    known = known_hosts.read_text(encoding="utf-8").splitlines() if known_hosts.exists() else []
    if more := [line for line in seen if line not in known]:
        known_hosts.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _put(known_hosts, "\n".join([*known, *more]) + "\n", like=known_hosts)
        known_hosts.chmod(0o600)
