#!/usr/bin/python
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, whose sentences are in plugin_utils/_first_contact.py.

Nothing of it runs on the host.
"""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_access
short_description: Look whether a host can be reached and changed
version_added: 0.1.0
description:
  - Reaches the host, tries whether the user who logs in becomes root, and looks at what the host is.
  - What stands in the way ends the task with one sentence for each obstacle, which says what to do.
  - A host of a backend's group whose processor backends have no programs for is refused where the tags of the run
    choose it.
  - A host that cannot be reached is unreachable, with the sentence that belongs to what ssh said.
  - It needs no Python on the host, and changes nothing.
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
attributes:
  check_mode:
    description: Looks in check mode as well.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
options:
  bootstrapping:
    description: Whether this run is the first one, which comes with passwords.
    type: bool
    default: false
  homebrew_roles:
    description:
      - Roles whose programs a Mac gets from Homebrew, and what those are called.
      - A Mac without Homebrew is refused where the tags of the run choose one of them.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Look at the host before anything is changed
  hybrid_ai.cluster.host_access:
    homebrew_roles: {squid: Squid}
"""

RETURN = r"""
obstacles:
  description: One line for each thing that a person has to do first.
  returned: failure
  type: str
  sample: |
    admin may not use sudo; log in as root and run `usermod -aG sudo admin`, or name another ansible_user.
"""
