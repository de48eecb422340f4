# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A service's account is one list of options: two modules take it and document it alike."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.account import ARGUMENTS
from ansible_collections.hybrid_ai.cluster.plugins.modules import service, service_user_info

ACCOUNT = yaml.safe_load(service.DOCUMENTATION)["options"]["account"]["suboptions"]
INFO = yaml.safe_load(service_user_info.DOCUMENTATION)["options"]


@pytest.mark.parametrize("documented", [ACCOUNT, INFO], ids=["service", "service_user_info"])
def test_every_option_is_documented_as_it_is_read(documented: dict[str, Any]) -> None:
    read = {name: dict(option) for name, option in ARGUMENTS.items()}
    assert {
        name: {key: value for key, value in option.items() if key != "description"}
        for name, option in documented.items()
    } == read


@pytest.mark.parametrize("name", ARGUMENTS)
def test_both_say_the_same(name: str) -> None:
    assert first(ACCOUNT[name]) == first(INFO[name])


def first(option: dict[str, Any]) -> str:
    """Return the first sentence; what it means for a service may follow."""
    said = option["description"]
    return said if isinstance(said, str) else said[0]
