# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Short cases of inventories by subject: a few lines over a good one, refused with one sentence or accepted.

An entry has what is written below `all`. `over` is the good inventory that it is laid over, desk where it is not
said, or null where the entry is complete; those in `refused` have the `sentence` too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests import yaml_files

if TYPE_CHECKING:
    from collections.abc import Mapping

INVENTORIES = Path(__file__).parent / "inventories"


def _read(kind: str) -> dict[str, dict[str, Any]]:
    """Return the cases of all files; one that two of them have would hide the other."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((INVENTORIES / kind).glob("*.yml")):
        cases = yaml_files.load(path)
        if twice := found.keys() & cases.keys():
            raise ValueError(f"{path.name} has {', '.join(sorted(twice))} again")
        found.update(cases)
    return found


REFUSED, ACCEPTED = _read("refused"), _read("accepted")


def write(case: Mapping[str, Any], folder: Path) -> list[str]:
    """Write the lines of a case and return the files of its inventory."""
    over = case.get("over", "desk")
    path = folder / "case.yml"
    lines = {key: value for key, value in case.items() if key not in ("over", "sentence")}
    path.write_text(yaml.safe_dump({"all": lines}), encoding="utf-8")
    return [*([str(INVENTORIES / "good" / f"{over}.yml")] if over else []), str(path)]
