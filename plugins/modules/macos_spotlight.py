#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_spotlight
short_description: Spotlight indexing of volumes
version_added: 0.1.0
description:
  - Turns indexing of volumes on or off with C(mdutil) and reads it back, because C(mdutil) always exits with 0.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors
options:
  volumes:
    description: Where the volumes are mounted.
    type: list
    elements: str
    default: [/]
  indexing:
    description: Whether the volumes are indexed.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: A server needs no search index
  hybrid_ai.cluster.macos_spotlight:
    indexing: false
"""

RETURN = r"""
indexing:
  description: For each volume, whether it is indexed.
  returned: success
  type: dict
  sample: {"/": false}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _mdutil
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._converge import converge


def run(module: AnsibleModule) -> dict[str, object]:
    """Bring every volume to the wanted state."""
    require_root("Managing Spotlight")
    commands = module_commands(module)
    volumes = module.params["volumes"]
    current = _mdutil.read(commands, volumes)
    wanted = dict.fromkeys(volumes, module.params["indexing"])
    outcome = converge(
        commands,
        current,
        _mdutil.plan(current, wanted),
        wanted,
        lambda: _mdutil.read(commands, volumes),
        check_mode=module.check_mode,
        error=_mdutil.SpotlightError,
    )
    return {"changed": outcome.changed, "diff": outcome.diff, "indexing": outcome.after}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "volumes": {"type": "list", "elements": "str", "default": ["/"]},
            "indexing": {"type": "bool", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**run(module))
    except ClusterError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
