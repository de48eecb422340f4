# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The packet filter of a host: a `rule` says what may pass, `change` applies rules and takes a mistake back."""
