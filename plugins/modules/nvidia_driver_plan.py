#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: nvidia_driver_plan
short_description: Find the NVIDIA driver that a host needs, and refuse what cannot work
version_added: 0.1.0
description:
  - Reads which NVIDIA GPUs the PCI bus has, the release of the system, its kernels, Secure Boot, the room in C(/boot),
    and the packages and the module that are there. Returns the driver that serves all the cards, where it comes from,
    and the packages that it consists of.
  - Cards without a driver in common, modules that Secure Boot would not let the kernel load, too little room in
    C(/boot), and whatever else cannot work is one sentence. Nothing is changed.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  branch:
    description: The branch of the driver; the cards decide if unset.
    type: int
  flavour:
    description: The kind of kernel modules; the cards decide if unset.
    type: str
    choices: [open, proprietary]
  version:
    description: A version of that branch; the newest if unset, and once installed it stays.
    type: str
  source:
    description: Where the packages come from; the release, its keyring and Secure Boot decide if unset.
    type: str
    choices: [nvidia, distribution]
  desktop:
    description: Whether the driver has what a screen needs; whether the host has one decides if unset.
    type: bool
  keyrings:
    description: NVIDIA's keyring packages that are trusted, by directory, such as V(ubuntu2404/x86_64).
    type: dict
    default: {}
  initramfs_growth:
    description: Megabytes by which the driver makes the initramfs of a kernel larger.
    type: int
    default: 130
  idle_seconds:
    description: How long to watch whether the services of the host do anything.
    type: int
    default: 5
"""

EXAMPLES = r"""
- name: Find the driver for the cards
  hybrid_ai.cluster.nvidia_driver_plan:
    keyrings: "{{ nvidia_driver_keyrings }}"
  register: driver
"""

RETURN = r"""
cards:
  description: The GPUs on the bus, with C(null) for what is not known of one.
  returned: success
  type: list
  elements: dict
  sample:
    - {address: "0000:01:00.0", device_id: "0x2b85", name: RTX 5090, generation: Blackwell, capability: "12.0"}
plan:
  description: The driver, with options for M(hybrid_ai.cluster.nvidia_driver_packages).
  returned: success
  type: dict
  contains:
    branch: {description: The branch., type: int, sample: 580}
    flavour: {description: The kind of modules., type: str, sample: open}
    source: {description: "V(nvidia), V(ubuntu) or V(debian).", type: str}
    repository: {description: The directory of NVIDIA's repository., type: str, sample: ubuntu2404/x86_64}
    pinning: {description: The package that says which branch its packages are taken from., type: str}
    stale_pinning: {description: Such packages of other branches., type: list}
    prebuilt: {description: Whether the modules come built and signed., type: bool}
    desktop: {description: Whether it has what a screen needs., type: bool}
    packages: {description: What has to be there., type: list}
    remove: {description: What must not stay., type: list}
    hold: {description: Packages of the kernel to hold with it., type: list}
    module_options: {description: The content of a file for modprobe., type: str}
    suspend_services: {description: Whether services keep the memory of the cards over a suspend., type: bool}
    change: {description: Whether packages have to be changed., type: bool}
desktop_plan:
  description:
    - The same with what a screen needs, to be taken where RV(plan) would remove that.
    - V(null) where RV(plan) has it, or must not.
  returned: success
  type: dict
loaded:
  description: The version of the module that is loaded; V(null) where none is.
  returned: success
  type: str
busy:
  description: What the host does that a reboot would end; only measured where a driver has to be exchanged.
  returned: success
  type: list
  elements: str
  sample: [hybrid-ai-llama-cpp.service answers requests]
warnings:
  description: A branch that gets no updates any more.
  returned: where there is one
  type: list
  elements: str
"""

import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import boot_space, busy, packages, plan
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.host import measure
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call, run_module

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import Card


def manage(call: Call) -> dict[str, Any]:
    """Measure and decide."""
    options = call.options
    wishes = plan.Wishes(
        branch=options["branch"],
        flavour=options["flavour"],
        version=options["version"],
        source=options["source"],
        desktop=options["desktop"],
        keyrings=options["keyrings"],
    )
    host = measure(call.commands)
    made = plan.make(host, wishes)
    other = None if made.desktop or wishes.desktop is False else plan.make(host, replace(wishes, desktop=True))
    if other and not other.change:
        # It was taken before, for what is on this host.
        made, other = other, None
    if made.change:
        boot_space.check(host, options["initramfs_growth"])
    if plan.is_over(made.decision.branch, time.strftime("%Y-%m", time.gmtime())):
        call.warn(f"Branch {made.decision.branch} of NVIDIA's driver gets no security updates any more.")
    return {
        "changed": False,
        "cards": [_card(card) for card in host.cards],
        "plan": made.as_dict(),
        "desktop_plan": other.as_dict() if other else None,
        "loaded": host.loaded.version if host.loaded else None,
        "busy": busy.reasons(options["idle_seconds"]) if made.change and host.loaded else [],
    }


def _card(card: Card) -> dict[str, Any]:
    return {**asdict(card), "capability": ".".join(map(str, card.capability)) if card.capability else None}


def main() -> None:
    """Run the module."""
    run_module(
        "Choosing a driver",
        {
            "branch": {"type": "int"},
            "flavour": {"type": "str", "choices": ["open", "proprietary"]},
            "version": {"type": "str"},
            "source": {"type": "str", "choices": [packages.NVIDIA, "distribution"]},
            "desktop": {"type": "bool"},
            "keyrings": {"type": "dict", "default": {}},
            "initramfs_growth": {"type": "int", "default": 130},
            "idle_seconds": {"type": "int", "default": 5},
        },
        manage,
    )


if __name__ == "__main__":
    main()
