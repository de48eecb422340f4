# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""llama.cpp on a host: how it is built, which file of a model it loads, and what its router serves."""
