#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_headless
short_description: All that a Mac needs to run, and to come back, without a screen
version_added: 0.1.0
description:
  - Names, power, restarts, clock, Spotlight, Time Machine, Wi-Fi, updates, boot arguments and FileVault, in one call.
  - All of them are read before any is changed, so a mistake in one leaves all as they are; what was changed is read
    back. FileVault comes last, because decrypting may take half an hour.
  - What cannot be told stops its own area only, with a warning. What a tool says and nobody knows is never taken for a
    known state. The others go on, and so they do where a change did not take effect, which fails at the end.
  - An option that is not given leaves its setting alone.
  - A setting that this Mac does not have, and boot arguments that its security policy refuses, are warnings.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  name:
    description: The Mac's ComputerName, LocalHostName and HostName, up to 63 letters, digits and hyphens.
    type: str
  power:
    description: Names and values as C(pmset) knows them, see M(hybrid_ai.cluster.macos_power).
    type: dict
  restart_after_power_failure:
    description: What the Mac does when power comes back, see M(hybrid_ai.cluster.macos_power).
    type: str
    choices: [never, after_failure, always]
  restart_on_freeze:
    description: Whether the Mac restarts by itself when it has stopped responding.
    type: bool
  network_time:
    description: Whether the clock follows a time server.
    type: bool
  spotlight:
    description: Whether Spotlight indexes the startup volume.
    type: bool
  time_machine:
    description: Whether Time Machine backs up by itself.
    type: bool
  wifi:
    description: Whether the Wi-Fi radio is on. Refused where the connection runs over Wi-Fi.
    type: bool
  connection_address:
    description: The address of this Mac that the connection goes to, see M(hybrid_ai.cluster.macos_wifi).
    type: str
  automatic_updates:
    description: Whether macOS downloads and installs updates by itself.
    type: bool
  boot_arguments:
    description: Single boot arguments, see M(hybrid_ai.cluster.macos_boot_args).
    type: dict
    suboptions:
      present:
        description: Arguments to have, as V(name) or V(name=value).
        type: list
        elements: str
      absent:
        description: Names of arguments not to have.
        type: list
        elements: str
  filevault:
    description: V(disabled) turns FileVault off and waits until the disk is decrypted.
    type: str
    choices: [disabled]
  filevault_user:
    description: Short name of a user who may unlock the disk. Needed while FileVault is on.
    type: str
  filevault_password:
    description: Password of O(filevault_user); it reaches C(fdesetup) on standard input only.
    type: str
  record:
    description:
      - A name under which the Mac remembers what the settings were before the first change, for O(state=restored).
        Unset, nothing is remembered.
    type: str
  state:
    description:
      - V(restored) sets back what is remembered under O(record), where it still is as this module left it, and forgets
        it. The other options do not count then.
      - Power, restarts, the clock, Spotlight, Time Machine and updates are set back. The names of the Mac, Wi-Fi, boot
        arguments and FileVault stay as they are, and so does what somebody has changed since, see RV(kept).
    type: str
    choices: [present, restored]
    default: present
seealso:
  - module: hybrid_ai.cluster.macos_power
  - module: hybrid_ai.cluster.macos_system_setup
  - module: hybrid_ai.cluster.macos_spotlight
  - module: hybrid_ai.cluster.macos_time_machine
  - module: hybrid_ai.cluster.macos_wifi
  - module: hybrid_ai.cluster.macos_boot_args
  - module: hybrid_ai.cluster.macos_filevault
"""

EXAMPLES = r"""
- name: Never sleep, start when power comes back, and wait for nobody
  hybrid_ai.cluster.macos_headless:
    name: "{{ inventory_hostname }}"
    power: {sleep: 0, displaysleep: 0, disksleep: 0, womp: 1}
    restart_after_power_failure: after_failure
    restart_on_freeze: true
    automatic_updates: false
    filevault: disabled
    filevault_user: admin
    filevault_password: "{{ vault_admin_password }}"

- name: Let the Mac sleep and update itself again, where it did before
  hybrid_ai.cluster.macos_headless:
    record: macos_headless
    state: restored
"""

RETURN = r"""
kept:
  description: What of the remembered settings O(state=restored) left as it is, and why.
  returned: with O(state=restored)
  type: list
  elements: str
  sample: ["power sleep: somebody has changed it since"]
changed_areas:
  description: The areas that were changed, or would be.
  returned: success
  type: list
  elements: str
  sample: [name, power]
unknown_areas:
  description: The areas that are left alone, because their state cannot be told or macOS lets nobody in, and why.
  returned: success
  type: dict
  sample: {"spotlight": "mdutil says \"Error: unknown indexing state.\", so whether Spotlight indexes / is unknown."}
areas:
  description: Of every area that is managed, what the module for it alone returns.
  returned: success
  type: dict
  sample: {"spotlight": {"indexing": {"/": false}}, "time_machine": {"automatic": false}}
"""

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import headless
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._serve import serve


def main() -> None:
    """Run the module."""
    arguments = {"type": "list", "elements": "str"}
    serve(
        "Preparing a Mac to run without a screen",
        {
            "name": {"type": "str"},
            "power": {"type": "dict"},
            "restart_after_power_failure": {"type": "str", "choices": ["never", "after_failure", "always"]},
            "restart_on_freeze": {"type": "bool"},
            "network_time": {"type": "bool"},
            "spotlight": {"type": "bool"},
            "time_machine": {"type": "bool"},
            "wifi": {"type": "bool"},
            "connection_address": {"type": "str"},
            "automatic_updates": {"type": "bool"},
            "boot_arguments": {"type": "dict", "options": {"present": arguments, "absent": arguments}},
            "filevault": {"type": "str", "choices": ["disabled"]},
            "filevault_user": {"type": "str"},
            "filevault_password": {"type": "str", "no_log": True},
            "record": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "restored"], "default": "present"},
        },
        headless.manage,
    )


if __name__ == "__main__":
    main()
