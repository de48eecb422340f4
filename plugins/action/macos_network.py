# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Change the network of a Mac, and keep the change once a new connection has come through.

Documented in plugins/modules/macos_network.py.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._kept_change import KeptChange


class ActionModule(KeptChange):
    """What waits to be taken back is known to the host."""

    SUBJECT = "network settings"

    def confirmation(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what does nothing but confirm, and forget what was set back."""
        return {"confirm": True, **{name: arguments[name] for name in ("record", "state") if name in arguments}}
