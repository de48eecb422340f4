#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_boot_args
short_description: Single boot arguments of a Mac
version_added: 0.1.0
description:
  - Sets and removes single arguments in the NVRAM variable C(boot-args). All others stay as they are.
  - A Mac with Apple silicon refuses this at normal security. That is neither a failure nor a change, because nothing
    but a person in Recovery can alter it. The module then warns and returns RV(needs_recovery=true).
  - In check mode the refusal is predicted from C(csrutil status).
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors
options:
  present:
    description: Arguments to have, each with its value, such as V(serverperfmode=1).
    type: list
    elements: str
    default: []
  absent:
    description: Names of arguments to remove, whatever their value.
    type: list
    elements: str
    default: []
  fail_on_refusal:
    description: Whether a refusal by the security policy fails the task.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Raise the limits of the kernel for a server
  hybrid_ai.cluster.macos_boot_args:
    present: [serverperfmode=1]
  register: boot_args

- name: Verbose boot is not wanted any more
  hybrid_ai.cluster.macos_boot_args:
    absent: [-v]
"""

RETURN = r"""
boot_args:
  description: The boot arguments that the next start uses.
  returned: success
  type: list
  elements: str
  sample: [serverperfmode=1]
active:
  description: The boot arguments of the running system.
  returned: success
  type: list
  elements: str
  sample: []
restart_needed:
  description: Whether the wanted arguments are set and take effect with the next start.
  returned: success
  type: bool
  sample: true
needs_recovery:
  description: Whether the change was refused and a person has to permit it in Recovery.
  returned: success
  type: bool
  sample: false
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _nvram
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    Commands,
    module_commands,
    require_root,
)


def run(module: AnsibleModule) -> dict[str, object]:
    """Merge the wanted arguments and say what became of it."""
    require_root("Changing boot arguments")
    commands = module_commands(module)
    before = _nvram.read(commands)
    wanted = _nvram.merge(before, module.params["present"], module.params["absent"])
    after, refusal = apply(commands, before, wanted, check_mode=module.check_mode)
    if refusal is not None:
        if module.params["fail_on_refusal"]:
            raise _nvram.BootArgsError(refusal)
        module.warn(refusal)
    active = commands.run(_nvram.READ_ACTIVE).out.split()
    in_effect = _nvram.is_active(active, module.params["present"], module.params["absent"])
    return {
        "changed": before != after,
        "diff": {"before": {"boot_args": before}, "after": {"boot_args": after}},
        "boot_args": after,
        "active": active,
        "restart_needed": refusal is None and not in_effect,
        "needs_recovery": refusal is not None,
    }


def apply(
    commands: Commands, before: list[str], wanted: list[str], *, check_mode: bool
) -> tuple[list[str], str | None]:
    """Change the variable and return what it holds afterwards, and the reason if that was refused."""
    step = _nvram.plan(before, wanted)
    if step is None:
        return before, None
    if check_mode:
        protected = _nvram.is_protected(commands.run(_nvram.READ_PROTECTION))
        return (before, _nvram.RECOVERY) if protected else (wanted, None)
    result = commands.run(step)
    after = _nvram.read(commands)
    if after == wanted:
        return after, None
    if after == before and (_nvram.is_refusal(result) or not wanted):
        return before, _nvram.RECOVERY
    raise _nvram.BootArgsError(
        f"boot-args are {' '.join(after) or 'not set'} instead of {' '.join(wanted) or 'not set'} after "
        f"`{' '.join(step)}`: {result.text or 'nvram printed nothing'}"
    )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "present": {"type": "list", "elements": "str", "default": []},
            "absent": {"type": "list", "elements": "str", "default": []},
            "fail_on_refusal": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**run(module))
    except ClusterError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
