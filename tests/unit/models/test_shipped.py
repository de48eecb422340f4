# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the role puts on the store's host is all that the program needs there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests import yaml_files

ROOT = Path(__file__).parents[3]
ROLE = ROOT / "roles/model_store"
SHARED = ROOT / "plugins/module_utils"


def test_the_program_has_all_that_it_imports(tmp_path: Path) -> None:
    variables = yaml_files.load(ROLE / "vars/main.yml")
    package = tmp_path / variables["__model_store_package"]
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROLE / "files/model_fetch", tmp_path / "model_fetch", ignore=ignored)
    shutil.copytree(SHARED / "_models", package / "_models", ignore=ignored)
    for name in variables["__model_store_modules"]:
        shutil.copy(SHARED / name, package)
    # Without packages, as of another program: only the real client needs some, and imports them when it is made.
    every = (
        "import model_fetch.__main__, pkgutil, importlib, model_fetch\n"
        "from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _models\n"
        "for where in (model_fetch, _models):\n"
        "    for found in pkgutil.iter_modules(where.__path__, where.__name__ + '.'):\n"
        "        importlib.import_module(found.name)\n"
    )
    argv = [sys.executable, "-S", "-c", every]
    done = subprocess.run(argv, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in package.glob("_*.py")} == set(variables["__model_store_modules"])


def test_the_task_ships_what_this_test_has_copied() -> None:
    (task,) = (task for task in yaml_files.load(ROLE / "tasks/fetch.yml") if "hybrid_ai.cluster.file_tree" in task)
    files = task["hybrid_ai.cluster.file_tree"]["files"]
    assert re.findall(r"role_path ~ '([^']+)'", files) == ["/files/model_fetch", "/../../plugins/module_utils/_models"]
    assert "__model_store_modules" in files
