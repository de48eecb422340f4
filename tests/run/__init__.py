# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `make test` and `make test-all` run: stages side by side, each in a lab of its own, and one table at the end."""
