# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# Generated from plugins/module_utils/_wake/proof.py by `make generate`; change it there.
"""The proof that a host wakes: it once did, which is remembered on the host. Without it nothing sends it to sleep."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from hybrid_cluster.shared import _files, _names
from hybrid_cluster.shared._wake.packet import WakeError

if TYPE_CHECKING:
    from hybrid_cluster.shared._command import Commands

PROVE = "run playbooks/wake.yml -e prove=yes for it, with somebody near who can press its power button"
_LINUX_BOOT = "/proc/sys/kernel/random/boot_id"
_MACOS_BOOT = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
_IDENTIFIER = re.compile(r"[0-9A-Fa-f-]{36}")


@dataclass(frozen=True)
class Proof:
    """The card that was sent to, and how long it took until the host answered."""

    mac_address: str
    seconds: float


def path(system: str) -> str:
    """Return where it is remembered."""
    directory = _names.STATE_DIRECTORY if system == "Darwin" else _names.LINUX_STATE_DIRECTORY
    return f"{directory}/wake-proof.json"


def read(system: str) -> Proof | None:
    """Return the proof; a file that is damaged is none."""
    content = _files.read(path(system))
    try:
        found = json.loads(content or b"{}")
        return Proof(str(found["mac_address"]), float(found["seconds"]))
    except (ValueError, TypeError, KeyError):
        return None


def write(system: str, proof: Proof | None) -> None:
    """Remember a proof, or forget the one there is."""
    if proof is None:
        _files.remove(path(system))
        return
    where = path(system)
    _files.make_directory(where.rpartition("/")[0], 0o700)
    _files.write(where, f"{json.dumps(asdict(proof), sort_keys=True)}\n".encode())


def missing(system: str, mac_address: str) -> str | None:
    """Return why a host may not be sent to sleep; nothing where it may."""
    found = read(system)
    if found is None:
        return f"it was never proved that it wakes: {PROVE}"
    if found.mac_address.lower() != mac_address.lower():
        return f"it was proved to wake by {found.mac_address}, and mac_address is {mac_address} now: {PROVE}"
    return None


def boot(commands: Commands, system: str) -> str:
    """Return what is another after every start of the host, and the same after every sleep."""
    if system == "Darwin":
        said = commands.check_output(_MACOS_BOOT)
    else:
        said = (_files.read(_LINUX_BOOT) or b"").decode("ascii", "replace")
    if not _IDENTIFIER.fullmatch(said.strip()):
        raise WakeError(
            f"The identifier of this boot is {said.strip()!r}, which is none: whether it slept cannot be told."
        )
    return said.strip()
