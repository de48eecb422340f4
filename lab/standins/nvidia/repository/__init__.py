# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A small repository of packages with the names of NVIDIA's, for `apt`: see README.md."""
