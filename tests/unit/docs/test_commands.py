# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every command of the documentation is run by a test, or stands in a list with the reason."""

from __future__ import annotations

from tests.documentation import ROOT, commands, documented

LISTED = {command for kind in documented().values() for command in kind}


def test_every_command_is_listed():
    missing = [f"{page.relative_to(ROOT)}: {command}" for page, command in commands() if command not in LISTED]
    assert missing == [], "add them to tests/documented.yml"


def test_every_listed_command_is_shown():
    assert LISTED - {command for _, command in commands()} == set()


def test_no_command_is_listed_twice():
    assert len(LISTED) == sum(len(kind) for kind in documented().values())


def test_every_reason_is_a_sentence():
    assert all(reason and len(reason.split()) > 2 for reason in documented()["reasons"].values())
