# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a module does around its own work: options in, one result or one sentence out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    Commands,
    module_commands,
    require_root,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Call:
    """What one call wants, and the means to do it."""

    commands: Commands
    options: Mapping[str, Any]
    check_mode: bool
    warn: Callable[[str], None]


def run_module(what: str, argument_spec: dict[str, Any], manage: Callable[[Call], dict[str, Any]]) -> None:
    """Run a module: `manage` returns its result, failed or not, or raises a ClusterError that becomes its sentence."""
    module = AnsibleModule(argument_spec=argument_spec, supports_check_mode=True)
    try:
        require_root(what)
        result = manage(Call(module_commands(module), module.params, module.check_mode, module.warn))
    except ClusterError as error:
        module.fail_json(msg=str(error))
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
