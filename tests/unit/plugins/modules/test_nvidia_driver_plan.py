# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""nvidia_driver_plan: what it reads of a host, and that it says what a host does before its driver is exchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import busy
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.host import IMAGES, INSTALLED

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.plugins.harness import Clock

    Run = Callable[..., dict[str, Any]]

KERNEL = "6.8.0-85-generic"
LOADED = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  575.57.08  Release Build  (dvs-builder@U16)\n"
KEYRINGS = {"ubuntu2404/x86_64": {"checksum": "sha256:" + "0" * 64}}
NEW = "580.173.02-0ubuntu1"
OF_580 = {
    **dict.fromkeys(
        ("libnvidia-compute-580", "nvidia-utils-580", "nvidia-compute-utils-580", "nvidia-dkms-580-open"), NEW
    ),
    "dkms": "3.0.11",
    "linux-headers-generic-hwe-24.04": "6.8.0-85.87",
}


@pytest.fixture
def host(host_files: Path) -> Path:
    """Have an Ubuntu 24.04 with one RTX 5090 and room in /boot."""
    device = host_files / "sys/bus/pci/devices/0000:01:00.0"
    device.mkdir(parents=True)
    for name, text in {"vendor": "0x10de", "device": "0x2b85", "class": "0x030000"}.items():
        (device / name).write_text(f"{text}\n", encoding="ascii")
    (host_files / "etc").mkdir()
    (host_files / "etc/os-release").write_text('NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="24.04"\n', encoding="ascii")
    (host_files / "boot").mkdir()
    (host_files / f"boot/vmlinuz-{KERNEL}").touch()
    return host_files


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def reading(installed: dict[str, str] | None = None, secure_boot: Call | None = None) -> list[Call]:
    """Return what is asked of a host, in the order of asking."""
    rows = {"linux-image-generic-hwe-24.04": "6.8.0-85.87", f"linux-image-{KERNEL}": "6.8.0-85.87", **(installed or {})}
    images = f"linux-image-generic-hwe-24.04\tlinux-image-{KERNEL}, linux-firmware\nlinux-image-{KERNEL}\tkmod\n"
    return [
        call(["uname", "-r"], out=f"{KERNEL}\n"),
        call(INSTALLED, out="".join(f"{name}\tii \t{version}\n" for name, version in rows.items()) + "gone\trc \t1\n"),
        call(["dpkg", "--print-architecture"], out="amd64\n"),
        call(IMAGES, out=images),
        secure_boot or call(["mokutil", "--sb-state"], out="SecureBoot disabled\n"),
    ]


def test_a_host_is_read(run_module: Run, host: Path) -> None:
    result = run_module("nvidia_driver_plan", {"keyrings": KEYRINGS}, reading())
    assert result["cards"] == [
        {
            "address": "0000:01:00.0",
            "device_id": "0x2b85",
            "name": "GeForce RTX 5090",
            "generation": "Blackwell",
            "capability": "12.0",
        }
    ]
    plan = result["plan"]
    assert (plan["branch"], plan["flavour"], plan["source"], plan["change"]) == (580, "open", "nvidia", True)
    assert [one["names"] for one in plan["packages"]][1] == ["linux-headers-generic-hwe-24.04"]
    assert (result["desktop_plan"]["desktop"], plan["desktop"]) == (True, False)
    assert (result["loaded"], result["busy"], result["changed"]) == (None, [], False)


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        pytest.param({"out": "SecureBoot enabled\n"}, "ubuntu", id="on"),
        pytest.param({"out": "SecureBoot disabled\nPlatform is in Setup Mode\n"}, "nvidia", id="setup-mode"),
        pytest.param(
            {"out": "SecureBoot enabled\nSecureBoot validation is disabled in shim\n"}, "nvidia", id="off-in-shim"
        ),
        pytest.param({"err": "EFI variables are not supported on this system\n", "rc": 1}, "nvidia", id="bios"),
        pytest.param(
            {"err": 'Failed to read "SecureBoot" variable: Input/output error\n', "rc": 255}, "ubuntu", id="unknown"
        ),
    ],
)
def test_secure_boot_is_what_mokutil_says(run_module: Run, host: Path, answer: dict[str, Any], source: str) -> None:
    calls = reading(secure_boot=call(["mokutil", "--sb-state"], **answer))
    assert run_module("nvidia_driver_plan", {"keyrings": KEYRINGS}, calls)["plan"]["source"] == source


def test_a_key_that_is_enrolled_signs_what_is_built(run_module: Run, host: Path) -> None:
    put(host / "var/lib/shim-signed/mok/MOK.der", "")
    calls = reading(secure_boot=call(["mokutil", "--sb-state"], out="SecureBoot enabled\n"))
    test = ["mokutil", "--test-key", "/var/lib/shim-signed/mok/MOK.der"]
    calls.append(call(test, out="/var/lib/shim-signed/mok/MOK.der is already enrolled\n", rc=1))
    assert run_module("nvidia_driver_plan", {"keyrings": KEYRINGS}, calls)["plan"]["source"] == "nvidia"


def test_a_host_with_a_screen_gets_what_a_screen_needs(run_module: Run, host: Path) -> None:
    put(host / "etc/systemd/system/display-manager.service", "")
    result = run_module("nvidia_driver_plan", {"keyrings": KEYRINGS}, reading())
    assert (result["plan"]["desktop"], result["desktop_plan"]) == (True, None)


def test_what_is_there_is_not_changed_and_not_asked_whether_it_is_busy(run_module: Run, host: Path) -> None:
    put(host / "proc/driver/nvidia/version", LOADED.replace("575.57.08", "580.173.02"))
    put(host / "sys/fs/cgroup/system.slice/hybrid-ai-llama-cpp.service/cpu.stat", "usage_usec 1\n")
    result = run_module("nvidia_driver_plan", {"keyrings": KEYRINGS}, reading(OF_580))
    assert (result["plan"]["change"], result["loaded"], result["busy"]) == (False, "580.173.02", [])


def test_a_small_boot_is_refused_only_where_something_is_installed(
    run_module: Run, host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.host"
    monkeypatch.setattr(f"{module}._free", lambda path: 90)
    refused = run_module("nvidia_driver_plan", {"keyrings": KEYRINGS}, reading())
    assert refused["msg"].startswith("/boot has 90 MB free, and the driver needs 260 MB there")
    assert run_module("nvidia_driver_plan", {"keyrings": KEYRINGS}, reading(OF_580))["plan"]["change"] is False


def test_a_branch_without_updates_is_said(run_module: Run, host: Path) -> None:
    result = run_module("nvidia_driver_plan", {"keyrings": KEYRINGS, "branch": 610}, reading())
    assert "Branch 610 of NVIDIA's driver gets no security updates any more." in str(result["warnings"])


def test_a_host_without_a_card_is_one_sentence(run_module: Run, host: Path) -> None:
    (host / "sys/bus/pci/devices/0000:01:00.0/vendor").write_text("0x8086\n", encoding="ascii")
    assert run_module("nvidia_driver_plan", {}, reading())["msg"].startswith("There is no NVIDIA GPU on the PCI bus")


@pytest.fixture
def process(host: Path) -> Callable[..., None]:
    """Have a process that has a card open."""

    def make(pid: int, name: str, unit: str, device: str = "/dev/nvidia0") -> None:
        folder = host / f"proc/{pid}"
        put(folder / "comm", f"{name}\n")
        put(folder / "cgroup", f"0::/system.slice/{unit}\n")
        (folder / "fd").mkdir()
        (folder / "fd/4").symlink_to(device)

    return make


def test_what_a_reboot_would_end_is_said(
    run_module: Run, host: Path, process: Callable[..., None], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(host / "proc/driver/nvidia/version", LOADED)
    usage = host / "sys/fs/cgroup/system.slice/hybrid-ai-llama-cpp.service/cpu.stat"
    put(usage, "usage_usec 5000000\nuser_usec 4000000\n")
    process(700, "llama-server", "hybrid-ai-llama-cpp.service")
    process(701, "nvidia-persiste", "nvidia-persistenced.service")
    process(702, "python3", "user@1000.service", "/dev/nvidia-uvm")
    process(703, "sleep", "user@1000.service", "/dev/null")
    put(host / "run/systemd/sessions/1", "USER=ada\nCLASS=user\nSEAT=seat0\n")
    put(host / "run/systemd/sessions/2", "USER=ansible\nCLASS=user\nREMOTE=1\n")
    put(host / "run/systemd/sessions/3", "USER=gdm\nCLASS=greeter\nSEAT=seat0\n")

    def said() -> list[str]:
        found: list[str] = run_module("nvidia_driver_plan", {"keyrings": KEYRINGS}, reading())["busy"]
        return found

    quiet = said()
    assert len(quiet) == 2
    assert quiet[0].startswith("python3 (pid 702) of ")
    assert quiet[1] == "ada is logged in at its screen"
    sleep = clock.sleep

    def answer(seconds: float) -> None:
        sleep(seconds)
        put(usage, "usage_usec 9000000\nuser_usec 8000000\n")

    monkeypatch.setattr(busy._wait, "sleep", answer)
    assert said()[0] == "hybrid-ai-llama-cpp.service answers requests"
