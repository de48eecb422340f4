# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The dashboards: one short description each, from which Grafana's JSON is made."""
