# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the site that can be run alone, and that are together all of it."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry


def parts(count: int) -> list[str]:
    """Return the tags of each part: capabilities that no other needs, each with all that it needs itself."""
    known = registry()
    needed = {before for one in known.capabilities.values() for before in one.after}
    found: list[set[str]] = [set() for _ in range(count)]
    for name in sorted(set(known.capabilities) - needed, key=lambda name: (-len(known.with_needed(name)), name)):
        min(found, key=len).update(known.with_needed(name))
    return [",".join(sorted(part)) for part in found]
