# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`python -m generate`: write what is stale, and name it."""

from __future__ import annotations

import generate

if __name__ == "__main__":
    for name in generate.write():
        print(name)
