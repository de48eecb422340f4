# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether macOS itself trusts an authority: worth knowing, and nothing a run could change."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _system_trust
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Ask the system; either answer is fine, because programs have a bundle."""
    path = arguments.text("path")
    if not _files.exists(path):
        return Measurement(False, f"no certificate at {path}", "either", "Repeat site.yml.")
    if _system_trust.trusted_by_mac(context.commands, path):
        return Measurement(True, "trusted by the system: yes", "either")
    return Measurement(True, f"trusted by the system: no; once by hand or by MDM, with {path}", "either")


KIND = Kind("authority of the cache", measure)
