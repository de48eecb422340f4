# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""When certificates of this host end, and those that it trusts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _certificate, _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, Commands

from .command import MeasurementError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .exposition import Metrics


def measure(metrics: Metrics, paths: Mapping[str, str], commands: Commands | None = None) -> None:
    """Read those that are there, by their names; the others go on where one cannot be read."""
    commands, broken = commands or Commands(), []
    try:
        for name, path in sorted(paths.items()):
            if not _files.exists(path):
                continue
            end = _certificate.read_end(commands, path)
            if end is None:
                broken.append(path)
                continue
            metrics.add(
                "certificate_end_timestamp_seconds",
                "When a certificate ends, as Unix time.",
                end.timestamp(),
                certificate=name,
            )
    except ClusterError as error:
        raise MeasurementError(str(error)) from error
    if broken:
        raise MeasurementError(f"no certificate can be read in {', '.join(broken)}")
