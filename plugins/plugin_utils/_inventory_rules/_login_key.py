# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about a key of the operator's own, which bootstrap authorizes instead of making one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._ssh_key import public_half

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

_KEY = "bootstrap_private_key_file"
_LOGIN = "ansible_ssh_private_key_file"
_PASSPHRASE = "ansible_ssh_private_key_passphrase"  # noqa: S105 - the name of a variable


def login_key(inventory: Inventory) -> Iterator[Problem]:
    """Check that the key is one that a run can log in with, and that it is the one that Ansible logs in with."""
    # The hosts of an inventory share a key, and each look at it starts a program.
    fault = cache(_fault)
    for host in inventory.hosts.values():
        written, login = host.get(_KEY), host.get(_LOGIN)
        if not written:
            continue
        wrong = fault(Path(written), may_ask=_PASSPHRASE not in host.names)
        if wrong:
            yield Problem(host.name, f"{_KEY} is {written}, which {wrong}")
        elif login and Path(login).expanduser() != Path(written).expanduser():
            yield Problem(
                host.name,
                (
                    f'{_LOGIN} is {login}, but bootstrap authorizes {_KEY} {written}; write "{{{{ {_KEY} }}}}" for '
                    f"{_LOGIN}."
                ),
            )


def _fault(file: Path, *, may_ask: bool) -> str | None:
    try:
        public_half(file, may_ask=may_ask)
    except ClusterError as error:
        return str(error)
    return None
