# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The real llama.cpp, built from its source for the hosts of the lab: no stand-in, see README.md."""
