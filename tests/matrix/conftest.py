# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What only `make test-all` runs: other versions of Python and ansible-core, and ansible-test's own tests."""
