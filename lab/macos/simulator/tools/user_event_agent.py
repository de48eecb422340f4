# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``UserEventAgent``: of it, what SCMonitor does when somebody logs in at the screen.

A built-in Thunderbolt port that is in no bridge and has no service in any location is put into macOS's own bridge,
which is made where there is none; a bridge without a service gets one.
"""

from __future__ import annotations

from ..network import bridge
from ..network.apply import apply
from ..network.ports import hardware_ports
from ..network.preferences import Edit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/libexec/UserEventAgent",)


def main(context: Context) -> int:
    """Look once, as at a login."""
    with Edit(context) as preferences:
        if preferences.gather(None, hardware_ports(context.profile, preferences)):
            preferences.populate(preferences.current, hardware_ports(context.profile, preferences))
            bridge.restore(context, preferences)
    apply(context)
    return 0
