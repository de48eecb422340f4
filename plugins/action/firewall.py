# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Load rules of the packet filter, and keep them once a new connection has come through.

Documented in plugins/modules/firewall.py.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._kept_change import KeptChange


class ActionModule(KeptChange):
    """The rules that are confirmed have to be those that were loaded."""

    SUBJECT = "rules"

    def confirmation(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the same rules."""
        return {**{key: value for key, value in arguments.items() if key != "undo_after"}, "confirm": True}
