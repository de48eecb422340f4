# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Has the collection imported by Ansible from the start.

A test that runs the command within its own process hands the imports to Ansible, which refuses a collection that
another test has imported as plain modules before.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

# What hosts run is tried on Pythons that no controller has.
with contextlib.suppress(ImportError):
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader([str(Path(__file__).parents[2] / "collections")])
