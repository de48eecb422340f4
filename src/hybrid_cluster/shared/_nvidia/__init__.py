# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# Generated from plugins/module_utils/_nvidia/__init__.py by `make generate`; change it there.
"""NVIDIA's GPUs, their drivers, and what both say of themselves."""
