# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What settings were before the first change of ours, remembered on the host so that it can be taken back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping


class EarlierSettingsError(ClusterError):
    """What is remembered cannot be read."""


class EarlierSettings:
    """One file: by area and setting, what was found before the first change, and what was set last.

    The second tells whether somebody else has changed the setting since.
    """

    def __init__(self, name: str, directory: str = _names.STATE_DIRECTORY) -> None:
        self._directory = directory
        self.path = f"{directory}/{name}.before.json"
        content = _files.read(self.path)
        try:
            self.areas: dict[str, dict[str, dict[str, Any]]] = {} if content is None else json.loads(content)
        except ValueError as error:
            raise EarlierSettingsError(
                f"{self.path} is damaged ({error}): remove it, and nothing is known of the settings before."
            ) from error

    def remember(self, area: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Note what is about to change; what was before the first change stays noted."""
        settings = self.areas.setdefault(area, {})
        for name, value in after.items():
            if name in settings:
                settings[name]["after"] = value
            elif before.get(name) != value:
                settings[name] = {"before": before.get(name), "after": value}

    def save(self) -> None:
        """Write the file, before the first of the changes is made."""
        content = f"{json.dumps(self.areas, indent=1, sort_keys=True)}\n".encode()
        if _files.read(self.path) != content:
            _files.make_directory(self._directory, 0o700)
            _files.write(self.path, content, 0o600)

    def forget(self) -> None:
        """Remove the file."""
        _files.remove(self.path)

    def exists(self) -> bool:
        """Tell whether anything is remembered."""
        return _files.exists(self.path)

    def to_restore(self, area: str, current: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Return the values to set back, and the settings that somebody else has changed since."""
        known = self.areas.get(area, {})
        changed = {name: noted for name, noted in known.items() if current.get(name) != noted["before"]}
        ours = {name: noted["before"] for name, noted in changed.items() if current.get(name) == noted["after"]}
        return ours, sorted(set(changed) - set(ours))
