# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where a person reads what a service of ours said last."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names


def where(name: str, *, is_macos: bool) -> str:
    """Return the advice to read the log of a service: one that is there and says something."""
    if not is_macos:
        return journal(_names.systemd_unit(name))
    logs = [path for path in (_names.service_log(name), _names.launchd_log(name)) if _files.tail(path, 1)]
    return f"Read {logs[0]}." if logs else job(_names.launchd_label(name))


def journal(unit: str) -> str:
    """Return the advice to read what systemd keeps of a unit."""
    return f"Read `journalctl -u {unit}`."


def job(label: str) -> str:
    """Return the advice to ask launchd, which keeps the status that a job ended with."""
    return f"Ask `launchctl print system/{label}`."
