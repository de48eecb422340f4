# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The commands that the documentation shows, and what tests/documented.yml says of each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    *(ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "inventories/example/README.md"),
    *sorted(path for path in (ROOT / "docs").rglob("*.md")),
)
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELL = {"", "sh", "shell", "console", "bash"}
_COMMENT = re.compile(r"\s+#\s.*$")


def commands() -> Iterator[tuple[Path, str]]:
    """Yield each command with its page; blocks in another language than a shell's are no commands."""
    for page in PAGES:
        for language, block in _BLOCK.findall(page.read_text(encoding="utf-8")):
            if language in _SHELL:
                yield from ((page, _COMMENT.sub("", line)) for line in block.splitlines() if line.strip())


def documented() -> dict[str, dict[str, str | None]]:
    """Return what is said of the commands, by how each is proved."""
    content: dict[str, dict[str, str | None]] = yaml.safe_load(
        (ROOT / "tests/documented.yml").read_text(encoding="utf-8")
    )
    return content


def runs(kind: str) -> list[str]:
    """Return the commands of a kind in the form in which a test runs them, in their order."""
    return [form or command for command, form in documented()[kind].items()]
