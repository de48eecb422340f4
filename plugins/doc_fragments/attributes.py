# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Texts shared by the documentation of the modules."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes that every module of the collection has, and the platforms they run on."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Predicts what a run would change without changing it.
    support: full
  diff_mode:
    description: Shows the state before and after.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
"""

    MACOS = r"""
options: {}
requirements:
  - macOS 15 or later
attributes:
  platform:
    description: Where the module runs.
    platforms: macos
    support: full
"""

    LINUX = r"""
options: {}
attributes:
  platform:
    description: Where the module runs.
    platforms: linux
    support: full
"""

    MACOS_AND_LINUX = r"""
options: {}
attributes:
  platform:
    description: Where the module runs.
    platforms: macos, linux
    support: full
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Changes nothing, so it does the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: N/A
  idempotent:
    description: Changes nothing.
    support: full
"""
