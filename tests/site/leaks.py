# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where secrets show up: in lists of processes, in files that others can read, in what supervisors and journals say."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab import cgroups, names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.site.cluster import Cluster

HOSTS = ("olab0", "olab1", "olab2", "olab3", "gpu1")
MACS = ("olab1", "olab2", "olab3")
ACCOUNT_FILES = ("etc/passwd", "etc/group")
UNDELIVERED = re.compile(r"MESSAGE=\S+ caller=(?:notify|dispatch)\.go")
IN_MEMORY = ("run", "tmp", "dev/shm")


def in_text(text: str | bytes, patterns: list[bytes], around: int = 60) -> list[str]:
    """Return the places of a text that show a secret, with what stands around them."""
    content = text.encode() if isinstance(text, str) else text
    expression = re.compile(b"|".join(map(re.escape, patterns)))
    return [
        content[max(0, found.start() - around) : found.end() + around].decode("utf-8", "replace")
        for found in expression.finditer(content)
    ]


def contents(name: str) -> Iterator[tuple[Path, bytes]]:
    """Yield what a file of every process of this machine holds."""
    for path in Path("/proc").glob(f"[0-9]*/{name}"):
        try:
            yield path.parent, path.read_bytes()
        except OSError:
            continue


def is_of(lab: str, process: Path) -> bool:
    """Tell whether a process belongs to a lab's host or was started by this one: another lab may run beside it."""
    try:
        if f"/{names.CGROUP}/{lab}/" in (process / "cgroup").read_text():
            return True
        number = process.name
        while number not in ("0", str(os.getpid())):
            number = Path("/proc", number, "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
    except OSError:
        return False
    return number != "0"


def processes_with(lab: str, variables: dict[str, str]) -> list[str]:
    """Return the processes of a lab that have some variables in their environment, exactly as they are."""
    wanted = {f"{name}={value}".encode() for name, value in variables.items()}
    return [
        process.name
        for process, environment in contents("environ")
        if wanted <= set(environment.split(b"\0")) and is_of(lab, process)
    ]


def while_running(lab: str, patterns: list[bytes], run: Callable[[], None]) -> list[str]:
    """Run something while the lab's processes are searched; return the command lines that showed a secret."""
    shown: set[bytes] = set()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.05):
            for process, line in contents("cmdline"):
                if any(pattern in line for pattern in patterns) and is_of(lab, process):
                    shown.add(line.replace(b"\0", b" "))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        run()
    finally:
        ended.set()
        thread.join()
    return [line.decode("utf-8", "replace") for line in sorted(shown)]


def files_with(patterns: list[bytes], *roots: Path) -> list[Path]:
    """Return the files below some directories that hold a secret in clear."""
    there = [str(root) for root in roots if root.exists()]
    command = ["grep", "--recursive", "--files-with-matches", "--binary-files=text", "--devices=skip", "--null"]
    # The secrets go by standard input: a list of processes is what is searched elsewhere.
    answer = subprocess.run(
        [*command, "--fixed-strings", "--file=-", *there], input=b"\n".join(patterns), capture_output=True, check=False
    )
    return sorted(Path(name.decode()) for name in answer.stdout.split(b"\0") if name)


@dataclass(frozen=True)
class Accounts:
    """The users of a host, and who belongs to which group, by number."""

    users: dict[int, str]
    groups: dict[int, set[str]]

    @classmethod
    def read(cls, root: Path) -> Accounts:
        """Read them from the host's files."""
        users, groups = (
            [line.split(":") for line in (root / name).read_text().splitlines() if re.match(r"[^#:]+:", line)]
            for name in ACCOUNT_FILES
        )
        members = {int(group[2]): {name for name in group[3].split(",") if name} for group in groups}
        for user in users:
            members.setdefault(int(user[3]), set()).add(user[0])
        return cls({int(user[2]): user[0] for user in users}, members)

    def admits_strangers(self, found: os.stat_result, group: int, others: int) -> bool:
        """Tell whether anybody but root and one user is let in, who owns it or is alone in its group."""
        owner = self.users.get(found.st_uid, "?")
        company = self.groups.get(found.st_gid, set()) - {"root", owner}
        crowded = len(company) > (1 if owner == "root" else 0)
        return bool(found.st_mode & others) or (bool(found.st_mode & group) and crowded)

    def strangers_read(self, path: Path, top: Path) -> bool:
        """Tell whether strangers can read a file below a directory that they can enter."""
        folders = [place for place in path.parents if top in place.parents]
        return self.admits_strangers(path.lstat(), stat.S_IRGRP, stat.S_IROTH) and all(
            self.admits_strangers(folder.lstat(), stat.S_IXGRP, stat.S_IXOTH) for folder in folders
        )


def readable_files(cluster: Cluster, patterns: list[bytes]) -> Iterator[str]:
    """Find what a user of a host can read of its disk and of what it holds in memory."""
    for host in HOSTS:
        leader = cgroups.leader(cluster.name, host)
        live, disk = Path(f"/proc/{leader}/root"), Path("/var/lib/hybrid-lab") / cluster.name / host / "upper"
        accounts = Accounts.read(live)
        for top in (disk, *(live / part for part in IN_MEMORY)):
            for path in files_with(patterns, top):
                if accounts.strangers_read(path, top):
                    yield f"{host}: /{path.relative_to(disk if top == disk else live)}"


def said_on_hosts(cluster: Cluster, patterns: list[bytes]) -> Iterator[str]:
    """Find what supervisors tell everybody, and what the journals keep."""
    for host in HOSTS:
        if host in MACS:
            script = "for p in /Library/LaunchDaemons/*.plist; do l=${p##*/}; launchctl print system/${l%.plist}; done"
        else:
            script = "systemctl show 'hybrid-ai-*'; journalctl --all --no-pager --output=verbose"
        said = cluster.execute(host, "sh", "-c", script)
        assert "hybrid-ai" in said
        # Debian's Alertmanager 0.25 names a webhook that does not answer in its log, which only root's group may read.
        said = "\n".join(line for line in said.splitlines() if not UNDELIVERED.search(line))
        yield from (f"{host}: {place}" for place in in_text(said, patterns))
