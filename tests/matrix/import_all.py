# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Run by another Python, in a directory of files that hosts run: import each and print, as JSON, which failed and why.

What is below `ansible_collections/…/plugins` has its whole name; a role's `files` are a place to import from.
"""

import importlib
import json
import sys
from pathlib import Path


def import_all(top: Path) -> "dict[str, str]":
    """Return the reason of each file that cannot be imported; the empty name holds the version of this Python."""
    failed = {"": sys.version.split()[0]}
    for path in sorted((top / "ansible_collections").rglob("*.py")):
        parts = path.relative_to(top).parts
        start = parts.index("files") + 1 if "files" in parts else 0
        place = str(top.joinpath(*parts[:start]))
        if place not in sys.path:
            sys.path.insert(0, place)
        name = ".".join(path.relative_to(place).with_suffix("").parts)
        try:
            importlib.import_module(name[: -len(".__init__")] if name.endswith(".__init__") else name)
        except BaseException as error:  # a module may end the program
            failed["/".join(parts)] = repr(error)
    return failed


if __name__ == "__main__":
    print(json.dumps(import_all(Path.cwd())))
