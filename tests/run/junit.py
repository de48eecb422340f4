# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Results in JUnit's form, which other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> tuple[int, int]:
    """Return how many tests passed and how many failed; skipped ones are neither."""
    suites = list(ElementTree.parse(path).getroot().iter("testsuite"))

    def count(name: str) -> int:
        return sum(int(suite.get(name) or 0) for suite in suites)

    failed = count("failures") + count("errors")
    return count("tests") - failed - count("skipped"), failed


def write(path: Path, name: str, seconds: float, status: int) -> None:
    """Write the result of a command that writes none."""
    suite = ElementTree.Element(
        "testsuite", name=name, tests="1", failures=str(int(status != 0)), errors="0", skipped="0"
    )
    case = ElementTree.SubElement(suite, "testcase", classname="stages", name=name, time=f"{seconds:.1f}")
    if status:
        ElementTree.SubElement(case, "failure", message=f"it ended with status {status}")
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
