#!/usr/bin/python
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name; nothing of it runs on the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: filevault_unlock
short_description: Unlock a Mac that waits for its FileVault password, by ssh
version_added: 0.1.0
description:
  - From macOS 26 on, a Mac with FileVault and Remote Login answers ssh before its disk is unlocked. It takes a password
    alone, unlocks the disk, ends the connection and starts. Before that nothing else of the Mac runs.
  - The password goes to a Mac that says that it is locked, with a host key that O(enroll) has kept for that, and to
    nobody else. It goes there once, at a terminal of ssh, and is in no argument, environment, file or message.
  - A Mac that runs is left alone, and one that does not answer is unreachable.
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
attributes:
  check_mode:
    description: Looks who is locked, and sends no password and restarts nothing.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
options:
  known_hosts:
    description: File on the machine that runs Ansible with the host keys of locked Macs.
    type: path
    required: true
  user:
    description: Short name of a user who may unlock the disk.
    type: str
  password:
    description: That user's password.
    type: str
  enroll:
    description:
      - Restarts a Mac that runs, and keeps the host key that it waits with, once the same Mac is back.
      - Where that is the key that it always has, the Mac is unlocked by ssh. Where it is another, somebody types the
        password at its screen this once, and no password is sent.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Unlock the Mac, where it waits
  hybrid_ai.cluster.filevault_unlock:
    known_hosts: "{{ inventory_dir }}/.ssh/known_hosts_preboot"
    user: admin
    password: "{{ vault_admin_password }}"
"""

RETURN = r"""
state:
  description: What the Mac is; V(locked) in check mode alone.
  returned: success
  type: str
  sample: unlocked
  choices: [running, locked, unlocked, enrolled]
same_key:
  description: Whether a locked Mac has the host key that it has when it runs.
  returned: with O(enroll)
  type: bool
  sample: true
keys_changed:
  description: Whether the file has other keys of this Mac now.
  returned: with O(enroll)
  type: bool
  sample: true
"""
