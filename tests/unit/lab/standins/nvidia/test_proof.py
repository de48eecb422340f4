# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The proof on simulated hosts: a library that computes or fails, and a sentence for each failure."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import reasons

from tests.nvidia_host import H200, L40S, RTX_2080, RTX_4080, RTX_5070, RTX_5090, V100, card, host

SECOND = "0000:02:00.0"
GSP = """\
[    5.1] NVRM: The NVIDIA GPU 0000:01:00.0 (PCI ID: 10de:1db5)
[    5.1] NVRM: installed in this system is not supported by open
[    5.1] NVRM: nvidia.ko because it does not include the required GPU
[    5.1] NVRM: System Processor (GSP).
"""
OPEN_REQUIRED = """\
NVRM: The NVIDIA GPU 0000:01:00.0 (PCI ID: 10de:2c58)
NVRM: installed in this system requires use of the NVIDIA open kernel modules.
NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x22:0x56:884)
NVRM: GPU 0000:01:00.0: rm_init_adapter failed, device minor number 0
"""
LEGACY = """\
NVRM: The NVIDIA Tesla V100-PCIE-16GB GPU installed in this system is
NVRM:  supported through the NVIDIA 580.xx Legacy drivers. Please
NVRM:  visit http://www.nvidia.com/object/unix.html for more
NVRM:  information.  The 595.71.05 NVIDIA driver will ignore
NVRM:  this GPU.  Continuing probe...
NVRM: No NVIDIA GPU found.
"""
TOO_OLD = """\
NVRM: The NVIDIA GPU 0000:01:00.0 (PCI ID: 10de:2b85)
NVRM: installed in this system is not supported by the
NVRM: NVIDIA 535.247.01 driver release.
"""
BAR = "NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x22:0x56:884)\n"
XID = "NVRM: Xid (PCI:0000:02:00): 79, pid=1122, GPU has fallen off the bus.\n"
REJECTED = "Loading of module with unavailable key is rejected\n"


def by_address(found):
    return {one.address: (one.computes, one.reason.key if one.reason else None) for one in found.cards}


def test_every_card_computes(prove):
    found = prove(host(card(1, RTX_2080), card(2, L40S), card(3, RTX_5090), version="595.71.05"))
    assert [(one.name, one.capability, one.computes) for one in found.cards] == [
        ("NVIDIA GeForce RTX 2080 SUPER", "7.5", True),
        ("NVIDIA L40S", "8.9", True),
        ("NVIDIA GeForce RTX 5090", "12.0", True),
    ]
    assert (found.driver_version, found.flavour, found.library_version, found.branch) == (
        *("595.71.05", "open", "595.71.05"),
        595,
    )
    assert found.sentences() == []


@pytest.mark.parametrize(
    ("device", "version", "flavour"),
    [(V100, "580.173.02", "proprietary"), (RTX_5090, "620.00", "open"), (RTX_5070, "595.71.05", "open")],
)
def test_old_and_new_cards_compute_with_the_driver_that_is_theirs(prove, device, version, flavour):
    found = prove(host(card(1, device), version=version, flavour=flavour))
    assert (found.cards[0].computes, found.flavour, found.driver_version) == (True, flavour, version)


@pytest.mark.parametrize(
    ("state", "log", "held_by", "key"),
    [
        pytest.param(host(card(1, L40S), loaded=False, library=None), "", "nouveau", "nouveau", id="nouveau"),
        pytest.param(host(card(1, L40S, "unusable")), "", "vfio-pci", "held", id="given to a virtual machine"),
        pytest.param(host(card(1, L40S), loaded=False), "", None, "not_loaded", id="not loaded"),
        pytest.param(host(card(1, L40S), loaded=False), REJECTED, None, "unsigned", id="Secure Boot"),
        pytest.param(host(card(1, V100), version="580.173.02"), GSP, None, "needs_proprietary", id="V100 and open"),
        pytest.param(host(card(1, V100), loaded=False), LEGACY, None, "too_new", id="V100 and 595"),
        pytest.param(
            host(card(1, RTX_5090), version="580.173.02", flavour="proprietary"),
            *(OPEN_REQUIRED, None, "needs_open"),
            id="Blackwell and proprietary",
        ),
        pytest.param(host(card(1, RTX_5090, "unusable")), BAR, None, "bar", id="Resizable BAR"),
        pytest.param(host(card(1, RTX_5090, "unusable")), TOO_OLD, None, "too_old", id="unknown to the driver"),
        pytest.param(host(card(1, L40S), library="595.80"), "", None, "mismatch", id="a reboot is pending"),
        pytest.param(host(card(1, L40S), library=None), "", None, "no_library", id="no library"),
        pytest.param(host(card(1, L40S, "unusable")), "", None, "no_device", id="no devices, no word"),
    ],
)
def test_what_keeps_a_card_from_computing_has_its_word(prove, state, log, held_by, key):
    found = prove(state, log, held_by)
    assert by_address(found) == {"0000:01:00.0": (False, key)}
    (sentence,) = found.sentences()
    what, cure = reasons.REASONS[key]
    assert sentence.startswith("GPU 0000:01:00.0")
    assert what in sentence
    assert sentence.endswith(cure)


def test_a_host_without_a_card_says_so(prove):
    assert prove(host()).sentences() == [
        ". ".join(["There is no NVIDIA GPU on the PCI bus", reasons.REASONS["no_card"][1]])
    ]


@pytest.mark.parametrize(
    ("broken", "log", "key"),
    [
        pytest.param(card(2, RTX_4080, "lost"), "", "lost", id="as nvidia-smi says"),
        pytest.param(card(2, RTX_4080, "unusable"), XID, "lost", id="as the kernel says"),
        pytest.param(card(2, RTX_4080, "unusable", off_the_bus=True), "", "lost", id="as the bus says"),
        pytest.param(card(2, RTX_4080, "wrong"), "", "wrong_sum", id="a wrong sum"),
        pytest.param(card(2, RTX_4080, "cuda:cuLaunchKernel:719"), "", "launch_failed", id="719"),
        pytest.param(card(2, RTX_4080, "cuda:cuModuleLoadData:209"), "", "no_image", id="209"),
        pytest.param(card(2, RTX_4080, "cuda:cuCtxSynchronize:214"), "", "ecc", id="214"),
        pytest.param(card(2, RTX_4080, "cuda:cuInit:999"), "", "unknown_error", id="it spoils the start for all"),
    ],
)
def test_one_broken_card_is_named_and_the_others_go_on(prove, broken, log, key):
    found = prove(host(card(1, RTX_4080), broken, card(3, RTX_4080)), log)
    assert by_address(found) == {"0000:01:00.0": (True, None), SECOND: (False, key), "0000:03:00.0": (True, None)}
    assert [sentence.startswith(f"GPU {SECOND}") for sentence in found.sentences()] == [True]


def test_a_card_that_hangs_is_ended_and_the_others_go_on(prove):
    found = prove(host(card(1, RTX_4080, "hang"), card(2, RTX_4080)), time_limit=2)
    assert by_address(found) == {"0000:01:00.0": (False, "time_limit"), SECOND: (True, None)}


def test_an_nvidia_smi_that_hangs_hides_no_card_that_computes(prove):
    found = prove(host(card(1, RTX_4080), fault="hang"), time_limit=2)
    assert by_address(found) == {"0000:01:00.0": (True, None)}
    assert found.cards[0].memory_bytes == 16376 * 1048576


@pytest.mark.parametrize(("code", "key"), [(2, "memory_full"), (46, "in_use")])
def test_a_busy_card_is_neither_proved_nor_refuted(prove, code, key):
    found = prove(host(card(1, L40S, f"cuda:cuDevicePrimaryCtxRetain:{code}")))
    assert by_address(found) == {"0000:01:00.0": (True, key)}
    assert (found.cards[0].proved, found.broken) == (False, [])


@pytest.mark.parametrize(
    ("call", "code", "key"),
    [
        ("cuInit", 35, "old_driver"),
        ("cuInit", 34, "stub_library"),
        ("cuInit", 304, "os_error"),
        ("cuInit", 802, "not_ready"),
        ("cuInit", 803, "mismatch"),
        ("cuInit", 804, "no_compatibility"),
        ("cuInit", 999, "unknown_error"),
        ("cuInit", 77, "unknown"),
        ("cuModuleLoadData", 200, "no_compiler"),
        ("cuModuleLoadData", 218, "no_compiler"),
        ("cuModuleLoadData", 221, "no_compiler"),
        ("cuModuleLoadData", 222, "old_driver"),
        ("cuMemcpyDtoH_v2", 999, "unknown_error"),
        ("cuDeviceGetCount", 3, "unknown"),
    ],
)
def test_every_result_of_the_driver_has_its_word(prove, call, code, key):
    assert by_address(prove(host(card(1, L40S), fault=f"cuda:{call}:{code}"))) == {"0000:01:00.0": (False, key)}


def test_each_part_of_a_split_card_computes(prove):
    state = host(card(1, H200, mig=True), version="590.48.01")
    found = prove(state)
    assert by_address(found) == {"0000:01:00.0": (True, None)}
    assert found.cards[0].mig is True
    parts = [argv[-1] for argv in prove.guest.attempts if argv[-1].startswith("MIG-")]
    assert len(parts) == 5


def test_a_card_that_is_split_into_nothing_says_so(prove):
    found = prove(host(card(1, L40S, values={"mig.mode.current": "Enabled"})))
    assert by_address(found) == {"0000:01:00.0": (False, "no_parts")}


def test_a_capability_that_is_too_low_is_said_of_a_card_that_computes(prove):
    found = prove(host(card(1, RTX_2080), card(2, RTX_5090)), minimum="8.9")
    assert by_address(found) == {"0000:01:00.0": (True, "low_capability"), SECOND: (True, None)}
    assert "(7.5, wanted 8.9)" in found.sentences()[0]
