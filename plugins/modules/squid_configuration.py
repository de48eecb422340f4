#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: squid_configuration
short_description: Put a configuration of Squid in place that Squid has accepted
version_added: 0.1.0
description:
  - Writes the file beside the one in use and lets C(squid -k parse) read it. Only what it accepts takes its place.
  - Squid exits with status 0 on patterns it cannot compile and then ignores the line; that is refused as well.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos_and_linux
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  path:
    description: Where the configuration is. Its directory must exist.
    type: path
    required: true
  content:
    description: The configuration.
    type: str
    required: true
  program:
    description: The squid program.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Configure Squid
  hybrid_ai.cluster.squid_configuration:
    path: /opt/hybrid-ai/squid/squid.conf
    content: "{{ lookup('ansible.builtin.template', 'squid.conf.j2') }}"
    program: /usr/sbin/squid
"""

RETURN = r"""
previous:
  description: The configuration before; empty where there was none.
  returned: success
  type: str
"""

import re
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    Commands,
    module_commands,
    require_root,
)

MODE = 0o644
_COMPLAINT = re.compile(
    r"^\d{4}/\d\d/\d\d [\d:]+\|\s*(?:FATAL|ERROR): (.+)$|^\d{4}/.*?\| (.*\bunrecognized: .*)$", re.MULTILINE
)


class SquidError(ClusterError):
    """Squid refuses its configuration."""


def check(commands: Commands, program: str, path: str) -> None:
    """Fail with what Squid says about a configuration that it does not accept as a whole."""
    result = commands.run([program, "-k", "parse", "-f", path])
    said = [first or second for first, second in _COMPLAINT.findall(f"{result.out}\n{result.err}")]
    if result.rc != 0 or said:
        words = "; ".join(dict.fromkeys(said)) or result.text[-300:]
        raise SquidError(
            f"Squid refuses the new configuration, and the one before stays: {words.replace(path, 'the new file')}"
        )


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, check beside, put in place, read back."""
    path, wanted = module.params["path"], module.params["content"].encode()
    before = _files.read(path)
    changed = before != wanted or _files.mode_and_owner(path) != (MODE, 0, 0)
    previous = (before or b"").decode("utf-8", "replace")
    result = {
        "changed": changed,
        "previous": previous,
        "diff": {"before": previous, "after": module.params["content"], "before_header": path, "after_header": path},
    }
    if not changed or module.check_mode:
        return result
    require_root("Configuring Squid")
    candidate = f"{path}.new"
    try:
        _files.write(candidate, wanted, MODE)
        check(module_commands(module), module.params["program"], candidate)
        _files.rename(candidate, path)
    finally:
        _files.remove(candidate)
    if _files.read(path) != wanted:
        raise SquidError(f"{path} does not hold what was written to it; check the disk.")
    return result


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "content": {"type": "str", "required": True},
            "program": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
