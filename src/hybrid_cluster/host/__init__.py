# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program on a host that sleeps: it says what speaks against sleep, and goes to sleep, for the gateway."""
