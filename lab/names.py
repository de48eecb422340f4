# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every name and path the lab uses on this machine: what `down` looks for is derived from here, not from memory."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from lab.errors import UsageError

DEFAULT_LAB = "olab"
CACHE = Path("/var/cache/hybrid-lab")
DISKS = Path("/var/lib/hybrid-lab")
RUNTIME = Path("/run/hybrid-lab")
STATES = DISKS / ".states"
"""Saved labs: on the file system of the disks, which are moved there; no lab has such a name."""
NETNS_DIRECTORY = Path("/run/netns")
CGROUP = "hybrid-lab"
SERVICES_CGROUP = ".services"
CARDS_CGROUP = ".cards"
"""The processes that stand for the network cards of sleeping hosts."""
UPLINK = "uplink"
LAN_BRIDGE = "lan"
ADMIN = "admin"
RUNNING_MARK = "running"
SIMULATOR_DATABASE = "private/var/db/simulator"
SLEEP_ORDER = "sleep"
"""A file in it by which a Mac asks to be sent to sleep."""

# No hyphen: `lab-a` and the host namespaces `lab-a-…` of one lab can then never be taken for those of another.
_LAB_NAME = re.compile(r"[a-z][a-z0-9]{0,10}")
_INTERFACE_LENGTH = 15


def check_lab_name(name: str) -> str:
    """Return the name if it can name namespaces, an interface and a packet filter table."""
    if not _LAB_NAME.fullmatch(name):
        raise UsageError(
            f"The lab name {name!r} is not usable: write 1 to 11 lower-case letters and digits, a letter first."
        )
    return name


def fabric_namespace(lab: str) -> str:
    """Return the network namespace that stands for switches, cables and the internet router."""
    return f"lab-{lab}"


def host_namespace(lab: str, host: str) -> str:
    """Return the network namespace of one host."""
    return f"lab-{lab}-{host}"


def lab_namespaces(lab: str) -> list[str]:
    """Return every network namespace of the lab that exists, the fabric's last."""
    fabric = fabric_namespace(lab)
    found = sorted(entry.name for entry in NETNS_DIRECTORY.glob(f"{fabric}*")) if NETNS_DIRECTORY.is_dir() else []
    return [name for name in found if name.startswith(f"{fabric}-")] + [name for name in found if name == fabric]


def root_interface(lab: str) -> str:
    """Return the end of the uplink in this machine's own network."""
    return f"lab-{lab}"


def packet_filter_table(lab: str) -> str:
    """Return the nftables table in this machine's own network."""
    return f"lab_{lab}"


def fabric_port(host: str, device: str) -> str:
    """Return the fabric's end of a host's interface."""
    name = f"{host}.{device}"
    if len(name) <= _INTERFACE_LENGTH:
        return name
    digest = hashlib.sha256(host.encode()).hexdigest()[:4]
    return f"{host[: _INTERFACE_LENGTH - len(device) - 6]}~{digest}.{device}"


def machine_name(lab: str, host: str) -> str:
    """Return the name systemd-nspawn knows a host by."""
    return f"lab-{lab}-{host}"


def runtime(lab: str) -> Path:
    """Return the directory of everything that lives as long as the lab."""
    return RUNTIME / lab


def lock_file(lab: str) -> Path:
    """Return the lock that lets one command at a time change a lab; outside the directory that `down` removes."""
    return RUNTIME / f"{lab}.lock"


def disk(lab: str, host: str) -> Path:
    """Return the directory of a host's disk."""
    return DISKS / lab / host


def existing_labs() -> list[str]:
    """Return the labs that have left anything on this machine, in order of name."""
    found = {entry.name for base in (RUNTIME, DISKS) if base.is_dir() for entry in base.iterdir() if entry.is_dir()}
    if NETNS_DIRECTORY.is_dir():
        found |= {entry.name.split("-")[1] for entry in NETNS_DIRECTORY.glob("lab-*")}
    return sorted(name for name in found if _LAB_NAME.fullmatch(name))


def default_lab() -> str:
    """Return the lab meant when nobody names one."""
    return os.environ.get("LAB_NAME") or DEFAULT_LAB
