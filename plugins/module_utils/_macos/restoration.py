# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Settings of a Mac from before the first change: remembered, and set back where nobody has changed them since."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._earlier_settings import EarlierSettings
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Change
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.settings import BY_NAME, SETTINGS
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnmanagedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Setting
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

RESTORABLE = [setting for setting in SETTINGS if setting.restorable]


@dataclass
class Result:
    """What came of one setting."""

    change: Change | None = None
    kept: list[str] = field(default_factory=list)
    failure: str = ""


def remember(record: str, changes: Mapping[str, Change]) -> None:
    """Remember what is about to change."""
    earlier = EarlierSettings(record)
    for name, change in changes.items():
        if BY_NAME[name].restorable:
            differing = {key: value for key, value in change.after.items() if change.before.get(key) != value}
            earlier.remember(name, change.before, differing)
    earlier.save()


def restore(call: Call, record: str | None) -> dict[str, Any]:
    """Set back what is remembered; what cannot be told or changed stops its own setting only."""
    if not record:
        raise ClusterError("Give record, the name under which the settings from before are remembered.")
    earlier = EarlierSettings(record)
    known = [setting for setting in RESTORABLE if setting.name in earlier.areas]
    results = {setting.name: _restore(call, earlier, setting) for setting in known}
    failures = [result.failure for result in results.values() if result.failure]
    if not call.check_mode and not failures:
        earlier.forget()
    unknown = [setting.title for setting in RESTORABLE if setting not in known]
    changes = {name: result.change for name, result in results.items() if result.change and result.change.due}
    return {
        "changed": bool(changes),
        "changed_settings": list(changes),
        "kept": [
            *(sentence for result in results.values() for sentence in result.kept),
            *([f"{', '.join(unknown)}: no change is remembered"] if unknown else []),
        ],
        "diff": {
            "before": {name: change.before for name, change in changes.items()},
            "after": {name: change.after for name, change in changes.items()},
        },
        **({"failed": True, "msg": " ".join(failures)} if failures else {}),
    }


def _restore(call: Call, earlier: EarlierSettings, setting: Setting) -> Result:
    try:
        current = setting.read(call.commands)
        shown = {key: setting.value(current, key) for key in earlier.areas[setting.name]}
        wanted, changed = earlier.to_restore(setting.name, shown)
        before = {key: shown[key] for key in wanted}
        change = Change(before, wanted, setting.commands(current, wanted) if wanted else [])
        if change.due and not call.check_mode:
            change = setting.apply(call, change)
    except UnmanagedError as error:
        return Result(kept=[f"{setting.title}: {error}"])
    except ClusterError as error:
        return Result(failure=str(error))
    return Result(change, [f"{setting.title}, {key}: {_why_kept(setting, shown[key])}" for key in changed])


def _why_kept(setting: Setting, value: Any) -> str:
    return setting.absent if setting.absent and value is None else "somebody has changed it since"
