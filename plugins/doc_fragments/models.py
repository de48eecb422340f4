# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Options of the modules that work on a host's directory of models."""

from __future__ import annotations


class ModuleDocFragment:
    """Where the models lie, under the name that each module has for it, and where their disk is remembered."""

    DOCUMENTATION = r"""
options:
  models_directory:
    description: Where the models of the host lie, a folder for each, with their manifests in C(.manifests).
    type: path
    required: true
"""

    DIRECTORY = r"""
options:
  directory:
    description: Where the models of the host lie, a folder for each, with their manifests in C(.manifests).
    type: path
    required: true
"""

    STATE_DIRECTORY = r"""
options:
  state_directory:
    description:
      - Where the disk of the models is remembered. Models that were once seen on a disk of their own are neither read
        nor written while that disk is not mounted.
    type: path
    required: true
"""
