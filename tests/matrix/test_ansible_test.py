# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`ansible-test sanity` on the collection as it is published."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_test._internal.python_requirements import get_venv_packages

from tests import collection

BIN = Path(sys.executable).parent
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# Left out: changelog, pylint, pslint and shellcheck, because `make lint` judges the same files by its own rules
# (antsibull-changelog, ruff, mypy); shebang, because it takes every file below module_utils and files for a module, and
# two of them are programs.
TESTS = [
    "action-plugin-docs", "ansible-doc", "compile", "empty-init", "ignores", "import", "line-endings", "no-assert",
    "no-get-exception", "no-illegal-filenames", "no-smart-quotes", "pep8", "replace-urlopen", "runtime-metadata",
    "symlinks", "use-argspec-type-path", "use-compat-six", "validate-modules", "yamllint",
]  # fmt: skip
# ansible-test fetches a script of this name from a server of its makers, to put pip into its environments. Python's
# package index has the same pip.
GET_PIP = """\
import subprocess
import sys

packages = [word for word in sys.argv[1:] if word.startswith("pip==")]
argv = [{python!r}, "-m", "pip", "--python", sys.executable, "install", "--quiet", *packages]
sys.exit(subprocess.run(argv).returncode)
"""


@pytest.fixture(scope="module")
def sanity(tmp_path_factory):
    """Return what runs one of its tests in a copy of the collection, which is a git repository of its own."""
    home = collection.ROOT / "build/ansible-test"
    pip = get_venv_packages(SimpleNamespace(version=PYTHON))["pip"].replace(".", "_")
    script = home / f".ansible/test/cache/get_pip_{pip}.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(GET_PIP.format(python=sys.executable), encoding="utf-8")
    directory = tmp_path_factory.mktemp("published")
    place = collection.unpack(collection.build(directory), directory)
    for argv in (["git", "init", "--quiet"], ["git", "add", "."]):
        subprocess.run(argv, cwd=place, check=True)
    environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8", "PATH": f"{BIN}:{os.environ['PATH']}"}

    def run(name: str) -> subprocess.CompletedProcess[str]:
        argv = [str(BIN / "ansible-test"), "sanity", "--color", "no", "--python", PYTHON, "--test", name]
        return subprocess.run(argv, cwd=place, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("name", TESTS)
def test_sanity(sanity, name):
    done = sanity(name)
    assert done.returncode == 0, done.stdout + done.stderr
