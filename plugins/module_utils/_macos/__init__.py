# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What there is on a Mac: settings, applications, Thunderbolt ports.

`setting` says what a setting is, a file named after each declares it, `settings` lists them, and `headless` brings them
to what is wanted. What ends in `_text` reads what one tool prints, and is shipped to the measurements beside
node_exporter, too.
"""
