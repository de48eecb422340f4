# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import pytest

from lab.topology import Cable, End, Host, Topology


@pytest.fixture
def desk() -> Topology:
    """Two cabled Macs and a Linux machine."""
    return Topology(
        "10.66.1.0/24",
        (
            Host("olab0", "linux", "10.66.1.10"),
            Host("olab1", "macos", "10.66.1.11", None, "Mac16,10", "26.5", 16),
            Host("olab2", "macos", "10.66.1.12", None, "Mac16,11", "15.7", 24),
        ),
        (Cable.between(End("olab2", 2), End("olab1", 1)),),
    )
