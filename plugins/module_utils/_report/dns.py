# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a DNS server says about a name or an address, asked directly."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _dns_query
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - every kind is called alike
    """Ask for `name` of `type` (PTR: `name` may be an address) and compare with all of `expected`."""
    server, name = arguments.text("server"), arguments.text("name")
    kind = arguments.choice("type", ("A", "AAAA", "PTR"), "A")
    protocol = arguments.choice("protocol", ("udp", "tcp"), "udp")
    wanted = sorted(arguments.texts("expected"))
    expected = ", ".join(wanted) or "an answer"
    advice = f"See that DNS runs on {server} and can be reached from here, then repeat site.yml."
    question = _dns_query.reverse_name(name) if kind == "PTR" and name.replace(".", "").isdigit() else name
    try:
        answer = _dns_query.ask(server, question, kind, arguments.number("timeout") or 3.0, protocol)
    except _dns_query.DnsError as error:
        return Measurement(False, str(error), expected, advice)
    found = sorted(value.rstrip(".") for value in answer.values)
    ok = found == wanted if wanted else bool(found)
    return Measurement(ok, ", ".join(found) or answer.status, expected, advice)


KIND = Kind("{name} at DNS server {server}", measure, slow=True)
