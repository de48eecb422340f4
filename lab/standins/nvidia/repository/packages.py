# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The packages, with the names and dependencies of NVIDIA's repository."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lab.standins.nvidia.repository.deb import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = {580: "580.173.02", 595: "595.71.05", 620: "620.00"}
UPSTREAM = "https://developer.download.nvidia.com/compute/cuda/repos"
KEYRING = "1.1-1"
PIN = "libnvidia-* nvidia-* libcuda1 cuda-drivers* firmware-nvidia-*"
SCRIPT = "#!/bin/sh\nPATH=/usr/local/sbin:/usr/local/bin:$PATH\n"
"""How a script begins: apt leaves these folders out of the path, in which the lab has its programs."""
SMI = {"usr/bin/nvidia-smi": '#!/bin/sh\nexec /usr/local/lib/hybrid-lab-nvidia/smi/nvidia-smi "$@"\n'}
PERSISTENCED = """[Unit]
Description=NVIDIA Persistence Daemon
{unneeded}
[Service]
ExecStart=/usr/bin/nvidia-persistenced --user root {off}--verbose
"""
SLEEP = """[Unit]
Description=NVIDIA system {what} actions

[Service]
Type=oneshot
ExecStart=/usr/bin/true

[Install]
WantedBy=systemd-{unit}.service
"""


def for_debian(release: str, architecture: str, kernel: str, headers: str) -> list[Package]:
    """Return the repository of a release of Debian's."""
    found = list(_common(f"{release}/{directory(architecture)}", architecture, kernel, headers))
    for version in VERSIONS.values():
        found += _branch_for_debian(f"{version}-1", architecture)
    return found


def for_ubuntu(release: str, architecture: str, kernel: str, headers: str) -> list[Package]:
    """Return the repository of a release of Ubuntu's."""
    found = list(_common(f"{release}/{directory(architecture)}", architecture, kernel, headers))
    for branch, version in VERSIONS.items():
        found += _branch_for_ubuntu(branch, f"{version}-1ubuntu1", architecture)
    return found


def archive_of_ubuntu(architecture: str, kernel: str, meta: str) -> list[Package]:
    """Return what Ubuntu's own archive has: with modules that were built and signed for its kernel."""
    found = [Package(f"linux-image-{meta}", "6.8.0-85.87", architecture, {"Depends": f"linux-image-{kernel}"})]
    found += [Package(f"linux-image-{kernel}", "6.8.0-85.87", architecture)]
    for branch in (580, 595):
        for server in ("", "-server"):
            for flavour, suffix in (("open", "-open"), ("proprietary", "")):
                name = f"{branch}{server}{suffix}"
                found += _signed(f"{VERSIONS[branch]}-0ubuntu0.24.04.1", architecture, name, flavour, (kernel, meta))
            found += _user_space(f"{VERSIONS[branch]}-0ubuntu0.24.04.1", architecture, f"{branch}{server}")
    return found


def _signed(version: str, architecture: str, name: str, flavour: str, kernels: tuple[str, str]) -> Iterator[Package]:
    """Yield the modules of a flavour, and what builds the same on a host."""
    kernel, meta = kernels
    upstream, branch = version.partition("-")[0], name.partition("-")[0]
    text = json.dumps({"version": upstream, "flavour": flavour, "signed": True}) + "\n"
    whole = f"linux-modules-nvidia-{name}-{kernel}"
    yield Package(
        whole,
        "6.8.0-85.87",
        architecture,
        {"Depends": f"linux-image-{kernel}", "Provides": f"nvidia-prebuilt-kernel, nvidia-prebuilt-{name}"},
        {f"lib/modules/{kernel}/kernel/nvidia-{branch}/nvidia.ko": text},
        {"postinst": f"{SCRIPT}set -e\nupdate-initramfs -u\n"},
    )
    yield Package(f"linux-modules-nvidia-{name}-{meta}", "6.8.0-85.87", architecture, {"Depends": whole})
    yield _module(f"nvidia-dkms-{name}", version, architecture, flavour, {"Provides": f"nvidia-prebuilt-{name}"})
    suffix = name.removesuffix("-open")
    parts = f"libnvidia-compute-{suffix}, nvidia-compute-utils-{suffix}, nvidia-kernel-common-{suffix}"
    yield Package(f"nvidia-headless-no-dkms-{name}", version, architecture, {"Depends": parts})
    # Either builds its modules or has them built.
    depends = f"{parts}, libnvidia-gl-{suffix}, nvidia-dkms-{name} | nvidia-prebuilt-{name}"
    yield Package(f"nvidia-driver-{name}", version, architecture, {"Depends": depends})


def _user_space(version: str, architecture: str, name: str) -> Iterator[Package]:
    same = f"(= {version})"
    yield _library(f"libnvidia-compute-{name}", version, architecture)
    yield Package(f"libnvidia-gl-{name}", version, architecture)
    yield Package(f"nvidia-utils-{name}", version, architecture, {"Depends": f"libnvidia-compute-{name} {same}"}, SMI)
    yield _persistenced(f"nvidia-compute-utils-{name}", version, architecture, off=True)
    yield _suspend(f"nvidia-kernel-common-{name}", version, architecture)


def directory(architecture: str) -> str:
    """Return what NVIDIA calls an architecture of Debian's."""
    return {"amd64": "x86_64", "arm64": "sbsa"}[architecture]


def _common(place: str, architecture: str, kernel: str, headers: str) -> Iterator[Package]:
    name = place.replace("/", "-")
    source = f"etc/apt/sources.list.d/cuda-{name}.list"
    priority = "etc/apt/preferences.d/cuda-repository-pin-600"
    yield Package(
        "cuda-keyring",
        KEYRING,
        "all",
        files={
            source: f"deb [trusted=yes] {UPSTREAM}/{place}/ /\n",
            priority: "Package: *\nPin: release l=NVIDIA CUDA\nPin-Priority: 600\n",
        },
        conffiles=(source, priority),
    )
    for branch, version in VERSIONS.items():
        yield _pinning(str(branch), f"{branch}.*")
        yield _pinning(version, f"{version}*")
    yield Package("dkms", "9999-1", "all")
    yield Package(f"linux-headers-{headers}", "9999-1", architecture, {"Depends": f"linux-headers-{kernel}"})
    yield Package(f"linux-image-{headers}", "9999-1", architecture)
    yield Package(
        f"linux-headers-{kernel}", "9999-1", architecture, files={f"lib/modules/{kernel}/build/Makefile": "\n"}
    )


def _pinning(name: str, pin: str) -> Package:
    return Package(
        f"nvidia-driver-pinning-{name}",
        f"{name}-1",
        "all",
        {
            "Provides": "nvidia-driver-pinning",
            "Conflicts": "nvidia-driver-pinning",
            "Replaces": "nvidia-driver-pinning",
        },
        {"etc/apt/preferences.d/nvidia-driver-pinning": f"Package: {PIN}\nPin: version {pin}\nPin-Priority: 1000\n"},
    )


def _module(name: str, version: str, architecture: str, flavour: str, fields: dict[str, str]) -> Package:
    """Return a package whose modules DKMS builds."""
    upstream = version.partition("-")[0]
    build = f"set -e\ndkms install nvidia/{upstream}\nupdate-initramfs -u\n"
    return Package(
        name,
        version,
        architecture,
        {"Depends": f"dkms, {fields.pop('Depends', '')}".rstrip(", "), **fields},
        {f"usr/src/nvidia-{upstream}/module.json": json.dumps({"version": upstream, "flavour": flavour}) + "\n"},
        {
            "postinst": f'{SCRIPT}[ "$1" = configure ] || exit 0\n{build}',
            "prerm": f"{SCRIPT}dkms remove nvidia/{upstream} --all\n",
            "postrm": f'{SCRIPT}[ "$1" = remove ] || exit 0\nupdate-initramfs -u\n',
        },
    )


def _library(name: str, version: str, architecture: str) -> Package:
    upstream = version.partition("-")[0]
    return Package(
        name,
        version,
        architecture,
        {},
        {},
        {
            "postinst": f"{SCRIPT}hybrid-lab-nvidia library {upstream}\n",
            "postrm": f'{SCRIPT}[ "$1" = remove ] || exit 0\nhybrid-lab-nvidia library\n',
        },
    )


def _persistenced(name: str, version: str, architecture: str, *, off: bool) -> Package:
    unit = PERSISTENCED.format(
        off="--no-persistence-mode " if off else "", unneeded="StopWhenUnneeded=true\n" if off else ""
    )
    return Package(
        name,
        version,
        architecture,
        files={
            "lib/systemd/system/nvidia-persistenced.service": unit,
            "usr/bin/nvidia-persistenced": "#!/bin/sh\nexec sleep infinity\n",
        },
    )


def _suspend(name: str, version: str, architecture: str) -> Package:
    units = {"suspend": "suspend", "resume": "suspend", "hibernate": "hibernate"}
    files = {
        f"lib/systemd/system/nvidia-{what}.service": SLEEP.format(what=what, unit=unit) for what, unit in units.items()
    }
    return Package(name, version, architecture, files=files)


def _branch_for_debian(version: str, architecture: str) -> Iterator[Package]:
    same = f"(= {version})"
    yield _library("libcuda1", version, architecture)
    yield Package("nvidia-smi", version, architecture, files=SMI)
    yield _persistenced("nvidia-persistenced", version, architecture, off=False)
    yield _suspend("nvidia-suspend-common", version, architecture)
    modules = f"nvidia-kernel-open-dkms {same} | nvidia-kernel-dkms {same}"
    parts = f"libcuda1 {same}, nvidia-smi {same}, nvidia-persistenced {same}, nvidia-suspend-common {same}, {modules}"
    yield Package("nvidia-driver-cuda", version, architecture, {"Depends": parts})
    common = {"Depends": f"firmware-nvidia-gsp {same}"}
    yield Package("firmware-nvidia-gsp", version, architecture)
    conflict = {"Conflicts": "nvidia-kernel-dkms", "Replaces": "nvidia-kernel-dkms"}
    yield _module("nvidia-kernel-open-dkms", version, architecture, "open", {**common, **conflict})
    conflict = {"Conflicts": "nvidia-kernel-open-dkms", "Replaces": "nvidia-kernel-open-dkms"}
    if version.startswith("580."):
        yield _module("nvidia-kernel-dkms", version, architecture, "proprietary", {**common, **conflict})
    yield Package("nvidia-driver-libs", version, architecture)
    for name, module in (("nvidia-open", "nvidia-kernel-open-dkms"), ("cuda-drivers", "nvidia-kernel-dkms")):
        depends = f"nvidia-driver-cuda {same}, {module} {same}, nvidia-driver-libs {same}"
        yield Package(name, version, architecture, {"Depends": depends})


def _branch_for_ubuntu(branch: int, version: str, architecture: str) -> Iterator[Package]:
    number = f"-{branch}" if branch < 590 else ""
    same = f"(= {version})"
    yield _library(f"libnvidia-compute{number}", version, architecture)
    yield Package(f"nvidia-firmware{number}", version, architecture)
    depends = {"Depends": f"libnvidia-compute{number} {same}"}
    yield Package(f"nvidia-utils{number}", version, architecture, depends, SMI)
    yield Package(f"libnvidia-gl{number}", version, architecture)
    name = f"nvidia-compute-utils{number}" if number else "nvidia-persistenced"
    yield _persistenced(name, version, architecture, off=True)
    yield _suspend(f"nvidia-kernel-common{number}", version, architecture)
    flavours = {"open": "-open", "proprietary": ""} if branch <= 580 else {"open": "-open"}
    for flavour, suffix in flavours.items():
        fields = {
            "Depends": f"nvidia-kernel-common{number} {same}, nvidia-firmware{number} {same}",
            "Provides": "nvidia-dkms-kernel",
            "Conflicts": "nvidia-dkms-kernel",
            "Replaces": "nvidia-dkms-kernel",
        }
        module = f"nvidia-dkms{number}{suffix}"
        yield _module(module, version, architecture, flavour, fields)
        meta = f"nvidia-open{number}" if flavour == "open" else f"cuda-drivers{number}"
        parts = (f"libnvidia-compute{number}", f"libnvidia-gl{number}", f"nvidia-utils{number}", module)
        exactly = ", ".join(f"{part} {same}" for part in parts)
        yield Package(meta, version, architecture, {"Depends": exactly})
