# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Models on a disk: what a folder should hold, whether it holds it, and where it comes from.

Modules import these files; programs on hosts get the same files under the same names. They need nothing of Ansible.
"""
