#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: linux_resolver
short_description: Which name servers a Linux host asks
version_added: 0.1.0
description:
  - Finds out who decides about name servers, systemd-resolved or C(/etc/resolv.conf), and writes them there.
  - Where another program writes C(/etc/resolv.conf), nothing is changed and the module fails with its name.
  - Names that could be resolved before must be resolved after it, else everything is as it was before.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.linux
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  servers:
    description: Name servers in the order they are asked, three at most. Required with O(state=present).
    type: list
    elements: str
    default: []
  search:
    description: Domains that are tried for a short name.
    type: list
    elements: str
    default: []
  probes:
    description: Names to try. Those that resolve before must resolve after.
    type: list
    elements: str
    default: []
  state:
    description: V(absent) brings back what was before the first change, and does nothing where there was none.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Ask the management node, and the router where that is dead
  hybrid_ai.cluster.linux_resolver:
    servers: [10.66.1.10, 10.66.1.1]
    search: [olab]
    probes: [www.debian.org]
"""

RETURN = r"""
ruler:
  description: Who decides about name servers here. Nobody is asked where there is nothing to bring back.
  type: str
  returned: success
  sample: systemd-resolved
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _linux_resolver
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import ports


def wanted_from(options: dict[str, Any]) -> _linux_resolver.Wanted | None:
    """Check the options."""
    if options["state"] == "absent":
        return None
    servers = options["servers"]
    wrong = [server for server in servers if not ports.is_address(server)]
    if not servers or wrong:
        raise _linux_resolver.ResolverError(
            f"{', '.join(wrong) or 'An empty list'} is not a valid name server; write an address such as 10.66.1.10."
        )
    if len(servers) > _linux_resolver.MOST_SERVERS:
        raise _linux_resolver.ResolverError(
            f"{len(servers)} name servers are too many: Linux asks the first {_linux_resolver.MOST_SERVERS} only."
        )
    return _linux_resolver.Wanted(tuple(servers), tuple(options["search"]))


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read, plan, apply, try, and take back what does not work."""
    wanted = wanted_from(module.params)
    if wanted is None and not _linux_resolver.is_ours():
        return {"changed": False, "ruler": None, "diff": []}
    require_root("Setting name servers")
    ruler = _linux_resolver.find_ruler(module_commands(module))
    changes = [change for change in ruler.plan(wanted) if change.needed]
    result = {
        "changed": bool(changes),
        "ruler": ruler.name,
        "diff": [
            {
                "before_header": change.path,
                "after_header": change.path,
                "before": change.before or "",
                "after": change.after or "",
            }
            for change in changes
        ],
    }
    if module.check_mode or not changes:
        return result
    known = [name for name in module.params["probes"] if _linux_resolver.resolves(name)]
    _linux_resolver.write(changes)
    ruler.reload()
    lost = [name for name in known if not _linux_resolver.resolves(name)]
    if lost:
        _linux_resolver.write(_linux_resolver.undone(changes))
        ruler.reload()
        raise _linux_resolver.ResolverError(
            f"With the name servers {', '.join(module.params['servers'])} this host no longer knows {', '.join(lost)};"
            " the ones before are back in place. Check that the servers can be reached from here."
        )
    return result


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "servers": {"type": "list", "elements": "str", "default": []},
            "search": {"type": "list", "elements": "str", "default": []},
            "probes": {"type": "list", "elements": "str", "default": []},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
