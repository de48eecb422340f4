# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `uv tool install '.[command]'` brings is what was locked, and no host gets any of it."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.unit.command.conftest import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(name: str) -> dict[str, str]:
    text = (REPOSITORY / f"requirements/{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, re.MULTILINE))


def test_all_of_it_is_locked():
    wanted = {re.split("[=<>~]", one)[0] for one in PROJECT["optional-dependencies"]["command"]}
    assert wanted <= set(pins("command"))
    # What ansible-playbook itself needs is part of it, at the same versions.
    assert pins("runtime").items() <= pins("command").items()
    assert pins("command").items() <= pins("development").items()


def test_the_lock_names_no_index():
    assert "://" not in (REPOSITORY / "requirements/command.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["rich", "typer"])
def test_without_the_extra_there_is_none_of_it(name):
    assert "dependencies" not in PROJECT
    assert name not in pins("../roles/gateway/files/requirements")
    assert name not in pins("runtime")


def test_it_is_a_program():
    assert PROJECT["scripts"]["cluster"] == "hybrid_cluster.command.__main__:main"
