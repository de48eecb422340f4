# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Defaults of specifications follow those of roles, and nothing else in a specification changes."""

from __future__ import annotations

import pytest

from generate.spec_defaults import with_defaults

HEAD = "---\nargument_specs:\n  main:\n    options:\n"
FIRST = "      first:\n        description: One.  # kept\n"


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        pytest.param("        default: [1, 2]\n", [1, 2], "        default: [1, 2]\n", id="as it is written"),
        pytest.param("        default: 1\n", 2, "        default: 2\n", id="another number"),
        pytest.param(
            "        default:\n          a: 1\n\n          b: 2\n", "x", "        default: x\n", id="was long"
        ),
        pytest.param("", True, "        default: true\n", id="was none"),
        pytest.param("", None, "", id="null is none"),
        pytest.param(
            "        default: {}\n",
            {"a" * 60: "b" * 60},
            f"        default:\n          {'a' * 60}: {'b' * 60}\n",
            id="long",
        ),
        pytest.param(
            "        options:\n          inner: {}\n",
            {},
            "        default: {}\n        options:\n          inner: {}\n",
            id="before nested options",
        ),
        pytest.param("        required: true\n", 1, "        required: true\n", id="required"),
        pytest.param("        no_log: true\n", "{{ x }}", "        no_log: true\n", id="a secret that is worked out"),
    ],
)
def test_a_default(option, value, expected):
    rest = "      second:\n        description: Two.\n        default: 5\n"
    assert with_defaults(HEAD + FIRST + option + rest, {"first": value, "second": 5}) == HEAD + FIRST + expected + rest


def test_what_may_be_null_has_no_default():
    text = f"{HEAD}      first:\n        description: V(null) leaves it alone.\n"
    assert with_defaults(text, {"first": 3}) == text
