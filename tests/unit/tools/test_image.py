# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The image that runs the playbooks is made of files that are there, and of nothing that is not pinned."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / ".ci/image"
LINES = (FOLDER / "Containerfile").read_text(encoding="utf-8").splitlines()
KEPT = [
    line.removeprefix("!")
    for line in (FOLDER / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    if line.startswith("!")
]


def test_what_is_copied_is_there() -> None:
    assert [path for path in KEPT if not (ROOT / path).exists()] == []
    copied = [line.split()[1] for line in LINES if line.startswith("COPY")]
    assert [path for path in copied if path != "." and path not in KEPT] == []


def test_what_a_run_needs_is_copied() -> None:
    # What the links of the collection lead to, and what a run reads besides.
    collection = ROOT / "collections/ansible_collections/hybrid_ai/cluster"
    linked = {path.resolve().relative_to(ROOT).parts[0] for path in collection.iterdir()}
    assert linked | {"ansible.cfg", "site.yml"} <= {Path(path).parts[0] for path in KEPT}


def test_the_base_and_the_packages_are_pinned() -> None:
    (base,) = (line.split()[1] for line in LINES if line.startswith("FROM"))
    assert re.fullmatch(r"docker\.io/library/python:\d+\.\d+\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base)
    installed = [line for line in LINES if "pip install" in line]
    assert len(installed) == 1
    assert "--require-hashes" in installed[0]
