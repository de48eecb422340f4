# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What Macs get is never compiled on them: no backend needs Xcode or its compiler of Metal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = [
    path
    for folder in ("plugins", "roles", "playbooks")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.is_file() and path.suffix in {".j2", ".py", ".sh", ".txt", ".yml"} and "__pycache__" not in path.parts
]
COMPILERS = re.compile(r"\bxcrun\b|\bmetallib\b|-sdk macosx")
LOCKS = sorted(ROOT.glob("requirements/hosts/*.in"))


def test_nothing_of_ours_calls_xcodes_tools():
    assert len(SHIPPED) > 300
    assert [str(path.relative_to(ROOT)) for path in SHIPPED if COMPILERS.search(path.read_text(encoding="utf-8"))] == []


def test_packages_are_wheels_or_nothing():
    text = (ROOT / "plugins/module_utils/_python_environment/installer.py").read_text(encoding="utf-8")
    assert text.count('"--only-binary"') == 2


@pytest.mark.parametrize("source", LOCKS, ids=lambda path: path.stem)
def test_a_lock_file_is_where_its_source_says_and_pins_what_that_names(source):
    first, *lines = source.read_text(encoding="utf-8").splitlines()
    target = ROOT / re.fullmatch(r"# ([^:]+): .+", first)[1]
    locked = target.read_text(encoding="utf-8")
    for line in lines:
        if line.startswith(("#", "-c ")):
            continue
        name = re.sub("[-_.]+", "[-_.]", re.match(r"[\w.-]+", line)[0])
        version = line.partition("==")[2] or r"[\w.]+"
        assert re.search(rf"^{name}=={version}( |$)", locked, re.MULTILINE), line
    requirements = re.findall(r"^[\w.-]+==", locked, re.MULTILINE)
    assert len(requirements) == len(re.findall(r"^[\w.-]+==.*\\\n    --hash=sha256:", locked, re.MULTILINE))
    assert not re.search(r"^-|://", locked, re.MULTILINE)


def test_every_lock_file_of_a_role_has_a_source():
    named = {re.match(r"# ([^:]+):", path.read_text(encoding="utf-8"))[1] for path in LOCKS}
    assert {str(path.relative_to(ROOT)) for path in ROOT.glob("roles/*/files/*.txt")} == named
