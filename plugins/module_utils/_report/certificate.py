# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How long a certificate is still valid."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _certificate
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare the days left with the least."""
    path, least = arguments.text("path"), arguments.integer("minimum_days", 1)
    certificate = _certificate.read(context.commands, path)
    expected = f"{least} days or more"
    if certificate is None:
        return Measurement(False, f"no certificate at {path}", expected, "Repeat site.yml.")
    left = certificate.days_left(_certificate.utc_now())
    measured = f"{certificate.name}, {left} days left" if left >= 0 else f"{certificate.name}, ended {-left} days ago"
    return Measurement(left >= least, measured, expected, "Repeat site.yml, which renews it.")


KIND = Kind("certificate {path}", measure)
