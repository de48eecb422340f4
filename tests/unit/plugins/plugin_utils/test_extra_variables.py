# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Text of the command line gets the type of its variable; what it cannot be is left to the check."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._extra_variables import give_types

OPTIONS = {"number": {"type": "int"}, "share": {"type": "float"}, "on": {"type": "bool"}, "text": {"type": "str"}}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("number", "30", 30),
        ("number", "thirty", "thirty"),
        ("number", 30, 30),
        ("share", "0.5", 0.5),
        ("share", "nan", "nan"),
        ("on", "false", False),
        ("on", "Yes", True),
        ("on", "maybe", "maybe"),
        ("text", "30", "30"),
        ("of_somebody", "30", "30"),
    ],
)
def test_text_gets_the_type_of_its_variable(name: str, value: Any, expected: Any) -> None:
    variables = {name: value}
    give_types(variables, OPTIONS)
    assert variables == {name: expected}
    assert type(variables[name]) is type(expected)
