# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The packet filter: whether the rules that were confirmed last are those in effect, which only the kernel knows."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, Commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import nft, pf

from .command import MeasurementError

if TYPE_CHECKING:
    from .exposition import Metrics


def measure(metrics: Metrics, commands: Commands | None = None, system: str | None = None) -> None:
    """Compare; a host whose packet filter is not ours has no figure."""
    commands, on_macos = commands or Commands(), (system or platform.system()) == "Darwin"
    try:
        text = _files.read(pf.RULES if on_macos else nft.RULES)
        if text is None:
            return
        compare = _mac if on_macos else _linux
        in_effect = compare(commands, text.decode("utf-8", "replace"))
    except ClusterError as error:
        raise MeasurementError(str(error)) from error
    metrics.add("firewall_in_effect", "Whether the confirmed rules of the packet filter are in effect.", in_effect)


def _linux(commands: Commands, text: str) -> bool:
    return nft.parse(commands.run(nft.LIST)) == nft.parse_document(text)


def _mac(commands: Commands, text: str) -> bool:
    """Compare the rules, which are asked only where pf runs and its main rules still lead to them."""
    pfctl = pf.Pfctl(commands)
    main = [" ".join(line.split()) for line in pfctl.show("-s", "rules").splitlines()]
    return (
        pf.is_enabled(pfctl.show("-s", "info")) and pf.ANCHOR_POINT in main and pfctl.rules() == pfctl.understand(text)
    )
