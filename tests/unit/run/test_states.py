# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run begins without the saved labs of an earlier one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests import states

HEAD = "NAME     HOSTS  SAVED             SIZE    IN USE BY\n"
SITE = "site     6      2026-11-30 20:14  812 MB  the lab test\n"
MANAGED = "managed  6      2026-11-30 20:02  640 MB  the saved lab site\n"


@pytest.mark.parametrize(
    ("listed", "forgotten"),
    [
        pytest.param(HEAD, [], id="none"),
        pytest.param(HEAD + MANAGED + SITE, ["site", "managed"], id="what lies on the other first"),
        pytest.param(HEAD + MANAGED.replace("managed", "managed-2"), [], id="somebody else's"),
    ],
)
def test_the_saved_labs_of_the_tests_are_forgotten(monkeypatch, listed, forgotten):
    calls = []

    def lab(*arguments):
        calls.append(arguments)
        return SimpleNamespace(stdout=listed)

    monkeypatch.setattr(states, "lab", lab)
    states.forget_all()
    assert calls == [("states",), *(("forget", name) for name in forgotten)]


def test_one_that_is_in_use_ends_the_run_at_once(monkeypatch):
    def lab(*arguments):
        if arguments == ("states",):
            return SimpleNamespace(stdout=HEAD + MANAGED + SITE)
        raise RuntimeError("lab forget site: The saved lab site is in use by the lab olab; end that first.")

    monkeypatch.setattr(states, "lab", lab)
    with pytest.raises(RuntimeError, match="in use by the lab olab"):
        states.forget_all()
