# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""From what a host is and what is asked for to its driver, or to the one sentence that says why it gets none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import packages, secure_boot
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.branches import (
    BRANCHES,
    OPEN,
    Decision,
    DriverError,
    decide,
    needs_of,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.installation import DriverSet
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names

if TYPE_CHECKING:
    from collections.abc import Collection

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.host import Host

RELEASES = {
    ("ubuntu", "22.04"): "ubuntu2204",
    ("ubuntu", "24.04"): "ubuntu2404",
    ("ubuntu", "26.04"): "ubuntu2604",
    ("debian", "12"): "debian12",
    ("debian", "13"): "debian13",
}
"""What NVIDIA's repository calls the releases that it has."""
ARCHITECTURES = {"amd64": "x86_64", "arm64": "sbsa"}
OF_DEBIAN = {"12": 535, "13": 550}
"""The one branch that each release of Debian has itself."""
OF_UBUNTU = {580: ("open", "proprietary"), 595: ("open", "proprietary"), 615: ("open",)}
"""The branches whose modules Ubuntu has prebuilt, and the kinds of them."""
TEMPORARY = "/var/tmp"  # noqa: S108 - where the driver keeps the memory of cards: a disk, and there after a suspend
BLACKLIST = "".join(
    f"blacklist {name}\noptions {name} modeset=0\n" if name == "nouveau" else f"blacklist {name}\n"
    for name in ("nouveau", "nova_core", "nova_drm")
)


@dataclass(frozen=True)
class Wishes:
    """What the inventory says."""

    branch: int | None = None
    flavour: str | None = None
    version: str | None = None
    source: str | None = None
    """``nvidia``, or ``distribution``."""
    desktop: bool | None = None
    keyrings: Collection[str] = ()
    """The directories of NVIDIA's repository whose keyring package is known."""


@dataclass(frozen=True)
class Plan:
    """The driver that a host gets, and how."""

    decision: Decision
    source: str
    repository: str | None
    """The directory of NVIDIA's repository, such as ``ubuntu2404/x86_64``."""
    pinning: str | None
    desktop: bool
    packages: list[packages.Wanted]
    remove: list[str]
    stale_pinning: list[str]
    hold: list[str]
    """Packages of the kernel that must not move without the driver."""
    module_options: str
    suspend_services: bool
    change: bool
    """Whether packages have to be changed."""

    @property
    def prebuilt(self) -> bool:
        """Tell whether the modules come built and signed."""
        return self.source == packages.UBUNTU

    def as_dict(self) -> dict[str, Any]:
        """Return it for a result."""
        return {
            "branch": self.decision.branch,
            "flavour": self.decision.flavour,
            "source": self.source,
            "repository": self.repository,
            "pinning": self.pinning,
            "stale_pinning": self.stale_pinning,
            "desktop": self.desktop,
            "prebuilt": self.prebuilt,
            "packages": [one.as_dict() for one in self.packages],
            "remove": self.remove,
            "hold": self.hold,
            "module_options": self.module_options,
            "suspend_services": self.suspend_services,
            "change": self.change,
        }


def make(host: Host, wishes: Wishes) -> Plan:
    """Decide; whatever cannot work is refused before anything is touched."""
    directory = _directory(host)
    _refuse_passed_through(host)
    source = _source(host, wishes, directory)
    decision = _decision(host, wishes, source)
    _refuse_unsigned(host, source, decision)
    _check_version(wishes, decision, source)
    desktop = host.desktop if wishes.desktop is None else wishes.desktop
    wanted = packages.wanted(source, host.distribution, decision, wishes.version, host.kernel, desktop=desktop)
    remove = packages.unwanted(host.installed, decision, source, desktop=desktop)
    from_nvidia = source == packages.NVIDIA
    pinning = f"nvidia-driver-pinning-{wishes.version or decision.branch}" if from_nvidia else None
    installed_pinning = sorted(filter(packages.is_pinning, host.installed))
    driver_set = DriverSet(decision.branch, wanted, remove)
    return Plan(
        decision=decision,
        source=source,
        repository=directory if from_nvidia else None,
        pinning=pinning,
        desktop=desktop,
        packages=wanted,
        remove=remove,
        stale_pinning=[name for name in installed_pinning if name != pinning],
        hold=[f"linux-{part}{host.kernel.meta}" for part in ("", "image-", "headers-")]
        if source == packages.UBUNTU
        else [],
        module_options=module_options(decision),
        suspend_services=not _notified(decision),
        change=driver_set.to_do(host.installed),
    )


def module_options(decision: Decision) -> str:
    """Return the options that keep the memory of the cards over a suspend, and keep nouveau away."""
    kept = "NVreg_UseKernelSuspendNotifiers=1" if _notified(decision) else "NVreg_PreserveVideoMemoryAllocations=1"
    return f"{BLACKLIST}options nvidia {kept} NVreg_TemporaryFilePath={TEMPORARY}\n"


def _notified(decision: Decision) -> bool:
    """Tell whether the driver is told by the kernel of a suspend, and needs no services for it."""
    return decision.branch >= 595 and decision.flavour == OPEN


def _directory(host: Host) -> str:
    release = RELEASES.get((host.distribution, host.version))
    architecture = ARCHITECTURES.get(host.architecture)
    if release is None or architecture is None:
        known = enumerate_names(f"{name.capitalize()} {version}" for name, version in RELEASES)
        raise DriverError(
            f"This host is {host.distribution or 'an unknown distribution'} {host.version} on {host.architecture}:"
            f" NVIDIA's driver is installed here on {known}, amd64 and arm64. Take it out of the group gpu, or bring"
            " its system to one of these."
        )
    return f"{release}/{architecture}"


def _refuse_passed_through(host: Host) -> None:
    given = [card for card in host.cards if host.held_by.get(card.address) == "vfio-pci"]
    if given:
        raise DriverError(
            f"{enumerate_names(card.title for card in given)} is kept for virtual machines by vfio-pci: take"
            " vfio-pci.ids out of this host's kernel command line and of /etc/modprobe.d, or put the virtual machine"
            " into the group gpu instead of this host."
        )


def _source(host: Host, wishes: Wishes, directory: str) -> str:
    """Return where the packages come from."""
    own = packages.UBUNTU if host.distribution == "ubuntu" else packages.DEBIAN
    has_keyring = directory in wishes.keyrings
    if wishes.source == "distribution":
        return own
    if wishes.source == "nvidia":
        if not has_keyring:
            raise DriverError(
                f"nvidia_driver_keyrings has no checksum for {directory}, without which NVIDIA's repository is not"
                " trusted: add the SHA-256 of its cuda-keyring package, or set nvidia_driver_source to distribution."
            )
        return packages.NVIDIA
    if own == packages.UBUNTU:
        # An unknown state is taken for on: signed modules load either way.
        unsigned_load = host.secure_boot is False or host.key_enrolled
        return packages.NVIDIA if unsigned_load and has_keyring else packages.UBUNTU
    return packages.NVIDIA if has_keyring else packages.DEBIAN


def _decision(host: Host, wishes: Wishes, source: str) -> Decision:
    decision = decide(host.cards, wishes.branch, wishes.flavour)
    if source == packages.DEBIAN:
        return _of_debian(host, wishes)
    if source == packages.UBUNTU and decision.flavour not in OF_UBUNTU.get(decision.branch, ()):
        have = enumerate_names(str(number) for number, kinds in OF_UBUNTU.items() if decision.flavour in kinds)
        why = (
            "Secure Boot is on, and"
            if host.secure_boot is not False and wishes.source is None
            else "nvidia_driver_source says distribution, and"
        )
        raise DriverError(
            f"{why} Ubuntu has no {decision.flavour} modules of branch {decision.branch}, prebuilt and signed: set"
            f" nvidia_driver_branch to {have}. Or: {secure_boot.console_steps('ubuntu')}"
        )
    return decision


def _of_debian(host: Host, wishes: Wishes) -> Decision:
    branch = OF_DEBIAN[host.version]
    if wishes.branch not in (None, branch):
        raise DriverError(
            f"nvidia_driver_branch is {wishes.branch}, and Debian {host.version} has {branch} only: write that, or set"
            " nvidia_driver_source to nvidia."
        )
    for card in host.cards:
        need = needs_of(card)
        if need is not None and not need.first <= branch <= need.last:
            raise DriverError(
                f"{card.title} needs {need}, and Debian {host.version} has {branch} only: set nvidia_driver_source to"
                " nvidia."
            )
    return decide(host.cards, branch, wishes.flavour)


def _refuse_unsigned(host: Host, source: str, decision: Decision) -> None:
    """Refuse modules that the firmware would not let the kernel load."""
    if source == packages.UBUNTU or host.secure_boot is False or host.key_enrolled:
        return
    state = (
        "Secure Boot is on, and"
        if host.secure_boot is True
        else f"mokutil says {host.secure_boot!r}, so whether Secure Boot is on is not known, and"
    )
    ways = secure_boot.console_steps(host.distribution)
    if host.distribution == "ubuntu":
        ways = f"Leave nvidia_driver_source away, for modules that Ubuntu has signed. {ways}"
    raise DriverError(
        f"{state} the {decision.flavour} modules of branch {decision.branch} are built on this host, so nobody whom its"
        f" firmware trusts has signed them: they would not load. Nothing was installed. {ways}"
    )


def _check_version(wishes: Wishes, decision: Decision, source: str) -> None:
    version = wishes.version
    if version is None:
        return
    if source != packages.NVIDIA:
        raise DriverError(
            f"nvidia_driver_version is {version}, but only NVIDIA's repository has more than one version of a branch:"
            " write nothing."
        )
    if not version.startswith(f"{decision.branch}."):
        raise DriverError(
            f"nvidia_driver_version is {version}, which is not of branch {decision.branch}: write nvidia_driver_branch:"
            f" {version.partition('.')[0]} too, or leave it away."
        )


def is_over(branch: int, month: str) -> bool:
    """Tell whether a branch gets no updates in a month, such as ``2026-11``."""
    ends = BRANCHES[branch].ends
    return ends is not None and ends < month
