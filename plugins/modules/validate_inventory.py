# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

# The documentation of the action plugin of this name, which never sends a module to a host.

DOCUMENTATION = r"""
module: validate_inventory
short_description: Check the whole inventory before any host is touched
version_added: 0.1.0
description:
  - Runs on the controller, contacts no host and gathers no facts.
  - Looks at every host of the inventory, also under C(--limit), and at the tags of the run.
  - Moves the folders C(secrets) and C(ssh) beside an inventory to C(.secrets) and C(.ssh), where Ansible reads no host,
    unless a variable still names them. Hosts that Ansible read out of such a folder are refused without their names.
  - Fails with one sentence for each mistake, which names the host and the variable and says what to write.
attributes:
  check_mode:
    support: full
    description: Says what would be moved.
  diff_mode:
    support: none
    description: Shows nothing of secrets.
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Check the inventory
  hybrid_ai.cluster.validate_inventory:
"""

RETURN = r"""
mistakes:
  description: One line for each mistake.
  returned: failure
  type: str
  sample: |
    olab2: ansible_host 10.66.1.11 is also the address of olab1; write an address of its own for this host.
"""
