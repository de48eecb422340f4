# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""From a host and what is asked for to a driver: where it comes from, its packages, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import boot_space, packages, plan
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.branches import DriverError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import identify
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.host import (
    Host,
    version_key,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.loaded import Module, parse_loaded
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.packages import Kernel
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.plan import Plan, Wishes
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import Unknown

V100, RTX_5070, RTX_5090, RTX_2070 = "0x1db4", "0x2f04", "0x2b85", "0x1f02"
KEYRINGS = dict.fromkeys(
    ("ubuntu2204/x86_64", "ubuntu2404/x86_64", "ubuntu2404/sbsa", "debian12/x86_64", "debian13/x86_64"), "0" * 64
)
UBUNTU_KERNEL = Kernel("6.8.0-85-generic", "generic", ("6.8.0-85-generic", "6.8.0-79-generic"))
DEBIAN_KERNEL = Kernel("6.12.48+deb13-amd64", "amd64", ("6.12.48+deb13-amd64",))


def cards(*devices: str) -> tuple[Any, ...]:
    return tuple(identify(f"0000:{number:02x}:00.0", device) for number, device in enumerate(devices, 1))


def ubuntu(*devices: str, version: str = "24.04", **values: Any) -> Host:
    return Host("ubuntu", version, "amd64", UBUNTU_KERNEL, **{**_DEFAULTS, "cards": cards(*devices), **values})


def debian(*devices: str, version: str = "13", **values: Any) -> Host:
    return Host("debian", version, "amd64", DEBIAN_KERNEL, **{**_DEFAULTS, "cards": cards(*devices), **values})


_DEFAULTS: dict[str, Any] = {"secure_boot": False, "key_enrolled": False, "desktop": False, "boot_free": 2000}


def made(host: Host, **wishes: Any) -> Plan:
    return plan.make(host, Wishes(**{"keyrings": KEYRINGS, **wishes}))


def driver_names(found: Plan) -> list[str]:
    """Return the packages but those that build modules."""
    names = ["|".join(one.names) for one in found.packages]
    return [name for name in names if not name.startswith("linux-headers-") and name != "dkms"]


@pytest.mark.parametrize(
    ("host", "wishes", "source", "names"),
    [
        pytest.param(
            ubuntu(RTX_5090),
            {},
            ("nvidia", "ubuntu2404/x86_64", "nvidia-driver-pinning-580"),
            ["libnvidia-compute-580", "nvidia-utils-580", "nvidia-compute-utils-580", "nvidia-dkms-580-open"],
            id="ubuntu-blackwell",
        ),
        pytest.param(
            ubuntu(V100, version="22.04"),
            {},
            ("nvidia", "ubuntu2204/x86_64", "nvidia-driver-pinning-580"),
            ["libnvidia-compute-580", "nvidia-utils-580", "nvidia-compute-utils-580", "nvidia-dkms-580"],
            id="ubuntu-volta",
        ),
        pytest.param(
            ubuntu(RTX_2070),
            {"branch": 620},
            ("nvidia", "ubuntu2404/x86_64", "nvidia-driver-pinning-620"),
            [
                "libnvidia-compute",
                "nvidia-dkms-open",
                "nvidia-utils|nvidia-smi",
                "nvidia-persistenced|nvidia-compute-utils",
            ],
            id="ubuntu-names-since-590",
        ),
        pytest.param(
            replace(ubuntu(RTX_5090), architecture="arm64"),
            {"version": "580.173.02"},
            ("nvidia", "ubuntu2404/sbsa", "nvidia-driver-pinning-580.173.02"),
            ["libnvidia-compute-580", "nvidia-utils-580", "nvidia-compute-utils-580", "nvidia-dkms-580-open"],
            id="arm-and-a-version",
        ),
        pytest.param(
            ubuntu(RTX_5090, desktop=True),
            {},
            ("nvidia", "ubuntu2404/x86_64", "nvidia-driver-pinning-580"),
            ["nvidia-open-580", "nvidia-utils-580"],
            id="somebodys-desk",
        ),
        pytest.param(
            ubuntu(RTX_5090, secure_boot=True),
            {},
            ("ubuntu", None, None),
            [
                "linux-modules-nvidia-580-server-open-generic",
                "nvidia-headless-no-dkms-580-server-open",
                "nvidia-utils-580-server",
            ],
            id="ubuntu-secure-boot",
        ),
        pytest.param(
            ubuntu(V100, secure_boot=True),
            {},
            ("ubuntu", None, None),
            [
                "linux-modules-nvidia-580-server-generic",
                "nvidia-headless-no-dkms-580-server",
                "nvidia-utils-580-server",
            ],
            id="ubuntu-secure-boot-volta",
        ),
        pytest.param(
            ubuntu(RTX_5090, secure_boot=True, desktop=True),
            {"branch": 595},
            ("ubuntu", None, None),
            ["linux-modules-nvidia-595-open-generic", "nvidia-driver-595-open", "nvidia-utils-595"],
            id="ubuntu-secure-boot-desk",
        ),
        pytest.param(
            ubuntu(RTX_5090, secure_boot=Unknown.of("Failed to read")),
            {},
            ("ubuntu", None, None),
            [
                "linux-modules-nvidia-580-server-open-generic",
                "nvidia-headless-no-dkms-580-server-open",
                "nvidia-utils-580-server",
            ],
            id="ubuntu-secure-boot-unknown",
        ),
        pytest.param(
            ubuntu(RTX_5090, secure_boot=True, key_enrolled=True),
            {},
            ("nvidia", "ubuntu2404/x86_64", "nvidia-driver-pinning-580"),
            ["libnvidia-compute-580", "nvidia-utils-580", "nvidia-compute-utils-580", "nvidia-dkms-580-open"],
            id="ubuntu-with-a-key-of-its-own",
        ),
        pytest.param(
            ubuntu(RTX_5090, version="26.04"),
            {},
            ("ubuntu", None, None),
            [
                "linux-modules-nvidia-580-server-open-generic",
                "nvidia-headless-no-dkms-580-server-open",
                "nvidia-utils-580-server",
            ],
            id="no-checksum-of-the-keyring",
        ),
        pytest.param(
            debian(RTX_5070),
            {},
            ("nvidia", "debian13/x86_64", "nvidia-driver-pinning-580"),
            ["nvidia-driver-cuda", "nvidia-kernel-open-dkms", "nvidia-smi", "nvidia-persistenced"],
            id="debian-blackwell",
        ),
        pytest.param(
            debian(V100, version="12"),
            {},
            ("nvidia", "debian12/x86_64", "nvidia-driver-pinning-580"),
            ["nvidia-driver-cuda", "nvidia-kernel-dkms", "nvidia-smi", "nvidia-persistenced"],
            id="debian-volta",
        ),
        pytest.param(
            debian(V100, version="12"),
            {"source": "distribution"},
            ("debian", None, None),
            [
                "nvidia-kernel-dkms",
                "nvidia-smi",
                "nvidia-persistenced",
                "libcuda1",
                "libnvidia-ptxjitcompiler1",
                "nvidia-suspend-common",
            ],
            id="debians-own",
        ),
        pytest.param(
            debian(RTX_2070),
            {"source": "distribution", "desktop": True},
            ("debian", None, None),
            ["nvidia-driver", "nvidia-open-kernel-dkms", "nvidia-smi", "nvidia-persistenced"],
            id="debians-own-desk",
        ),
        pytest.param(
            debian(RTX_5070, secure_boot=True, key_enrolled=True),
            {},
            ("nvidia", "debian13/x86_64", "nvidia-driver-pinning-580"),
            ["nvidia-driver-cuda", "nvidia-kernel-open-dkms", "nvidia-smi", "nvidia-persistenced"],
            id="debian-secure-boot-after-the-console",
        ),
    ],
)
def test_a_host_gets_its_driver(host: Host, wishes: dict[str, Any], source: tuple[Any, ...], names: list[str]) -> None:
    found = made(host, **wishes)
    assert (found.source, found.repository, found.pinning) == source
    assert driver_names(found) == names
    assert found.change


@pytest.mark.parametrize(
    ("host", "wishes", "says"),
    [
        pytest.param(
            replace(ubuntu(RTX_5090), version="20.04"),
            {},
            "This host is ubuntu 20.04 on amd64: NVIDIA's driver is installed here on Ubuntu 22.04,",
            id="release",
        ),
        pytest.param(
            replace(debian(RTX_5090), architecture="ppc64el"), {}, "on ppc64el: NVIDIA's driver", id="architecture"
        ),
        pytest.param(
            ubuntu(RTX_5090, held_by={"0000:01:00.0": "vfio-pci"}),
            {},
            "GeForce RTX 5090 (0000:01:00.0) is kept for virtual machines by vfio-pci: take vfio-pci.ids out",
            id="passed-through",
        ),
        pytest.param(
            debian(RTX_5070, secure_boot=True),
            {},
            "Secure Boot is on, and the open modules of branch 580 are built on this host, so nobody whom its firmware"
            " trusts has signed them: they would not load. Nothing was installed. Either turn Secure Boot off in the"
            " firmware's settings, or enroll the key",
            id="debian-secure-boot",
        ),
        pytest.param(
            debian(RTX_5070, secure_boot=Unknown.of("Failed to read")),
            {},
            'mokutil says unknown ("Failed to read"), so whether Secure Boot is on is not known',
            id="debian-secure-boot-unknown",
        ),
        pytest.param(
            ubuntu(RTX_5070, secure_boot=True),
            {"source": "nvidia"},
            "Leave nvidia_driver_source away, for modules that Ubuntu has signed.",
            id="ubuntu-secure-boot-but-nvidias",
        ),
        pytest.param(
            ubuntu(RTX_5070, secure_boot=True),
            {"branch": 620},
            "Secure Boot is on, and Ubuntu has no open modules of branch 620, prebuilt and signed: set"
            " nvidia_driver_branch to 580, 595 and 615.",
            id="ubuntu-secure-boot-branch",
        ),
        pytest.param(
            debian(RTX_5070, version="12"),
            {"source": "distribution"},
            "GeForce RTX 5070 (0000:01:00.0) needs the open modules of branch 570 or newer, and Debian 12 has 535"
            " only: set nvidia_driver_source to nvidia.",
            id="debians-is-too-old",
        ),
        pytest.param(
            debian(RTX_2070),
            {"source": "distribution", "branch": 580},
            "nvidia_driver_branch is 580, and Debian 13 has 550 only",
            id="debian-has-one-branch",
        ),
        pytest.param(
            ubuntu(RTX_5070, version="26.04"),
            {"source": "nvidia"},
            "nvidia_driver_keyrings has no checksum for ubuntu2604/x86_64",
            id="no-keyring",
        ),
        pytest.param(
            ubuntu(RTX_5070, secure_boot=True),
            {"version": "580.173.02"},
            "nvidia_driver_version is 580.173.02, but only NVIDIA's repository has more than one version",
            id="version-of-ubuntu",
        ),
        pytest.param(
            ubuntu(RTX_5070),
            {"version": "620.10"},
            "nvidia_driver_version is 620.10, which is not of branch 580: write nvidia_driver_branch: 620 too",
            id="version-of-another-branch",
        ),
    ],
)
def test_what_cannot_work_is_refused(host: Host, wishes: dict[str, Any], says: str) -> None:
    with pytest.raises(DriverError) as refused:
        made(host, **wishes)
    assert says in str(refused.value)


OF_580 = {
    "dkms": "3.0.11-1ubuntu13",
    "linux-headers-generic": "6.8.0-85.87",
    "libnvidia-compute-580": "580.173.02-0ubuntu1",
    "nvidia-utils-580": "580.173.02-0ubuntu1",
    "nvidia-compute-utils-580": "580.173.02-0ubuntu1",
    "nvidia-dkms-580-open": "580.173.02-0ubuntu1",
    "nvidia-firmware-580-580.173.02": "580.173.02-0ubuntu1",
    "nvidia-driver-pinning-580": "580-1ubuntu1",
    "nvidia-container-toolkit": "1.20.0-1",
    "nvidia-gpu-exporter": "1.14.0",
}
OF_620 = {
    "dkms": "3.0.11-1ubuntu13",
    "linux-headers-generic": "6.8.0-85.87",
    "libnvidia-compute": "620.12.01-1ubuntu1",
    "nvidia-dkms-open": "620.12.01-1ubuntu1",
    "nvidia-driver-pinning-620": "620-1ubuntu1",
}
NUMBERED = [
    "libnvidia-compute-580",
    "nvidia-compute-utils-580",
    "nvidia-dkms-580-open",
    "nvidia-firmware-580-580.173.02",
    "nvidia-utils-580",
]


@pytest.mark.parametrize(
    ("installed", "wishes", "change", "remove", "stale"),
    [
        pytest.param(OF_580, {}, False, [], [], id="as-it-is"),
        pytest.param(OF_620, {"branch": 620}, False, [], [], id="as-it-is-since-590"),
        pytest.param(OF_580, {"branch": 620}, True, NUMBERED, ["nvidia-driver-pinning-580"], id="upgrade"),
        # Names without a number stay or go with what apt puts in their place.
        pytest.param(OF_620, {"branch": 580}, True, [], ["nvidia-driver-pinning-620"], id="downgrade"),
        pytest.param(
            OF_620, {"branch": 615}, True, [], ["nvidia-driver-pinning-620"], id="downgrade-of-the-same-names"
        ),
        pytest.param(OF_580, {"version": "580.178.04"}, True, [], ["nvidia-driver-pinning-580"], id="another-version"),
        pytest.param(OF_580, {"flavour": "proprietary"}, True, ["nvidia-dkms-580-open"], [], id="another-flavour"),
        pytest.param(
            {**OF_580, "nvidia-headless-no-dkms-580-server-open": "580.173.02-0ubuntu0.24.04.1"},
            {"source": "distribution"},
            True,
            [
                "libnvidia-compute-580",
                "nvidia-compute-utils-580",
                "nvidia-dkms-580-open",
                "nvidia-utils-580",
            ],
            ["nvidia-driver-pinning-580"],
            id="to-prebuilt-modules",
        ),
    ],
)
def test_upgrade_and_downgrade_are_one_path(
    installed: dict[str, str], wishes: dict[str, Any], change: bool, remove: list[str], stale: list[str]
) -> None:
    found = made(ubuntu(RTX_2070, installed=installed), **wishes)
    assert (found.change, found.remove, found.stale_pinning) == (change, remove, stale)


def test_a_kernel_that_the_archive_has_left_behind_is_replaced() -> None:
    headers = next(one for one in made(ubuntu(RTX_5090)).packages if "linux-headers-6.8.0-85-generic" in one.names)
    assert headers.optional
    assert headers.otherwise == ("linux-image-generic", "linux-headers-generic")


def test_prebuilt_modules_move_with_their_kernel() -> None:
    found = made(ubuntu(RTX_5090, secure_boot=True))
    assert found.packages[0].together == ("linux-image-generic",)
    assert found.hold == ["linux-generic", "linux-image-generic", "linux-headers-generic"]
    assert made(ubuntu(RTX_5090)).hold == []


@pytest.mark.parametrize(
    ("branch", "flavour", "options", "services"),
    [
        pytest.param(580, None, "NVreg_PreserveVideoMemoryAllocations=1", True, id="580"),
        pytest.param(620, None, "NVreg_UseKernelSuspendNotifiers=1", False, id="620"),
    ],
)
def test_memory_is_kept_over_a_suspend(branch: int, flavour: str | None, options: str, services: bool) -> None:
    found = made(ubuntu(RTX_2070), branch=branch, flavour=flavour)
    assert f"options nvidia {options} NVreg_TemporaryFilePath=/var/tmp\n" in found.module_options
    assert "blacklist nouveau\n" in found.module_options
    assert found.suspend_services is services


def test_a_small_boot_is_refused_in_megabytes_with_the_kernel_that_may_go() -> None:
    sizes = {"6.8.0-85-generic": 70, "6.8.0-79-generic": 68}
    host = ubuntu(RTX_5090, boot_free=300, initramfs=sizes)
    assert boot_space.needed(host, 130) == 460
    with pytest.raises(DriverError) as refused:
        boot_space.check(host, 130)
    assert str(refused.value) == (
        "/boot has 300 MB free, and the driver needs 460 MB there to write an initramfs for each of 2 kernels. Nothing"
        " was installed. Remove what is not needed: the kernel 6.8.0-79-generic neither runs nor boots next, so `sudo"
        " apt-get purge linux-image-6.8.0-79-generic` frees 68 MB and more."
    )
    boot_space.check(replace(host, boot_free=460), 130)
    only = replace(host, kernel=replace(UBUNTU_KERNEL, kernels=("6.8.0-85-generic",)))
    with pytest.raises(DriverError, match="There is no older kernel that could go"):
        boot_space.check(only, 130)
    # An old one that runs must not go.
    running = replace(host, kernel=replace(UBUNTU_KERNEL, running="6.8.0-79-generic"))
    with pytest.raises(DriverError, match="There is no older kernel that could go"):
        boot_space.check(running, 130)


@pytest.mark.parametrize(
    ("line", "module"),
    [
        pytest.param(
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.173.02  Tue Jun 23 08:38:17 UTC 2026",
            Module("580.173.02", "proprietary"),
            id="proprietary",
        ),
        pytest.param(
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  515.43.04  Release Build "
            " (archlinux-builder@archlinux)",
            Module("515.43.04", "open"),
            id="open",
        ),
        pytest.param("NVRM version: something new", None, id="unknown"),
        pytest.param("NVRM version: NVIDIA UNIX Shut Kernel Module for x86_64  700.10  Release", None, id="a new kind"),
    ],
)
def test_the_loaded_module_says_its_version_and_flavour(line: str, module: Module | None) -> None:
    assert parse_loaded(f"{line}\nGCC version:  gcc version 12.2.0\n") == module


def test_kernels_are_sorted_by_number() -> None:
    names = ["6.8.0-9-generic", "6.8.0-85-generic", "6.11.0-1-generic", "6.1.0-40-amd64"]
    assert sorted(names, key=version_key, reverse=True) == [
        "6.11.0-1-generic",
        "6.8.0-85-generic",
        "6.8.0-9-generic",
        "6.1.0-40-amd64",
    ]


@pytest.mark.parametrize(
    ("name", "driver"),
    [
        ("libnvidia-compute-580", True),
        ("nvidia-dkms-open", True),
        ("linux-modules-nvidia-580-server-open-6.8.0-85-generic", True),
        ("linux-objects-nvidia-580-server-open-6.8.0-85-generic", True),
        ("xserver-xorg-video-nvidia-580", True),
        ("firmware-nvidia-gsp", True),
        ("libcuda1", True),
        ("nvidia-driver-pinning-580", False),
        ("nvidia-container-toolkit", False),
        ("libnvidia-container1", False),
        ("nvidia-cuda-toolkit", False),
        ("nvidia-gpu-exporter", False),
        ("ubuntu-desktop", False),
        ("linux-image-generic", False),
        ("libgl1", False),
    ],
)
def test_what_belongs_to_a_driver(name: str, driver: bool) -> None:
    assert packages.is_driver(name) is driver
