# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What looks for updates finds the files that pin something, and what they pin."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CONFIGURATION = json.loads((ROOT / ".github/renovate.json").read_text(encoding="utf-8"))


def chosen(patterns: list[str]) -> set[str]:
    """Return the files of the tree that patterns of Renovate choose: regular expressions between slashes."""
    expressions = [re.compile(pattern.strip("/")) for pattern in patterns]
    files = [*ROOT.glob("requirements/*"), *ROOT.glob("roles/*/files/*"), *ROOT.glob("roles/*/defaults/*")]
    paths = [path.relative_to(ROOT).as_posix() for path in files]
    return {path for path in paths if any(expression.search(path) for expression in expressions)}


def test_every_lock_file_is_looked_at() -> None:
    locks = [*ROOT.glob("requirements/*.txt"), *ROOT.glob("roles/*/files/requirements*.txt")]
    expected = {path.relative_to(ROOT).as_posix() for path in locks}
    assert chosen(CONFIGURATION["pip_requirements"]["managerFilePatterns"]) == expected


@pytest.mark.parametrize("role", ["adguard_home", "alertmanager", "node_exporter", "ollama", "prometheus"])
def test_releases_are_found_in_the_version_that_is_pinned(role: str) -> None:
    (manager,) = CONFIGURATION["customManagers"]
    path = f"roles/{role}/defaults/main.yml"
    assert path in chosen(manager["managerFilePatterns"])
    text = (ROOT / path).read_text(encoding="utf-8")
    (expression,) = (re.compile(one.replace("(?<", "(?P<")) for one in manager["matchStrings"])
    found = {(match["depName"], match["currentValue"]) for match in expression.finditer(text)}
    version = re.search(rf"^{role}_version: (\S+)", text, re.MULTILINE)
    assert version is not None
    assert {value for _, value in found} == {f"v{version[1]}"}
    assert len(found) == 1
