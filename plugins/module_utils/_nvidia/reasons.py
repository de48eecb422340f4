# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Why a GPU does not compute: a word for each reason, the sentence for people, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import bus, smi
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import quoted

_AGAIN = "Run site.yml"
_POWER_CYCLE = "Switch the host off and on; if it comes back, look at the card's power cables, its slot and its heat."
_RESTART = "Restart the host."
REASONS = {
    "no_card": (
        "there is no NVIDIA GPU on the PCI bus",
        "Look at its slot, its power cables and the firmware's settings, or take the host out of the group gpu.",
    ),
    "nouveau": (
        "the kernel's own driver, nouveau, holds it",
        f"{_AGAIN}, which turns nouveau off, and restart the host.",
    ),
    "held": (
        "another driver than NVIDIA's holds it, as for a virtual machine",
        "Give it back to the host, or take the host out of the group gpu.",
    ),
    "not_loaded": ("the driver is not loaded", f"{_AGAIN}, and restart the host."),
    "no_program": ("nvidia-smi is not installed", f"{_AGAIN}."),
    "no_library": ("the driver's library is not installed", f"{_AGAIN}."),
    "stub_library": (
        "a toolkit's stub stands in the place of the driver's library",
        "Remove the directory of stubs from LD_LIBRARY_PATH and /etc/ld.so.conf.d.",
    ),
    "mismatch": (
        "the driver's library and the loaded module are of different versions",
        f"{_RESTART} The module that is installed is loaded then.",
    ),
    "needs_open": ("this card needs the open kernel modules, and the proprietary ones are loaded", f"{_AGAIN}."),
    "needs_proprietary": (
        "this card needs the proprietary kernel modules, and the open ones are loaded: it has no GSP",
        f"{_AGAIN}, which installs branch 580, the last one for it.",
    ),
    "too_new": (
        "the driver is too new for this card and ignores it",
        f"{_AGAIN}, which installs branch 580, the last one for it.",
    ),
    "too_old": (
        "the driver does not know this card: it is too old for it",
        f"{_AGAIN}, with a newer nvidia_driver_branch.",
    ),
    "unsigned": (
        "Secure Boot refuses the driver, because it is signed with a key that the firmware does not know",
        (
            "Enrol the key at the console (mokutil --import, restart, Enroll MOK), turn Secure Boot off, or on Ubuntu "
            f"use the prebuilt modules: {_AGAIN}."
        ),
    ),
    "bar": (
        "the driver cannot start the card, as where its memory does not fit into the bus's addresses",
        "Turn Above 4G Decoding and Resizable BAR on in the firmware's settings, and update the mainboard's firmware.",
    ),
    "start_failed": (
        "the driver cannot start the card",
        "Look at the card's power cables and slot, and read the lines with NVRM of `journalctl -k`.",
    ),
    "lost": ("it has fallen off the bus", _POWER_CYCLE),
    "needs_reset": ("it has to be reset", _RESTART),
    "power_cable": ("its power cables are not attached", "Attach them, with the host switched off."),
    "interrupt": ("its interrupts do not arrive", f"{_RESTART} If it stays so, update the firmware of the mainboard."),
    "inforom": ("the memory with its own description is corrupt", "Have the card replaced."),
    "permission": (
        "this user may not open the driver's devices",
        "Put the user into the groups that own /dev/nvidia*, or remove NVreg_DeviceFileMode and NVreg_DeviceFileGID.",
    ),
    "no_uvm": (
        "/dev/nvidia-uvm is missing or no longer works, as after waking up",
        "Stop what uses the GPUs, and run `rmmod nvidia_uvm; modprobe nvidia_uvm; nvidia-modprobe -uc=0`, or restart.",
    ),
    "memory_full": ("its memory is full, so that it could not be tried", "Try again when a model was unloaded."),
    "in_use": (
        "a program has it for itself, so that it could not be tried",
        "Run `nvidia-smi -c 0`, so that programs may share it, or try again when that one has ended.",
    ),
    "no_device": ("CUDA finds no GPU", f"Read the lines with NVRM of `journalctl -k`. {_AGAIN}."),
    "not_listed": ("CUDA does not list it", f"{_RESTART} If it stays so, read the lines with NVRM of `journalctl -k`."),
    "old_driver": ("the driver is too old for this program", f"{_AGAIN}, with a newer nvidia_driver_branch."),
    "no_compiler": (
        "the driver cannot compile a program for it: libnvidia-ptxjitcompiler is missing or of another version",
        f"{_AGAIN}.",
    ),
    "no_image": (
        "a program has no code for this generation of cards",
        "Use a build of the program for CUDA 12, which still has the card's generation.",
    ),
    "ecc": ("its memory has an error that ECC cannot correct", f"{_RESTART} If it comes back, have the card replaced."),
    "launch_failed": ("it stopped while it computed", _POWER_CYCLE),
    "not_ready": (
        "the system is not ready: GPUs on an HGX board need their fabric manager",
        "Install nvidia-fabricmanager in exactly the driver's version, and start it.",
    ),
    "no_compatibility": (
        "a library for forward compatibility is installed, which this card does not allow",
        "Remove the package cuda-compat.",
    ),
    "os_error": ("the operating system refused a call of the driver", "Read the end of `journalctl -k`."),
    "wrong_sum": ("it computes wrong sums", "Have the card replaced, and use it for nothing until then."),
    "time_limit": ("it did not answer within the time limit", _POWER_CYCLE),
    "no_parts": (
        "MIG is on and it is split into no parts, so nothing can use it",
        "Make parts with `nvidia-smi mig -cgi …`, or turn MIG off with `nvidia-smi -mig 0`.",
    ),
    "low_capability": ("its compute capability is lower than what is wanted", "Use another backend or another card."),
    "unknown_error": (
        "the driver says: unknown error",
        f"{_RESTART} If it stays so, read the lines with NVRM of `journalctl -k`.",
    ),
    "unknown": ("it fails in a way that is not known here", "Read the end of `journalctl -k`, and report it."),
}
# A card that is busy was not tried: that it computes is neither proved nor refuted.
BUSY = frozenset({"memory_full", "in_use"})
_RESULTS = {
    2: "memory_full",
    34: "stub_library",
    35: "old_driver",
    46: "in_use",
    100: "no_device",
    101: "no_device",
    200: "no_compiler",
    209: "no_image",
    214: "ecc",
    218: "no_compiler",
    221: "no_compiler",
    222: "old_driver",
    304: "os_error",
    702: "launch_failed",
    719: "launch_failed",
    802: "not_ready",
    803: "mismatch",
    804: "no_compatibility",
    999: "unknown_error",
}
_STATUSES = {
    4: "permission",
    6: "no_device",
    8: "power_cable",
    9: "not_loaded",
    10: "interrupt",
    12: "no_library",
    14: "inforom",
    15: "lost",
    18: "mismatch",
    127: "no_program",
}
_SAID = {
    "GPU is lost": "lost",
    "fallen off the bus": "lost",
    "requires reset": "needs_reset",
    "Reset Required": "needs_reset",
    "Insufficient Permissions": "permission",
    "Unknown Error": "unknown_error",
    "Not Found": "lost",
}
_ADDRESS = r"(?:GPU )?([0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(?:\.[0-7])?)"
_HERE = rf"The NVIDIA GPU {_ADDRESS} \(PCI ID: \S+\) installed in this system "
# What the kernel says, with what begins each message taken off and its lines joined: the last one counts.
_KERNEL = [
    (rf"Xid \(PCI:{_ADDRESS}\): 79, ", "lost"),
    (rf"{_ADDRESS}: GPU has fallen off the bus", "lost"),
    (rf"{_HERE}has fallen off the bus", "lost"),
    (rf"{_HERE}is not supported by open nvidia\.ko", "needs_proprietary"),
    (rf"{_HERE}requires use of the NVIDIA open", "needs_open"),
    (rf"{_HERE}is not supported by the NVIDIA \S+ driver", "too_old"),
    (r"()GPU installed in this system is supported through the NVIDIA \S+ Legacy drivers", "too_new"),
    (rf"{_ADDRESS}: RmInitAdapter failed! \(0x22:0x56:", "bar"),
    (rf"{_ADDRESS}: RmInitAdapter failed! (?!\(0x22:0x56:)", "start_failed"),
    (r"()Loading of module with unavailable key is rejected", "unsigned"),
    (r"()PKCS#7 signature not signed with a trusted key", "unsigned"),
    (r"()(?:Key was rejected by service|Required key not available)", "unsigned"),
]
# That a card does not start follows from what was said of it before.
_FOLLOWS = {"bar", "start_failed"}


@dataclass(frozen=True)
class Reason:
    """Why, with what is known besides."""

    key: str
    detail: str = ""

    @property
    def what(self) -> str:
        """What is the matter, as the end of a sentence."""
        return f"{REASONS[self.key][0]}{f' ({self.detail})' if self.detail else ''}"

    @property
    def cure(self) -> str:
        """What to do."""
        return REASONS[self.key][1]


def of_result(call: str, code: int) -> Reason:
    """Return the reason for a result of the CUDA driver's functions."""
    key = _RESULTS.get(code)
    return Reason(key or "unknown", "" if key else f"{call} returned {code}")


def of_status(status: int, text: str) -> Reason | None:
    """Return the reason why nvidia-smi ended with a status; none where it worked."""
    if status == smi.OK:
        return None
    key = _STATUSES.get(status)
    return Reason(key or "unknown", "" if key else f"nvidia-smi ended with {status} and said {quoted(text)}")


def of_words(text: str) -> Reason:
    """Return the reason for what nvidia-smi says of one card."""
    for words, key in _SAID.items():
        if words in text:
            return Reason(key)
    return Reason("unknown", quoted(text))


def of_kernel(log: str) -> dict[str | None, Reason]:
    """Return the newest reason that the kernel's log has for each address, under None that of no one card."""
    lines = [line.partition("NVRM:")[2] or line for line in log.splitlines()]
    text = " ".join(" ".join(lines).split())
    found: list[tuple[int, str | None, str]] = []
    for pattern, key in _KERNEL:
        found += [(match.start(), bus.normalized(match[1]), key) for match in re.finditer(pattern, text)]
    reasons: dict[str | None, Reason] = {}
    for _, address, key in sorted(found, key=lambda entry: entry[0]):
        if key not in _FOLLOWS or reasons.get(address, Reason(key)).key not in {"needs_open", "lost"}:
            reasons[address] = Reason(key)
    return reasons
