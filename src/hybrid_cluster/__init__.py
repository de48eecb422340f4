# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What runs beside Ansible: the gateway, and the command `cluster`."""
