# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""From a bare host to a loaded driver, to another one, and back: the modules of the role on a simulated machine."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.branches import DriverError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.loaded import Module, loaded_module
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call
from ansible_collections.hybrid_ai.cluster.plugins.modules import (
    nvidia_driver_boot,
    nvidia_driver_packages,
    nvidia_driver_plan,
)

from tests.unit.lab.standins.nvidia.simulated_host import SimulatedHost, put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("apt-get") is None, reason="it asks the real apt")

V100, RTX_2070, RTX_5070, RTX_5090 = "0x1db4", "0x1f02", "0x2f04", "0x2b85"
OPTIONS = "etc/modprobe.d/zz-hybrid-ai-nvidia.conf"
PLAN = {"branch": None, "flavour": None, "version": None, "source": None, "desktop": None, "initramfs_growth": 1}
KEYRINGS = {"ubuntu2404/x86_64": {}, "debian13/x86_64": {}}


class Role:
    """What the role does, one task after the other."""

    def __init__(self, host: SimulatedHost) -> None:
        self.host = host
        self.said: list[str] = []

    def call(self, options: dict[str, Any]) -> Call:
        return Call(self.host, options, check_mode=False, warn=self.said.append)

    def apply(self, **wishes: Any) -> dict[str, Any]:
        """Bring the driver, and reboot where that is needed; return what changed and why it rebooted."""
        asked = {**PLAN, "keyrings": KEYRINGS, "idle_seconds": 0, **wishes}
        found = nvidia_driver_plan.manage(self.call(asked))
        plan, desktop = found["plan"], found["desktop_plan"] or {}
        options_file = self.host.root / OPTIONS
        if not options_file.exists() or options_file.read_text(encoding="utf-8") != plan["module_options"]:
            put(options_file, plan["module_options"])
        self.host.trust(nvidia=plan["repository"] is not None, branch=plan["branch"])
        options = {
            "state": "present",
            **{name: plan[name] for name in ("branch", "packages", "remove", "desktop")},
            "desktop_packages": desktop.get("packages", []),
            "desktop_remove": desktop.get("remove", []),
            "hold": True,
            "hold_also": plan["hold"],
            "advice": "",
        }
        changed = nvidia_driver_packages.manage(self.call(options))["changed"]
        booted = nvidia_driver_boot.manage(self.call({**plan, "idle_seconds": 0}))
        if booted["reboot"]:
            self.host.boot()
            again = nvidia_driver_boot.manage(self.call({**plan, "idle_seconds": 0}))
            assert again["reboot"] == []
        return {"changed": changed or booted["changed"], "reboot": booted["reboot"], "plan": plan}

    def remove(self) -> None:
        """Take it back."""
        (self.host.root / OPTIONS).unlink()
        nvidia_driver_packages.manage(self.call({"state": "absent"}))


@pytest.fixture
def role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Role]:
    """Have a bare host with cards."""
    monkeypatch.setattr(_files, "ROOT", str(tmp_path))
    monkeypatch.setattr(os, "fchown", lambda *_: None)

    def make(distribution: str, *devices: str, **more: Any) -> Role:
        host = SimulatedHost(tmp_path, distribution)
        host.describe(*devices, **more)
        return Role(host)

    return make


@pytest.mark.parametrize("secure_boot", [False, True])
@pytest.mark.parametrize(
    ("device", "flavour"),
    [(V100, "proprietary"), (RTX_2070, "open"), (RTX_2070, "proprietary"), (RTX_5070, "open"), (RTX_5090, "open")],
)
def test_a_bare_ubuntu_computes_after_one_reboot(
    role: Callable[..., Role], device: str, flavour: str, *, secure_boot: bool
) -> None:
    gpu = role("ubuntu", device, secure_boot=secure_boot)
    first = gpu.apply(flavour=flavour)
    assert first["reboot"] == ["nouveau has the card"]
    assert first["plan"]["source"] == ("ubuntu" if secure_boot else "nvidia")
    assert loaded_module() == Module("580.173.02", flavour)
    # Nothing is left to do, and nothing is rebooted.
    assert gpu.apply(flavour=flavour) == {"changed": False, "reboot": [], "plan": first["plan"] | {"change": False}}
    assert gpu.host.reboots == 2


@pytest.mark.parametrize(("device", "flavour"), [(V100, "proprietary"), (RTX_5070, "open")])
def test_a_bare_debian_too(role: Callable[..., Role], device: str, flavour: str) -> None:
    gpu = role("debian", device)
    gpu.apply()
    assert loaded_module() == Module("580.173.02", flavour)
    assert gpu.apply()["changed"] is False


def test_four_of_volta(role: Callable[..., Role]) -> None:
    gpu = role("ubuntu", *[V100] * 4)
    gpu.apply()
    assert loaded_module() == Module("580.173.02", "proprietary")


def test_debian_with_secure_boot_is_told_what_to_do_before_anything_is_installed(role: Callable[..., Role]) -> None:
    gpu = role("debian", RTX_5070, secure_boot=True)
    before = dict(gpu.host.installed)
    with pytest.raises(DriverError, match="Nothing was installed"):
        gpu.apply()
    assert gpu.host.installed == before


def test_debian_with_the_key_of_its_machine_enrolled(role: Callable[..., Role], tmp_path: Path) -> None:
    put(tmp_path / "var/lib/dkms/mok.pub")
    gpu = role("debian", RTX_5070, secure_boot=True, fault="key_enrolled")
    gpu.apply()
    assert loaded_module() == Module("580.173.02", "open")


@pytest.mark.parametrize("distribution", ["debian", "ubuntu"])
@pytest.mark.parametrize(("before", "after"), [(580, 620), (620, 580), (595, 620), (620, 595)])
def test_upgrade_and_downgrade_are_one_path(
    role: Callable[..., Role], distribution: str, before: int, after: int
) -> None:
    gpu = role(distribution, RTX_5090)
    gpu.apply(branch=before)
    changed = gpu.apply(branch=after)
    assert changed["changed"]
    assert changed["reboot"] == [
        f"the module that is loaded is open {_version(before)}, and the one installed open {_version(after)}"
    ]
    assert loaded_module() == Module(_version(after), "open")
    assert gpu.apply(branch=after)["changed"] is False
    assert gpu.host.reboots == 3


def _version(branch: int) -> str:
    return {580: "580.173.02", 595: "595.71.05", 620: "620.00"}[branch]


def test_a_built_module_does_not_hide_the_signed_one(role: Callable[..., Role], tmp_path: Path) -> None:
    """Secure Boot is turned on later: the modules that the host built would be refused."""
    gpu = role("ubuntu", RTX_5090)
    gpu.apply()
    gpu.host.describe(RTX_5090, secure_boot=True)
    assert loaded_module() is None
    gpu.apply()
    assert loaded_module() == Module("580.173.02", "open")
    assert not list(tmp_path.glob("lib/modules/*/updates/dkms/nvidia.ko"))


def test_what_was_brought_goes_and_the_host_boots(role: Callable[..., Role], tmp_path: Path) -> None:
    gpu = role("debian", RTX_5090)
    before = set(gpu.host.installed)
    gpu.apply()
    gpu.remove()
    left = {name for name in gpu.host.installed if not name.startswith("nvidia-driver-pinning-")} - before
    assert left == set()
    assert gpu.host.held == set()
    gpu.host.boot()
    link = tmp_path / "sys/bus/pci/devices/0000:01:00.0/driver"
    assert link.readlink().name == "nouveau"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        pytest.param("build_fails", "error: implicit declaration of function 'follow_pfn'", id="build"),
        pytest.param("boot_full", "The driver is not installed as wanted", id="boot-is-full"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_no_reboot(role: Callable[..., Role], fault: str, says: str) -> None:
    gpu = role("debian", RTX_5090, fault=fault)
    with pytest.raises(DriverError) as failed:
        gpu.apply()
    assert says in str(failed.value)
    assert gpu.host.reboots == 1
    # Mended, the next run goes on from there.
    put(gpu.host.root / "etc/hybrid-lab/nvidia.json", '{"cards": [{"address": "0000:01:00.0", "device": "0x2b85"}]}')
    gpu.apply()
    assert loaded_module() == Module("580.173.02", "open")
