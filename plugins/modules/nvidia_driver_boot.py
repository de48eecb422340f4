#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: nvidia_driver_boot
short_description: Load NVIDIA's module, or say that the host has to reboot for it, and whether it can
version_added: 0.1.0
description:
  - Sees that the kernel that boots next has the module of the driver, and an initramfs that is whole and no older than
    the module and its options; has both made where they are missing. A host where that fails must not be rebooted; the
    module fails and says so.
  - Loads the module where nothing else has the cards. Where nouveau has them, or another version is loaded, it returns
    why the host has to reboot, and what it is doing meanwhile.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
attributes:
  diff_mode:
    support: none
options:
  branch:
    description: The branch that the module has to be of.
    type: int
    required: true
  flavour:
    description: Its kind.
    type: str
    choices: [open, proprietary]
    required: true
  prebuilt:
    description: Whether it came built and signed; then what DKMS built for the same kernel is removed.
    type: bool
    default: false
  idle_seconds:
    description: How long to watch whether the services of the host do anything.
    type: int
    default: 5
"""

EXAMPLES = r"""
- name: Load the driver
  hybrid_ai.cluster.nvidia_driver_boot:
    branch: 580
    flavour: open
  register: driver_boot
"""

RETURN = r"""
kernel:
  description: The kernel that boots next.
  returned: success
  type: str
version:
  description: The version of the driver's module.
  returned: success
  type: str
reboot:
  description: Why the host has to reboot; empty where the driver is in use.
  returned: success
  type: list
  elements: str
  sample: [nouveau has the card]
busy:
  description: What a reboot would end; only measured where one is needed.
  returned: success
  type: list
  elements: str
removed:
  description: Modules that DKMS had built and that were removed.
  returned: success
  type: list
  elements: str
"""

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import bus, busy, next_boot
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.branches import DriverError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import read_cards
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.loaded import loaded_module
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call, run_module

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

MODULES = ("nvidia", "nvidia_uvm")
"""CUDA needs the second; a program without root's rights cannot load it."""


def manage(call: Call) -> dict[str, Any]:
    """Prepare the next boot, and load."""
    commands, options = call.commands, call.options
    running = commands.check_output(["uname", "-r"]).strip()
    found, changed, removed = _prepared(call)
    cards = read_cards()
    running_module = found.module if running == found.kernel else next_boot.module_of(commands, running)
    reasons = next_boot.reasons(found, running, running_module, cards, bus.holders(cards))
    if not reasons and loaded_module() is None:
        changed = True
        if not call.check_mode:
            _load(commands)
    return {
        "changed": changed,
        "kernel": found.kernel,
        "version": found.module.version if found.module else None,
        "reboot": reasons,
        "busy": busy.reasons(options["idle_seconds"]) if reasons else [],
        "removed": removed,
    }


def _prepared(call: Call) -> tuple[next_boot.Next, bool, list[str]]:
    """Return what boots next, whether something was done for it, and what was removed."""
    commands, options = call.commands, call.options
    found, changed = next_boot.read(commands), False
    removed: list[str] = []
    if not call.check_mode:
        if options["prebuilt"]:
            removed = next_boot.remove_built(commands, found.kernel)
        elif not next_boot.is_right(found.module, options["branch"], options["flavour"]):
            next_boot.build(commands, found.kernel)
            changed = True
        if removed or changed:
            found = next_boot.read(commands)
        # An earlier play of the same run would have brought it.
        next_boot.require(found, options["branch"], options["flavour"], prebuilt=options["prebuilt"])
    if next_boot.stale(found):
        changed = True
        if not call.check_mode:
            next_boot.write(commands, found)
    return found, changed or bool(removed), removed


def _load(commands: Commands) -> None:
    for name in MODULES:
        answer = commands.run(["modprobe", name])
        if answer.rc != 0:
            raise DriverError(f"The module {name} does not load: {_advice(answer.text)}")


def _advice(said: str) -> str:
    """Say what can be done, for what is known."""
    if "Key was rejected" in said or "Required key not available" in said:
        return (
            "Secure Boot refuses it, because nobody whom the firmware trusts has signed it: turn Secure Boot off in"
            " the firmware, or enroll the key that DKMS signed it with, with `sudo mokutil --import`."
        )
    if "No such device" in said:
        return "it finds no card that it can drive: see `sudo dmesg | grep NVRM`, which names each and says why."
    return f"{said}."


def main() -> None:
    """Run the module."""
    run_module(
        "Loading a driver",
        {
            "branch": {"type": "int", "required": True},
            "flavour": {"type": "str", "choices": ["open", "proprietary"], "required": True},
            "prebuilt": {"type": "bool", "default": False},
            "idle_seconds": {"type": "int", "default": 5},
        },
        manage,
    )


if __name__ == "__main__":
    main()
