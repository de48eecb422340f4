#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: service_user_info
short_description: Look whether a service's user is as wanted
version_added: 0.1.0
description:
  - Reads the user, its group and its directories at once, so that nothing else has to be asked where all are right.
  - For a program that needs files of its user before its first start. Else the option
    O(hybrid_ai.cluster.service#module:account) looks at the same.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
  - hybrid_ai.cluster.service_account
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Look at the user of exo
  hybrid_ai.cluster.service_user_info:
    name: _exo
    description: exo
    home: /opt/hybrid-ai/exo
    shell: /usr/bin/false
    directories: [/opt/hybrid-ai/exo]
"""

RETURN = r"""
name:
  description: Whom it looked at.
  returned: always
  type: str
ready:
  description: Whether all of it is as wanted.
  returned: always
  type: bool
missing:
  description: What is not as wanted.
  returned: always
  type: list
  elements: str
  sample: [group, user, /opt/hybrid-ai/exo]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, module_commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import account


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=account.ARGUMENTS, supports_check_mode=True)
    try:
        missing = account.missing(module_commands(module), module.params)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, name=module.params["name"], ready=not missing, missing=missing)


if __name__ == "__main__":
    main()
