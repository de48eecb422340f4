#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: gateway_key
short_description: Have a key of the gateway with a secret that is kept elsewhere
version_added: 0.1.0
description:
  - Makes a key of the gateway, or gives the one of this name another secret, which ends the one before at once. What it
    may do stays.
  - The gateway keeps a hash of it, and knows it with the next request.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
options:
  command:
    description: The command for keys that the role C(gateway) installs. In check mode it may not be there yet.
    type: path
    required: true
  name:
    description: The name of the key.
    type: str
    required: true
  secret:
    description:
      - The secret, 32 or more letters and digits. It is handed over on standard input and never shown.
      - In check mode a text with spaces stands for one that the first run makes.
    type: str
    required: true
  administrator:
    description:
      - Whether the key is an administrator's, which wakes hosts and makes keys of clients, and asks no model.
      - A key does not change its kind.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Make the first key
  hybrid_ai.cluster.gateway_key:
    command: /opt/hybrid-ai/bin/gateway-keys
    name: cluster
    secret: "{{ lookup('hybrid_ai.cluster.secret', cluster_secrets_directory ~ '/gateway_key', length=43) }}"
"""

RETURN = r"""
"""

import json
from pathlib import Path
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call, run_module

_NOT_UNDERSTOOD = 2


class GatewayKeyError(ClusterError):
    """The key is not as wanted."""


def adopt(call: Call, *, dry_run: bool) -> bool:
    """Return whether the key had another secret; it has this one now, unless nothing is to be done."""
    options = call.options
    kind = ["--administrator"] if options["administrator"] else []
    argv = [options["command"], "adopt", options["name"], *kind, *(["--dry-run"] if dry_run else [])]
    result = call.commands.run(argv, stdin=options["secret"])
    if result.rc == _NOT_UNDERSTOOD and call.check_mode:
        return True  # an older command, which the run would replace before
    if result.rc != 0:
        raise GatewayKeyError(f"The key {options['name']} of the gateway could not be made: {result.text}")
    try:
        return bool(json.loads(result.out)["changed"])
    except (ValueError, KeyError, TypeError):
        raise GatewayKeyError(
            f"{options['command']} is not the command for keys of this gateway: it answered {result.text!r}. Run "
            "site.yml with --tags gateway."
        ) from None


def manage(call: Call) -> dict[str, Any]:
    """Read, write, read back."""
    if call.check_mode and (not Path(call.options["command"]).exists() or " " in call.options["secret"]):
        return {"changed": True}
    changed = adopt(call, dry_run=True)
    if changed and not call.check_mode:
        adopt(call, dry_run=False)
        if adopt(call, dry_run=True):
            raise GatewayKeyError(
                f"The key {call.options['name']} of the gateway has another secret although it was given this one; see "
                "whether something else writes the file of keys."
            )
    return {"changed": changed}


def main() -> None:
    """Run the module."""
    run_module(
        "Managing keys of the gateway",
        {
            "command": {"type": "path", "required": True},
            "name": {"type": "str", "required": True},
            "secret": {"type": "str", "required": True, "no_log": True},
            "administrator": {"type": "bool", "default": False},
        },
        manage,
    )


if __name__ == "__main__":
    main()
