# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every kind of check is documented, and some role's report has it: what nobody measures is not shipped to hosts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._registry import KINDS

ROOT = Path(__file__).parents[2]
ASKED = re.compile(r"""['"]?check['"]?: ['"]?([a-z_]+)""")
ASKING = [path for pattern in ("roles/*/vars/*.yml", "plugins/filter/*.py") for path in sorted(ROOT.glob(pattern))]
USED = {kind for path in ASKING for kind in ASKED.findall(path.read_text(encoding="utf-8"))}
DOCUMENTATION = (ROOT / "plugins/modules/node_report.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_check_is_used(kind: str) -> None:
    assert kind in USED


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_check_is_documented(kind: str) -> None:
    assert f"V({kind})" in DOCUMENTATION


def test_no_other_kind_is_documented() -> None:
    listed = re.findall(r"^      - ((?:V\([a-z_]+\),? ?(?:and )?)+)- ", DOCUMENTATION, re.MULTILINE)
    assert {kind for names in listed for kind in re.findall(r"V\(([a-z_]+)\)", names)} == set(KINDS)
