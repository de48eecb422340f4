# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""apt and dpkg: who holds them, what they left half-done, and what a transaction would do before it is made."""

from __future__ import annotations

import fcntl
import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result

QUIET = ["/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=l"]
"""Nobody is asked anything, and needrestart restarts nothing by itself."""
GET = [*QUIET, "apt-get", "--yes", "--option", "Dpkg::Options::=--force-confdef"]
GET += ["--option", "Dpkg::Options::=--force-confold", "--option", "DPkg::Lock::Timeout=120"]
CONFIGURE = [*QUIET, "dpkg", "--force-confdef", "--force-confold", "--configure", "--pending"]
STATES = ["dpkg-query", "--show", "--showformat", "${Package}\\t${db:Status-Status}\\n"]
POLICY = ["apt-cache", "policy"]
SHOWHOLD = ["apt-mark", "showhold"]
LOCKS = (
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/lock",
    "/var/lib/apt/lists/lock",
    "/var/cache/apt/archives/lock",
)
UPDATES = "/var/lib/dpkg/updates"
"""What an interrupted dpkg leaves here it wants to read before anything else."""
_SETTLED = {"installed", "config-files", "not-installed"}
_LOCK = struct.Struct("hhqqi")
SECONDS = 3600


class AptError(ClusterError):
    """Packages cannot be changed as a host is."""


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock of apt's."""

    pid: int
    command: str

    def __str__(self) -> str:
        """Say it in a sentence."""
        return f"{self.command} (pid {self.pid})" if self.pid > 0 else self.command


def holder() -> Holder | None:
    """Return who holds apt or dpkg; the locks are asked, never taken."""
    for path in LOCKS:
        file = _files.real(path)
        if not file.is_file():
            continue
        with file.open("rb") as handle:
            asked = _LOCK.pack(fcntl.F_RDLCK, 0, 0, 0, 0)
            kind, _, _, _, pid = _LOCK.unpack(fcntl.fcntl(handle, fcntl.F_GETLK, asked))
        if kind != fcntl.F_UNLCK:
            return Holder(pid, _command_of(pid))
    return None


def _command_of(pid: int) -> str:
    """Return what a process is called: the script that an interpreter runs, where it does."""
    try:
        words = _files.real(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return "another process"
    names = [word.rpartition("/")[2] for word in words if word and not word.startswith("-")]
    if len(names) > 1 and re.match(r"python|perl|(ba|da)?sh$", names[0]):
        return names[1]
    return names[0] if names else "another process"


def unsettled(commands: Commands) -> list[str]:
    """Return the packages that are neither installed nor away: of a run that was interrupted."""
    rows = [line.split("\t") for line in commands.check_output(STATES).splitlines()]
    return sorted({row[0] for row in rows if len(row) == 2 and row[1] not in _SETTLED})


def interrupted() -> bool:
    """Tell whether dpkg was ended while it wrote its own database."""
    folder = _files.real(UPDATES)
    return folder.is_dir() and any(path.name.isdigit() for path in folder.iterdir())


@dataclass(frozen=True)
class Transaction:
    """What apt would do."""

    installs: dict[str, str] = field(default_factory=dict)
    """Packages that are new or change their version, with the version."""
    removes: list[str] = field(default_factory=list)


def simulate(commands: Commands, words: Sequence[str]) -> Transaction:
    """Return what a transaction would do; one that cannot be is a sentence."""
    answer = commands.run([*GET, "--simulate", *words], timeout=SECONDS)
    if answer.rc != 0:
        raise AptError(f"apt cannot install this: {reason(answer)}")
    return parse(answer.out)


def parse(text: str) -> Transaction:
    """Read what `apt-get --simulate` prints."""
    installs = dict(re.findall(r"^Inst (\S+?)(?::\w+)? (?:\[[^\]]*\] )?\(([^\s)]+)", text, re.MULTILINE))
    return Transaction(installs, sorted(re.findall(r"^(?:Remv|Purg) (\S+?)(?::\w+)? ", text, re.MULTILINE)))


def reason(answer: Result) -> str:
    """Return the lines in which apt or dpkg say why, without those that say that something is wrong."""
    lines = [line.strip() for line in f"{answer.out}\n{answer.err}".splitlines()]
    said = [line[3:] for line in lines if line.startswith("E: ")]
    said = [line for line in said if not line.startswith("Sub-process")] or said
    details = [line for line in lines if " depends on " in line.lower() or line.lower().startswith("depends:")]
    details += [line for line in lines if line.startswith("dpkg: error")]
    found = [*dict.fromkeys([*said, *details])]
    return (
        " ".join(line if line.endswith(".") else f"{line}." for line in found[:4])
        or answer.text[-600:]
        or "it said nothing."
    )


def candidates(commands: Commands, names: Sequence[str]) -> dict[str, str]:
    """Return the version that would be installed of each package that some archive has."""
    if not names:
        return {}
    found, current = {}, ""
    for line in commands.check_output([*POLICY, *names]).splitlines():
        if line and not line.startswith(" "):
            current = line.rstrip(":")
        elif line.strip().startswith("Candidate:"):
            version = line.partition(":")[2].strip()
            if version != "(none)":
                found[current] = version
    return found


def held(commands: Commands) -> list[str]:
    """Return the packages that are held."""
    return sorted(commands.check_output(SHOWHOLD).split())
