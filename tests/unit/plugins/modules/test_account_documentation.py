# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A service's account is one list of options: two modules take it and document it alike."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.hybrid_ai.cluster.plugins.doc_fragments.service_account import ModuleDocFragment
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.account import ARGUMENTS
from ansible_collections.hybrid_ai.cluster.plugins.modules import service, service_user_info

FRAGMENT = "hybrid_ai.cluster.service_account"
ACCOUNT = yaml.safe_load(ModuleDocFragment.OPTION)["options"]["account"]["suboptions"]
INFO = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]


@pytest.mark.parametrize(
    ("module", "fragment"),
    [(service, f"{FRAGMENT}.option"), (service_user_info, FRAGMENT)],
    ids=["service", "service_user_info"],
)
def test_both_modules_have_the_fragment(module: Any, fragment: str) -> None:
    assert fragment in yaml.safe_load(module.DOCUMENTATION)["extends_documentation_fragment"]


@pytest.mark.parametrize("documented", [ACCOUNT, INFO], ids=["service", "service_user_info"])
def test_every_option_is_documented_as_it_is_read(documented: dict[str, Any]) -> None:
    read = {name: dict(option) for name, option in ARGUMENTS.items()}
    assert {
        name: {key: value for key, value in option.items() if key != "description"}
        for name, option in documented.items()
    } == read
