# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Grafana as far as it is provisioned by files and asked over HTTP; it draws nothing."""

VERSION = "13.1.3"
