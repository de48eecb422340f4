# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Over which interface of a Mac an answer comes in, told by the counters of the interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    ReportError,
)

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

COUNTERS = ["/usr/sbin/netstat", "-ibn"]
FETCH_SECONDS = 10.0


def parse_counters(text: str) -> tuple[dict[str, str], dict[str, int]]:
    """Return the interface of each address, and the bytes each interface has received.

    The columns before the counters may be empty or run into each other, those after are always seven.
    """
    devices: dict[str, str] = {}
    received: dict[str, int] = {}
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) < 9:
            continue
        if any(word.startswith("<Link#") for word in words):
            received[words[0].rstrip("*")] = int(words[-5])
        else:
            devices[words[-8]] = words[0].rstrip("*")
    return devices, received


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Fetch a page and see that as many bytes came in where `address` is; `other` is shown for comparison."""
    url, address, other = arguments.text("url"), arguments.text("address"), arguments.optional_text("other")
    arguments.optional_text("name")
    devices, before = _read(context.live)
    device = devices.get(address)
    if device is None:
        raise ReportError(f"no interface has the address {address}.")
    size = len(context.fetch(url, FETCH_SECONDS).body)
    after = _read(context.live)[1]
    grown = {name: count - before.get(name, 0) for name, count in after.items()}
    shown = [device, *([devices[other]] if other in devices else [])]
    measured = ", ".join(f"{grown.get(name, 0)} bytes over {name}" for name in shown)
    advice = f"Check the cable behind {device}."
    return Measurement(grown.get(device, 0) >= size > 0, measured, f"{size} bytes over {device}", advice)


def _read(commands: Commands) -> tuple[dict[str, str], dict[str, int]]:
    return parse_counters(commands.check_output(COUNTERS))


KIND = Kind("way to {name}", measure)
