# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What feeds a Mac just now: mains power, its battery or a UPS."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.power import PMSET
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.power_source_text import (
    MAINS,
    UNKNOWN,
    parse_supply,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

READ = [PMSET, "-g", "batt"]
ADVICE = (
    "Mains power is gone, or its plug is out: until it is back the Mac lives on what is stored, and then stops without "
    "a shutdown."
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Say what feeds the Mac; anything but mains power is wrong where `mains` says that it is to be that."""
    mains = arguments.switch("mains", default=True)
    result = context.commands.run(READ)
    supply = parse_supply(result.out) if result.rc == 0 else None
    if supply is None or supply.source == UNKNOWN:
        raise UnknownStateError("pmset", result.text, "what feeds this Mac")
    return Measurement(supply.source == MAINS or not mains, str(supply), "mains power" if mains else "any", ADVICE)


KIND = Kind("power source", measure)
