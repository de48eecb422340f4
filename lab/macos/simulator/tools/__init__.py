# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One module per simulated program: ``PATHS``, where macOS has it, and ``main(context)``, its exit status."""
