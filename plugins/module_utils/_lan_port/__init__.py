# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The network port by which a host is in the LAN: its medium, the speed it has agreed on, and its duplex.

`port` says what is known of one, `linux` and `mac` find it, and `media_text` reads what the tools of a Mac say.
"""
