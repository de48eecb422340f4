# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What only `make test-all` runs: other versions of Python and ansible-core, Ansible's own tests and Galaxy's."""
