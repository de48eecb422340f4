# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The packet filter: what the kernel does, what keeps it so, and whether both are as they have to be."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.backend import make_backend
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare rules, tables and what loads them again."""
    wanted = change.wanted_from(arguments.mapping("tables"), arguments.mappings("rules"))
    wrong = change.problems(make_backend(context.live, context.system, wanted))
    expected = f"{len(wanted.rules)} rules and {len(wanted.tables)} tables in effect"
    return Measurement(not wrong, "; ".join(wrong) or expected, expected, "Repeat site.yml with --tags firewall.")


KIND = Kind("packet filter", measure)
