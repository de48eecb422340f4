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
  - What cannot be told stops its own setting only, with a warning. What a tool says and nobody knows is never taken for
    a known state. The others go on, and so they do where a change did not take effect, which fails at the end.
  - An option that is not given leaves its setting alone.
  - A setting that this Mac does not have, and boot arguments that its security policy refuses, are warnings.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  # Written by `make generate` from plugins/module_utils/_macos, where it is changed.
  name:
    description: The Mac's ComputerName, LocalHostName and HostName, up to 63 letters, digits and hyphens.
    type: str
  power:
    description: >-
      C(pmset) keys and their values for mains power, and for a UPS where one is connected: minutes, with V(0) for
      never, or 0 and 1. The battery of a laptop keeps its own. A key that this Mac does not have is a warning and is
      never written, because C(pmset) would store it without any effect. C(disablesleep) is refused because it is
      undocumented, C(Sleep On Power Button) because C(pmset) only shows it.
    type: dict
  laptop:
    description: >-
      V(refused) ends with a failure on a Mac with a battery for which C(power) is given, before anything is changed:
      a laptop sleeps when its lid is closed, whatever it is set to. V(allowed) lets it be.
    type: str
    choices: [refused, allowed]
  power_on_battery:
    description: The same for the battery of a laptop. A Mac without a battery is left alone.
    type: dict
  restart_after_power_failure:
    description: >-
      What the Mac does when power comes back: V(after_failure) starts it after a power failure, V(always) whenever
      power is connected, also after a shutdown. V(always) needs macOS 26.5 and a Mac of 2024 or later. Elsewhere
      V(after_failure) is used, with a warning. An older Mac that lists the setting, and is not known to obey it, gets
      both, with a warning.
    type: str
    choices: [never, after_failure, always]
  restart_on_freeze:
    description: Whether the Mac restarts by itself when it has stopped responding.
    type: bool
  time_zone:
    description: Name of the time zone, as listed by C(systemsetup -listtimezones).
    type: str
  network_time_server:
    description: The time server that the clock follows.
    type: str
  network_time:
    description: Whether the clock follows a time server.
    type: bool
  spotlight:
    description: Whether Spotlight indexes the startup volume.
    type: bool
  spotlight_may_index:
    description: >-
      The local volumes that Spotlight may index, by mount point, such as C(/Volumes/Photos). They stay as they are;
      on every other one that is connected, beside the startup volume, indexing is turned off.
    type: list
    elements: str
  time_machine:
    description: Whether Time Machine backs up by itself.
    type: bool
  wifi:
    description: >-
      Whether the Wi-Fi radio is on. A Mac without one counts as one that has it off. Refused where the connection
      runs over Wi-Fi.
    type: bool
  connection_address:
    description: >-
      The address of this Mac that the connection goes to. One that no port has is reached over the default route. If
      unset it is taken from the session, where C(sudo) lets it through. If it cannot be known, Wi-Fi is not switched
      off while it has an address.
    type: str
  automatic_updates:
    description: Whether macOS downloads and installs updates by itself, and restarts for them.
    type: bool
  boot_arguments:
    description: >-
      Single boot arguments to have or not to have; all others stay. A Mac with Apple silicon refuses this at normal
      security, which only a person in Recovery can alter: a warning with what to do, and neither a failure nor a
      change.
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
  server_performance_mode:
    description: >-
      Whether macOS starts in its server performance mode (the boot argument C(serverperfmode=1)). It raises limits of
      the kernel, such as those of processes and network buffers, and nothing else: no clock, no GPU, no memory
      bandwidth, so a model answers no faster. What helps instead are C(system_memory_gigabytes), C(maximum_processes)
      and C(maximum_open_files), which need no Recovery. A Mac with Apple silicon refuses it at normal security, as
      C(boot_arguments): a warning with what to do. Below 24 GB it is a warning too.
    type: bool
  system_memory_gigabytes:
    description: >-
      How many gigabytes of its memory the Mac keeps for the system; the GPU may have the rest, from now on and after
      each boot (C(iogpu.wired_limit_mb)). Refused where it is less than 8 and less than 15 % of the memory, because
      the Mac would freeze. What the inventory says of models is held against it.
    type: int
  maximum_processes:
    description: >-
      How many processes the Mac may run, from now on and after each boot (C(kern.maxproc)). The kernel takes no more
      than it was built for; what it refuses is a failure.
    type: int
  maximum_open_files:
    description: How many files may be open on the Mac, from now on and after each boot (C(kern.maxfiles)).
    type: int
  filevault:
    description: >-
      V(disabled) turns FileVault off and waits until the disk is decrypted. A Mac with FileVault on stops at the
      unlock screen after every restart and power failure. A decryption that is already going on is waited for and
      needs no password. FileVault that is off and will be on by itself, at the next login of a user or after a
      restart, is ended too. V(allowed) leaves FileVault as it is, on or off, and the report says what a restart waits
      for; that needs macOS 26, which takes the FileVault password by ssh.
    type: str
    choices: [disabled, allowed]
  filevault_user:
    description: Short name of a user who may unlock the disk. Needed while FileVault is on.
    type: str
  filevault_password:
    description: That user's password, from a vault. It reaches C(fdesetup) on standard input only.
    type: str
  # End of what `make generate` writes.
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

- name: One clock for the whole cluster
  hybrid_ai.cluster.macos_headless:
    time_zone: Europe/Berlin
    network_time_server: time.apple.com
    network_time: true

- name: A wired worker needs no radio, no search index and no backup
  hybrid_ai.cluster.macos_headless:
    wifi: false
    connection_address: "{{ ansible_host }}"
    spotlight: false
    time_machine: false

- name: Raise the limits of the kernel for a server
  hybrid_ai.cluster.macos_headless:
    boot_arguments:
      present: [serverperfmode=1]
      absent: [-v]

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
  sample: ["power settings, sleep: somebody has changed it since"]
changed_settings:
  description: The settings that were changed, or would be.
  returned: success
  type: list
  elements: str
  sample: [name, power]
unknown_settings:
  description: The settings that are left alone, because their state cannot be told or macOS lets nobody in, and why.
  returned: success
  type: dict
  sample: {"spotlight": "mdutil says \"Error: unknown indexing state.\", so whether Spotlight indexes / is unknown."}
settings:
  description:
    - The value of every setting that is managed, read back. One of several values is a dictionary.
    - That of O(boot_arguments) has C(boot_args), which the next start uses, C(active), which the running system has,
      and the booleans C(restart_needed) and C(needs_recovery).
  returned: success
  type: dict
  sample: {"spotlight": false, "power": {"sleep": 0}}
"""

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import headless
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.settings import OPTIONS
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import run_module


def main() -> None:
    """Run the module."""
    run_module(
        "Preparing a Mac to run without a screen",
        {
            **{option.name: option.argument for option in OPTIONS},
            "record": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "restored"], "default": "present"},
        },
        headless.manage,
    )


if __name__ == "__main__":
    main()
