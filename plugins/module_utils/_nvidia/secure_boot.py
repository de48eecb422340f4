# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether Secure Boot refuses modules that nobody signed, and whether this machine's own key is enrolled.

Texts of mokutil 0.6.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import Unknown

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

FIRMWARE = "/sys/firmware/efi"
VARIABLE = f"{FIRMWARE}/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
KEYS = {"ubuntu": "/var/lib/shim-signed/mok/MOK.der", "debian": "/var/lib/dkms/mok.pub"}
"""The key that DKMS signs with on each distribution."""
_NOT_ENFORCED = ("Platform is in Setup Mode", "SecureBoot validation is disabled in shim")


def read(commands: Commands) -> bool | Unknown:
    """Tell whether Secure Boot is on, or what was said instead."""
    try:
        answer = commands.run(["mokutil", "--sb-state"])
    except CommandError:
        return _from_firmware()
    return parse(answer.out, answer.err)


def parse(out: str, err: str) -> bool | Unknown:
    """Read what mokutil says."""
    if "EFI variables are not supported on this system" in err:
        return False
    if any(words in out for words in _NOT_ENFORCED) or "SecureBoot disabled" in out:
        return False
    return True if "SecureBoot enabled" in out else Unknown.of(f"{out} {err}")


def _from_firmware() -> bool | Unknown:
    """Read the firmware's own variable: four bytes of attributes and one of state."""
    if not _files.exists(FIRMWARE):
        return False
    content = _files.read(VARIABLE)
    if content is None:
        return False
    return content[4] == 1 if len(content) == 5 else Unknown.of(content.hex())


def key_enrolled(commands: Commands, distribution: str) -> bool:
    """Tell whether the firmware trusts what DKMS signs on this machine."""
    key = KEYS.get(distribution)
    if key is None or not _files.exists(key):
        return False
    try:
        # Its exit status is 1 for a key that is enrolled.
        return "is already enrolled" in commands.run(["mokutil", "--test-key", key]).out
    except CommandError:
        return False


def console_steps(distribution: str) -> str:
    """Say what only a person at the machine's console can do."""
    key = KEYS[distribution]
    make = "sudo update-secureboot-policy --new-key" if distribution == "ubuntu" else "sudo dkms generate_mok"
    return (
        "Either turn Secure Boot off in the firmware's settings, or enroll the key of this machine: install dkms and"
        f" mokutil, run `{make}` unless {key} is there, run `sudo mokutil --import {key}` and think of a password,"
        " reboot, and at the blue screen choose Enroll MOK, Continue, Yes, and type that password. Then run this again."
    )
