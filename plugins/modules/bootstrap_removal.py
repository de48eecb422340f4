#!/usr/bin/python
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name; nothing of it runs on the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bootstrap_removal
short_description: Take back what brought a host under Ansible's management
version_added: 0.1.0
description:
  - The counterpart of M(hybrid_ai.cluster.bootstrap_host). On macOS it removes the CPython where O(interpreter) says,
    then everywhere the rule that allows C(sudo) without a password, and at last the cluster's SSH key.
  - One script does all of it over the connection that is open. It needs no Python, and goes on when the connection
    breaks.
  - Nobody is locked out. The key stays where the user has no other and no password to log in with, and the rule where
    the user could not use C(sudo) without it; RV(kept) says so.
  - A CPython that M(hybrid_ai.cluster.bootstrap_host) did not unpack stays, and so does the distribution's on Linux.
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
attributes:
  check_mode:
    description: Can run in check mode and predict what would be removed.
    support: full
  diff_mode:
    description: Lists what is removed.
    support: full
options:
  public_key:
    description: The cluster's public key, one line of C(authorized_keys). Where it is empty, no key is removed.
    type: str
    required: true
  interpreter:
    description: Path of the interpreter that Ansible uses on the host.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Remove the access
  hybrid_ai.cluster.bootstrap_removal:
    public_key: "{{ lookup('ansible.builtin.file', '.ssh/id_ed25519.pub') }}"
    interpreter: /opt/hybrid-ai/python/bin/python3
"""

RETURN = r"""
removed:
  description: What was removed, in this order.
  type: list
  elements: str
  returned: always
  sample: [Python, passwordless sudo, cluster key]
kept:
  description: What stays, and why.
  type: list
  elements: str
  returned: always
"""
