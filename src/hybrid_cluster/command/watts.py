# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How Prometheus is asked what hosts draw."""

from __future__ import annotations

MAC = 'sum by (instance) (mac_power_watts{component="sys"})'
"""The whole machine, where macmon is there."""
MAC_PARTS = 'sum by (instance) (mac_power_watts{component=~"cpu|gpu|ane"})'
"""Processor and GPU alone, as powermetrics estimates them."""
CARDS = "sum by (instance) (nvidia_smi_power_draw_watts)"
