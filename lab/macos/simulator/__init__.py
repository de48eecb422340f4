# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""macOS's programs, as one multi-call program that runs inside a simulated Mac.

In the guest the package is named ``simulator``, in the repository ``lab.macos.simulator``: its modules import each
other relatively. Every command of a role is a process of its own, so nothing here imports what it does not need
(``pathlib``, ``subprocess``, ``dataclasses`` and ``typing`` each cost more than the work itself).
"""
