# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The methods and paths that the HAProxy before the gateway lets through or passes on, from the gateway's tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hybrid_cluster.gateway import direct
from hybrid_cluster.gateway.endpoints import ENDPOINTS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HEAD = "# Written by `make generate` from src/hybrid_cluster/gateway/endpoints.py.\n"
_PLACEHOLDER = re.compile(r"\{\w+(\+?)\}")


def files(root: Path) -> dict[str, str]:  # noqa: ARG001 - every source is asked in the same way
    """Return lists of patterns as HAProxy reads them.

    They are the methods, the paths and regular expressions for the other paths; then the paths that ask a model, and
    those of them on which HAProxy may pass on what needs no change.
    """
    paths = {endpoint.path for endpoint in ENDPOINTS}
    return {
        f"roles/gateway/files/endpoints/{name}.txt": HEAD + "".join(f"{line}\n" for line in sorted(lines))
        for name, lines in {
            "methods": {endpoint.method for endpoint in ENDPOINTS},
            "paths": {path for path in paths if "{" not in path},
            "model_paths": {endpoint.path for endpoint in ENDPOINTS if endpoint.kind is Kind.MODEL},
            "direct_paths": set(direct.PATHS),
            "path_patterns": _patterns(path for path in paths if "{" in path),
        }.items()
    }


def _patterns(paths: Iterable[str]) -> set[str]:
    """Return what paths with placeholders look like, in what POSIX and Perl read alike."""
    return {f"^{_PLACEHOLDER.sub(lambda found: '.+' if found[1] else '[^/]+', path)}$" for path in paths}
