# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether macOS downloads and installs updates by itself."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.preferences import PreferenceSwitch
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Option

SETTING = PreferenceSwitch(
    Option(
        "automatic_updates",
        "bool",
        "Whether macOS downloads and installs updates by itself, and restarts for them.",
        default=False,
    ),
    title="automatic updates",
    domain="/Library/Preferences/com.apple.SoftwareUpdate",
    keys=("AutomaticDownload", "AutomaticallyInstallMacOSUpdates"),
)
