# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a role hands to a module of ours as one mapping are options of the module: no linter looks into these."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import yaml_files

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
_OURS = "hybrid_ai.cluster."
_VARIABLE = re.compile(r"\{\{\s*(\w+)")
_COMBINED = re.compile(r"combine\(\{([^}]*)\}")
_KEY = re.compile(r"'(\w+)':")


def tasks_in(value: Any) -> Iterator[dict[str, Any]]:
    for task in value or []:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks_in(task.get(part))


def handed_over() -> Iterator[Any]:
    """Yield role, module and names of each mapping that stands in the variables of its role."""
    for path in sorted(REPOSITORY.glob("roles/*/tasks/*.yml")):
        role = path.parents[1]
        variables = yaml_files.load(role / "vars/main.yml") if (role / "vars/main.yml").exists() else {}
        for task in tasks_in(yaml_files.load(path)):
            module = next((key.removeprefix(_OURS) for key in task if key.startswith(_OURS)), None)
            arguments = task.get("args")
            if module is None or not isinstance(arguments, str):
                continue
            value = variables.get(_VARIABLE.findall(arguments)[0])
            names = set(value) if isinstance(value, dict) else set()
            names.update(key for text in _COMBINED.findall(arguments) for key in _KEY.findall(text))
            if names:
                yield pytest.param(module, names, id=f"{role.name}: {task['name']}")


def options_of(module: str) -> set[str]:
    """Return the names in the module's argument specification, some of which stands in a package of its name."""
    paths = [REPOSITORY / f"plugins/modules/{module}.py", *REPOSITORY.glob(f"plugins/module_utils/_{module}/*.py")]
    return {
        str(key.value)
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(value, (ast.Dict, ast.Name, ast.Call, ast.Attribute))
    }


HANDED_OVER = list(handed_over())


@pytest.mark.parametrize(("module", "names"), HANDED_OVER)
def test_what_is_handed_over_is_an_option(module: str, names: set[str]) -> None:
    assert names - options_of(module) == set()


def test_some_is_handed_over() -> None:
    assert {value.values[0] for value in HANDED_OVER} >= {"model_folders", "model_transfer"}
