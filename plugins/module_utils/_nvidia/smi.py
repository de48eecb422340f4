# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What nvidia-smi prints, read here alone: for the modules, the report and the measurements beside node_exporter.

--query-gpu is the one interface that stays the same; the banner and --version have other words from driver 610 on.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import bus

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result

PROGRAM = "nvidia-smi"
LIST = [PROGRAM, "-L"]
PROCESSES = [PROGRAM, "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
OK = 0
# The spellings of "there is none" that stand side by side in one line.
_MISSING = re.compile(r"|N/A|\[(?:N/A|Not Supported|Requested functionality has been deprecated)\]", re.IGNORECASE)
_TROUBLE = re.compile(r"\[(GPU is lost|GPU requires reset|Unknown Error|Insufficient Permissions|Reset Required)\]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_YES, _NO = {"Enabled", "Active", "Yes"}, {"Disabled", "Not Active", "No"}
_UNREACHABLE = re.compile(r"Unable to determine the device handle for GPU ?(?:\d+: )?([0-9A-Fa-f:.]+): (.+)")
_LISTED = re.compile(r"GPU (\d+): (.+) \(UUID: (GPU-[0-9a-f-]+)\)")
_PART = re.compile(r" +MIG (\S+) +Device +(\d+): \(UUID: (MIG-[0-9A-Za-z/-]+)\)")
_REFUSED = re.compile(r'Field "(\S+)" is not a valid field to query')
# What 535 and older call it.
_RENAMED = ("clocks_event_reasons", "clocks_throttle_reasons")
_VERSION = re.compile(r"([^:]+?) *: (.+)")
_PROCESS = re.compile(r"(\d+),\s*(.+)")
_BANNER = re.compile(r"\| NVIDIA-SMI (\S+) +(?:Driver|KMD) Version: (\S+) +CUDA (?:UMD )?Version: (\S+) *\|")


@dataclass(frozen=True)
class Row:
    """The values of one card; None is what it does not have."""

    address: str
    values: dict[str, str | None]
    trouble: str | None = None
    """What stands in place of a value where the card does not answer, such as "GPU is lost"."""


@dataclass(frozen=True)
class Answer:
    """The cards that answered, and what was said of the others."""

    rows: list[Row] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)
    """By PCI address."""
    unread: list[str] = field(default_factory=list)
    """Lines that are neither."""


@dataclass(frozen=True)
class Versions:
    """The versions of the driver in the kernel, of the library, and of CUDA as the driver knows it."""

    driver: str | None = None
    library: str | None = None
    cuda: str | None = None


@dataclass(frozen=True)
class Listed:
    """A card of -L, with the identities of its parts where it is split (MIG)."""

    index: int
    name: str
    uuid: str
    parts: list[tuple[str, str]] = field(default_factory=list)
    """Profile and UUID."""


def query(fields: list[str], program: str = PROGRAM) -> list[str]:
    """Return the command that asks for fields; the address comes first, by which everything is joined."""
    return [program, f"--query-gpu={','.join(['pci.bus_id', *fields])}", "--format=csv,noheader,nounits"]


def read(text: str, fields: list[str]) -> Answer:
    """Read what the command printed: with a lost card among others there are rows and errors in one text."""
    answer = Answer()
    for line in text.splitlines():
        values = [value.strip() for value in next(csv.reader([line], skipinitialspace=True), [])]
        address = bus.normalized(values[0]) if values else None
        unreachable = _UNREACHABLE.match(line.strip())
        if address and len(values) == len(fields) + 1:
            troubles = [found[1] for found in map(_TROUBLE.fullmatch, values) if found]
            known = {name: _value(value) for name, value in zip(fields, values[1:])}
            answer.rows.append(Row(address, known, troubles[0] if troubles else None))
        elif unreachable and bus.normalized(unreachable[1]):
            answer.others[str(bus.normalized(unreachable[1]))] = " ".join(unreachable[2].split())
        elif line.strip():
            answer.unread.append(line.strip())
    return answer


def ask(commands: Commands, fields: list[str], timeout: int = 60) -> tuple[Answer, Result]:
    """Ask for fields. One that the driver does not know is asked for by its former name, and then left out."""
    asked = {name: name for name in fields}
    while True:
        result = commands.run(query(list(asked.values())), timeout=timeout)
        refused = _REFUSED.search(result.text)
        name = next((name for name, word in asked.items() if refused and word == refused[1]), None)
        if result.rc == OK or name is None:
            return read(result.out, list(asked)), result
        former = name.replace(*_RENAMED)
        if asked[name] == former:
            del asked[name]
        else:
            asked[name] = former


def number(value: str | None) -> float | None:
    """Return a number, or None for what is none."""
    return float(value) if value is not None and _NUMBER.fullmatch(value) else None


def switch(value: str | None) -> bool | None:
    """Return whether something is on, or None for a word that is neither."""
    return True if value in _YES else False if value in _NO else None


def versions(text: str) -> Versions:
    """Read --version, in the words before 610 and since."""
    found = [_VERSION.fullmatch(line.strip()) for line in text.splitlines()]
    said = {match[1]: match[2] for match in found if match and not match[2].startswith("Deprecated")}
    return Versions(
        said.get("KMD version") or said.get("DRIVER version"),
        said.get("NVML version"),
        said.get("CUDA UMD version") or said.get("CUDA Version") or said.get("CUDA version"),
    )


def banner(text: str) -> Versions:
    """Read the head of the table, in the words before 610 and since."""
    found = _BANNER.search(text)
    return Versions(found[2], found[1], found[3]) if found else Versions()


def listed(text: str) -> list[Listed]:
    """Read -L."""
    cards: list[Listed] = []
    for line in text.splitlines():
        card, part = _LISTED.fullmatch(line.rstrip()), _PART.fullmatch(line.rstrip())
        if card:
            cards.append(Listed(int(card[1]), card[2], card[3]))
        elif part and cards:
            cards[-1].parts.append((part[1], part[3]))
    return cards


def processes(text: str) -> dict[int, int | None]:
    """Read how many bytes each process has on all cards; None where the driver does not say it of one."""
    found: dict[int, int | None] = {}
    for match in filter(None, map(_PROCESS.fullmatch, map(str.strip, text.splitlines()))):
        pid, amount, before = int(match[1]), number(match[2]), found.get(int(match[1]), 0)
        found[pid] = None if amount is None or before is None else before + (int(amount) << 20)
    return found


def _value(text: str) -> str | None:
    return None if _MISSING.fullmatch(text) or _TROUBLE.fullmatch(text) else text
