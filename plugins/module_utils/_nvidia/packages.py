# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The packages that a driver consists of, by where they come from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.branches import Decision

NVIDIA, UBUNTU, DEBIAN = "nvidia", "ubuntu", "debian"

_DRIVER = re.compile(
    r"""
    nvidia-(driver|headless|dkms|kernel|open|utils|compute-utils|firmware|persistenced|smi|modprobe|settings|prime
           |suspend|legacy|tesla|alternative|installer-cleanup|support|egl|vdpau|opencl|vulkan|xconfig|fabricmanager
           |imex|libopencl|primus|detect|cuda-mps)
    |libnvidia-(?!container)
    |lib(cuda1|cudadebugger1|nvcuvid1|nvoptix1|nvidia-ml1|xnvctrl0|egl-nvidia0|glx-nvidia0|gles-nvidia|gl1-nvidia)
    |linux-(modules|objects|signatures)-nvidia-
    |xserver-xorg-video-nvidia
    |cuda-drivers
    |firmware-nvidia-
    """,
    re.VERBOSE,
)
_GRAPHICAL = re.compile(
    r"libnvidia-gl(-|$)|xserver-xorg-video-nvidia|nvidia-driver-\d+(-open)?$|nvidia-driver$|nvidia-open(-\d+)?$"
    r"|cuda-drivers(-\d+)?$|libglx-nvidia0"
)
_DKMS = re.compile(r"nvidia-dkms(-|$)|nvidia-(open-)?kernel-(open-)?dkms$|nvidia-kernel-open-dkms$")
_PINNING = re.compile(r"nvidia-driver-pinning-")
_BRANCH = re.compile(r"^(?:lib)?nvidia-.*?-(\d{3})(?:-|$)|^linux-modules-nvidia-(\d{3})-|^cuda-drivers-(\d{3})$")


_OWN_NUMBERS = {"nvidia-settings", "nvidia-xconfig", "nvidia-modprobe", "nvidia-prime", "libxnvctrl0"}
"""Helpers that work with every branch, and whose versions distributions number by themselves."""


def strays(installed: Mapping[str, str], branch: int) -> list[str]:
    """Return the driver's packages whose version is of another branch, whatever they are called."""
    return sorted(
        name
        for name, version in installed.items()
        if is_driver(name)
        and name not in _OWN_NUMBERS
        and re.match(r"\d{3}\.", upstream(version))
        and not upstream(version).startswith(f"{branch}.")
    )


def is_driver(name: str) -> bool:
    """Tell whether a package is a part of NVIDIA's driver: not CUDA's toolkit, not what containers use, no exporter."""
    return bool(_DRIVER.match(name)) and not is_pinning(name)


def is_pinning(name: str) -> bool:
    """Tell whether a package says which branch the driver's packages are taken from."""
    return bool(_PINNING.match(name))


def is_graphical(name: str) -> bool:
    """Tell whether a screen needs this part of the driver."""
    return bool(_GRAPHICAL.match(name))


def is_dkms(name: str) -> bool:
    """Tell whether a package builds the modules on the host."""
    return bool(_DKMS.match(name))


def upstream(version: str) -> str:
    """Return NVIDIA's version of a package: without an epoch and without what the packager added."""
    return version.partition(":")[2].partition("-")[0] if ":" in version else version.partition("-")[0]


@dataclass(frozen=True)
class Wanted:
    """A package that has to be there, by the first of its names that the archive has."""

    names: tuple[str, ...]
    version: str | None = None
    """What its version has to begin with, such as ``580.``."""
    optional: bool = False
    """Nothing is wrong where no archive has it."""
    otherwise: tuple[str, ...] = ()
    """Packages to bring up to date where no archive has it: what fits a kernel that the archive has left behind."""
    together: tuple[str, ...] = ()
    """Packages to bring up to date whenever this one is installed."""

    def satisfied_by(self, installed: Mapping[str, str]) -> bool:
        """Tell whether it is there already."""
        there = [upstream(installed[name]) for name in self.names if name in installed]
        if self.version is None:
            return bool(there)
        return any(fits(found, self.version) for found in there)

    def as_dict(self) -> dict[str, Any]:
        """Return it for a result."""
        return {
            "names": list(self.names),
            "version": self.version,
            "optional": self.optional,
            "otherwise": list(self.otherwise),
            "together": list(self.together),
        }


def fits(found: str, wanted: str) -> bool:
    """Tell whether a version is of a branch, ``580.``, or is the one wanted."""
    return found.startswith(wanted) if wanted.endswith(".") else found == wanted


def from_dict(values: Mapping[str, Any]) -> Wanted:
    """Make one from what a module was given."""
    return Wanted(
        tuple(values["names"]),
        values.get("version"),
        bool(values.get("optional")),
        tuple(values.get("otherwise") or ()),
        tuple(values.get("together") or ()),
    )


@dataclass(frozen=True)
class Kernel:
    """The kernel of a host, in the words of its packages."""

    running: str
    """Such as ``6.8.0-85-generic``."""
    meta: str
    """What its packages are called, such as ``generic-hwe-24.04`` or ``amd64``."""
    kernels: tuple[str, ...] = field(default=())
    """Those in /boot, the newest first."""


def wanted(
    source: str, distribution: str, decision: Decision, version: str | None, kernel: Kernel, *, desktop: bool
) -> list[Wanted]:
    """Return the packages of a driver."""
    needed = version or f"{decision.branch}."
    if source == UBUNTU:
        return _ubuntu(decision, needed, kernel, desktop=desktop)
    if source == DEBIAN:
        names = _debian(decision, desktop=desktop)
    elif distribution == "ubuntu":
        names = _nvidia_for_ubuntu(decision, desktop=desktop)
    else:
        names = _nvidia_for_debian(decision, desktop=desktop)
    return _headers(kernel) + [_spec(name, needed) for name in names]


def _spec(name: str, version: str) -> Wanted:
    """Read ``a | b`` as one or the other, and ``a?`` as not needed where nobody has it."""
    return Wanted(tuple(name.rstrip("?").split(" | ")), version, optional=name.endswith("?"))


def _headers(kernel: Kernel) -> list[Wanted]:
    """Return what DKMS builds with. An archive has the headers of the newest kernels only."""
    newest = (f"linux-image-{kernel.meta}", f"linux-headers-{kernel.meta}")
    return [
        Wanted(("dkms",)),
        Wanted((f"linux-headers-{kernel.meta}",)),
        Wanted((f"linux-headers-{kernel.running}",), optional=True, otherwise=newest),
    ]


def _nvidia_for_ubuntu(decision: Decision, *, desktop: bool) -> list[str]:
    if decision.branch >= 590:
        if desktop:
            return ["nvidia-open"]
        # Guides say that the last two may not come along with the first two.
        return [
            "libnvidia-compute",
            "nvidia-dkms-open",
            "nvidia-utils | nvidia-smi?",
            "nvidia-persistenced | nvidia-compute-utils?",
        ]
    branch = decision.branch
    if desktop:
        return [
            f"nvidia-open-{branch}" if decision.flavour == "open" else f"cuda-drivers-{branch}",
            f"nvidia-utils-{branch}",
        ]
    flavour = "-open" if decision.flavour == "open" else ""
    parts = [f"libnvidia-compute-{branch}", f"nvidia-utils-{branch}", f"nvidia-compute-utils-{branch}"]
    return [*parts, f"nvidia-dkms-{branch}{flavour}"]


def _nvidia_for_debian(decision: Decision, *, desktop: bool) -> list[str]:
    if desktop:
        return ["nvidia-open" if decision.flavour == "open" else "cuda-drivers", "nvidia-smi?", "nvidia-persistenced?"]
    module = "nvidia-kernel-open-dkms" if decision.flavour == "open" else "nvidia-kernel-dkms"
    return ["nvidia-driver-cuda", module, "nvidia-smi?", "nvidia-persistenced?"]


def _debian(decision: Decision, *, desktop: bool) -> list[str]:
    module = "nvidia-open-kernel-dkms" if decision.flavour == "open" else "nvidia-kernel-dkms"
    parts = [module, "nvidia-smi", "nvidia-persistenced"]
    if desktop:
        return ["nvidia-driver", *parts]
    firmware = ["firmware-nvidia-gsp"] if decision.flavour == "open" else []
    return [*parts, "libcuda1", "libnvidia-ptxjitcompiler1", "nvidia-suspend-common?", *firmware]


def _ubuntu(decision: Decision, version: str, kernel: Kernel, *, desktop: bool) -> list[Wanted]:
    """Return Canonical's packages, with the modules that it built and signed for its kernels."""
    suffix = f"{decision.branch}{'' if desktop else '-server'}"
    flavour = "-open" if decision.flavour == "open" else ""
    parts = [f"nvidia-driver-{suffix}{flavour}"] if desktop else [f"nvidia-headless-no-dkms-{suffix}{flavour}"]
    # Its version is the kernel's. What it needs of the kernel is the newest.
    modules = Wanted(
        (f"linux-modules-nvidia-{suffix}{flavour}-{kernel.meta}",), together=(f"linux-image-{kernel.meta}",)
    )
    return [modules, *(_spec(name, version) for name in [*parts, f"nvidia-utils-{suffix}"])]


def unwanted(installed: Iterable[str], decision: Decision, source: str, *, desktop: bool) -> list[str]:
    """Return the driver's packages that must not stay: of other branches, and other modules than the ones wanted."""
    return sorted(
        name for name in filter(is_driver, installed) if _is_unwanted(name, decision, source, desktop=desktop)
    )


def _is_unwanted(name: str, decision: Decision, source: str, *, desktop: bool) -> bool:
    prebuilt = source == UBUNTU
    numbers = _BRANCH.match(name)
    if numbers:
        number = next(int(one) for one in numbers.groups() if one)
        # From 590 on the names in NVIDIA's repository have no number.
        if number != decision.branch or (not prebuilt and decision.branch >= 590):
            return True
        if prebuilt and not name.startswith("nvidia-firmware") and ("-server" in name) == desktop:
            return True
    if name.startswith(("linux-modules-nvidia-", "linux-objects-nvidia-", "linux-signatures-nvidia-")):
        return not prebuilt or ("-open" in name) != (decision.flavour == "open")
    # What DKMS built is loaded before what came prebuilt.
    return is_dkms(name) and (prebuilt or ("-open" in name) != (decision.flavour == "open"))
