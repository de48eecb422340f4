# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The router reads what the role wrote, but for models that rest; and the log says which have ended."""

from __future__ import annotations

import pytest

TEXT = "version = 1\n\n[a]\nmodel = /a.gguf\n\n[b--7]\nmodel = /b.gguf\ntags = r1\n"


def test_models_that_rest_are_left_out(part):
    file = part("models_file")
    assert file.names(TEXT) == {"a", "b--7"}
    assert file.without(TEXT, {"a"}) == "version = 1\n\n[b--7]\nmodel = /b.gguf\ntags = r1\n"
    assert file.without(TEXT, {"other"}) == TEXT
    assert file.names(file.without(TEXT, {"a", "b--7"})) == set()


def test_where_nothing_rests_it_is_the_roles_own_file(part, tmp_path):
    source, shown = tmp_path / "etc.ini", tmp_path / "models.ini"
    source.write_text(TEXT)
    show = part("models_file").show
    show(shown, source, ())
    source.write_text("version = 1\n")
    assert shown.read_text() == "version = 1\n"
    source.write_text(TEXT)
    show(shown, source, {"a"})
    assert part("models_file").names(shown.read_text()) == {"b--7"}
    assert source.read_text() == TEXT
    show(shown, source, ())
    assert shown.is_symlink()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("0.02.354.123 I srv           run: instance name=tiny--a exited with status 1\n", "tiny--a"),
        ("srv    run: instance name=tiny exited with status -9\n", "tiny"),
        # Told to end.
        ("srv    run: instance name=tiny exited with status 0\n", None),
        # What a model says is not what the router says.
        ("[41234] srv    run: instance name=tiny exited with status 1\n", None),
        ("[41234] 0.02 I prompt: instance name=tiny exited with status 1\n", None),
        ("srv    run: stopping model instance name=tiny\n", None),
    ],
)
def test_only_the_router_says_that_a_model_has_ended(part, line, name):
    assert part("router").ended(line) == name
