# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Bringing the settings of a Mac to their values: all of them are read before any of them is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import restoration
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Change, result_of
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.settings import BY_NAME, SETTINGS
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnmanagedError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Setting
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

Found = Union[Change, ClusterError]


def manage(call: Call) -> dict[str, Any]:
    """Bring every setting that the options ask for to its value, or back to what it was before."""
    record = call.options["record"]
    if call.options["state"] == "restored":
        return restoration.restore(call, record)
    managed = [setting for setting in SETTINGS if setting.is_managed(call.options.get(setting.name))]
    # A mistake in one, such as a missing password, leaves all as they are; what cannot be told, that one only.
    found = {setting.name: _plan(setting, call) for setting in managed}
    if not call.check_mode:
        due = {name: change for name, change in found.items() if isinstance(change, Change) and change.due}
        if record and due:
            restoration.remember(record, due)
        found.update((name, _apply(BY_NAME[name], call, change)) for name, change in due.items())
    unknown = {name: str(error) for name, error in found.items() if isinstance(error, UnmanagedError)}
    for name, reason in unknown.items():
        call.warn(f"{name} is unmanaged: {reason}")
    failed = [str(error) for name, error in found.items() if isinstance(error, ClusterError) and name not in unknown]
    failure = {"failed": True, "msg": " ".join(failed)} if failed else {}
    return {**_summary(found), "unknown_settings": unknown, **failure}


def _plan(setting: Setting, call: Call) -> Found:
    try:
        return setting.plan(call)
    except UnmanagedError as error:
        return error
    except CommandError as error:
        # A program that reads is missing, or comes to no end.
        return UnmanagedError(str(error))


def _apply(setting: Setting, call: Call, change: Change) -> Found:
    try:
        return setting.apply(call, change)
    except ClusterError as error:
        return error


def _summary(found: dict[str, Found]) -> dict[str, Any]:
    changes = {name: change for name, change in found.items() if isinstance(change, Change)}
    changed = [name for name, change in changes.items() if change.changed]
    return {
        "changed": bool(changed),
        "changed_settings": changed,
        "diff": {
            "before": {name: changes[name].before for name in changed},
            "after": {name: changes[name].after for name in changed},
        },
        "settings": {name: result_of(BY_NAME[name], change) for name, change in changes.items()},
    }
