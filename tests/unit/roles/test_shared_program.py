# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A program that two services run is not taken away with the first of them."""

from __future__ import annotations

import pytest

from tests.unit.roles.render import render

SHARED = {"title": "t", "state": "absent", "source": {"package": "p", "shared_with": ["other-one"]}}


@pytest.mark.parametrize(
    ("groups", "path"),
    [
        (["linux"], "/etc/systemd/system/hybrid-ai-other-one.service"),
        (["macos"], "/Library/LaunchDaemons/hybrid-ai.other-one.plist"),
    ],
)
def test_the_other_service_is_looked_for_where_it_would_be(groups, path):
    assert render("program", "__program_other_services", program_definition=SHARED, group_names=groups) == [[path]]


def test_one_that_this_run_has_removed_is_not_looked_for():
    values = {"program_definition": SHARED, "group_names": ["linux"], "__program_removed": ["other-one"]}
    assert render("program", "__program_other_services", **values) == [[]]


@pytest.mark.parametrize(
    ("found", "shared"),
    [
        pytest.param({"results": [{"stat": {"exists": False}}, {"stat": {"exists": True}}]}, True, id="there"),
        pytest.param({"results": [{"stat": {"exists": False}}]}, False, id="gone"),
        pytest.param({"skipped": True}, False, id="shared with nobody"),
    ],
)
def test_it_stays_while_the_other_is_there(found, shared):
    assert render("program", "__program_shared", program_definition=SHARED, __program_others=found) == [shared]
