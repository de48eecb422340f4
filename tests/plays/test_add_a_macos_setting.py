# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A setting of a Mac is added to a copy of the tree as its page in docs/development says: complete, in few files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generate.macos_settings import WRITTEN
from tests.checkout import copy_to

ROOT = Path(__file__).resolve().parents[2]
MOST_FILES = 8
GENERATED = {*WRITTEN, "docs/roles.md", "roles/macos_headless/README.md"}
HEAD = """\
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""
MACOS = "plugins/module_utils/_macos"
UTILS = "ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos"
NEW = {
    f"{MACOS}/security_responses.py": f'''\
{HEAD}"""Whether macOS installs Rapid Security Responses by itself."""

from __future__ import annotations

from {UTILS}.preferences import PreferenceSwitch
from {UTILS}.setting import Option

SETTING = PreferenceSwitch(
    Option(
        "security_responses",
        "bool",
        "Whether macOS installs Rapid Security Responses and system files by itself.",
        default=True,
    ),
    title="security responses",
    domain="/Library/Preferences/com.apple.SoftwareUpdate",
    keys=("CriticalUpdateInstall",),
)
''',
    "tests/unit/plugins/macos_settings/security_responses.py": f"""\
{HEAD}from __future__ import annotations

from tests.unit.plugins.harness import call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent

DOMAIN = "/Library/Preferences/com.apple.SoftwareUpdate"
READ = ["/usr/bin/defaults", "read", DOMAIN, "CriticalUpdateInstall"]
TURN_ON = call(["/usr/bin/defaults", "write", DOMAIN, "CriticalUpdateInstall", "-bool", "true"])
ON, OFF = call(READ, out="1\\n"), call(READ, out="0\\n")
ASKED = {{"security_responses": True}}

WANTED = False
RUNS = [
    Run("change", ASKED, [OFF, TURN_ON, ON], changed=True, value={{"CriticalUpdateInstall": True}}),
    Run("no change", ASKED, [ON], changed=False),
    Run("check mode", ASKED, [OFF], changed=True, check=True),
]
FAILURES = [
    Failure(
        "it does not stay",
        ASKED,
        [OFF, TURN_ON, OFF],
        "The change did not take effect: CriticalUpdateInstall is off instead of on. `/usr/bin/defaults write "
        "/Library/Preferences/com.apple.SoftwareUpdate CriticalUpdateInstall -bool true` ended with status 0.",
    ),
]
LINES = [Line("on", True, [ON], True, "on", "on"), Line("off", True, [OFF], False, "off", "on")]
UNKNOWN = [said("no switch", READ, "defaults", "2\\n"), silent(READ, "defaults"), hangs(READ)]
""",
    "changelogs/fragments/security-responses.yml": """\
---
minor_changes:
  - macos_headless - ``security_responses`` and ``macos_headless_security_responses`` manage Rapid Security Responses.
""",
}
SETTINGS = f"{MACOS}/settings.py"
MEETS_TOOLS = "tests/unit/lab/macos/test_modules_meet_tools.py"
SCENARIO = "molecule/macos_headless/values.yml"
SCENARIO_TEST = "molecule/macos_headless/tests/test_macos_headless.py"
EDITED = [
    (SETTINGS, "    power,\n", "    power,\n    security_responses,\n"),
    (SETTINGS, "    automatic_updates.SETTING,\n", "    automatic_updates.SETTING,\n    security_responses.SETTING,\n"),
    (
        MEETS_TOOLS,
        '"automatic_updates": False,\n',
        '"automatic_updates": False,\n            "security_responses": True,\n',
    ),
    (
        SCENARIO,
        "macos_headless_network_time:",
        "macos_headless_security_responses: false\nmacos_headless_network_time:",
    ),
    (
        SCENARIO_TEST,
        "def test_time_machine_is_on(",
        """\
def test_security_responses_are_not_installed(host):
    key = "/Library/Preferences/com.apple.SoftwareUpdate CriticalUpdateInstall"
    assert host.check_output(f"defaults read {key}") == "0"


def test_time_machine_is_on(""",
    ),
]
PARTS = (
    "tests/unit/generate/test_stale.py",
    "tests/unit/plugins/modules/test_macos_headless_settings.py",
    "tests/unit/lab/macos/test_modules_meet_tools.py",
    "tests/unit/roles/test_macos_profile.py",
    "tests/unit/test_argument_specs.py",
    "tests/unit/test_check_kinds.py",
    "tests/unit/test_secret_options.py",
)
# Of what goes through everything, that which is about the new setting.
ABOUT_IT = "security_responses or stale or profile or kind or specified or described or null"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of this checkout."""
    return copy_to(tmp_path_factory.mktemp("tree"))


def add(tree: Path) -> set[str]:
    """Do what a person does; return the files."""
    for name, text in NEW.items():
        (tree / name).write_text(text, encoding="utf-8")
    for name, before, after in EDITED:
        text = (tree / name).read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{name} has another form now"
        (tree / name).write_text(text.replace(before, after), encoding="utf-8")
    return {*NEW, *(name for name, _, _ in EDITED)}


def run(tree: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": "collections", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *argv], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )


def changed(tree: Path) -> set[str]:
    """Return what `git diff --stat` would count."""
    there = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    names = [str(path.relative_to(tree)) for path in there if "collections" not in path.relative_to(tree).parts[:1]]
    own = [name for name in names if "__pycache__" not in name and ".pytest_cache" not in name]
    return {
        name for name in own if not (ROOT / name).exists() or (ROOT / name).read_bytes() != (tree / name).read_bytes()
    }


def test_a_setting_is_a_few_files_and_the_rest_is_written(tree: Path) -> None:
    by_hand = add(tree)
    stale = run(tree, "-m", "pytest", "-q", PARTS[0])
    missed = {name for name in WRITTEN if name in stale.stdout}
    assert (stale.returncode, missed) == (1, set(WRITTEN)), stale.stdout
    done = run(tree, "-m", "generate")
    assert done.returncode == 0, done.stderr
    assert changed(tree) == by_hand | GENERATED
    assert len(by_hand) <= MOST_FILES, sorted(by_hand)
    tests = run(tree, "-m", "pytest", "-q", "-k", ABOUT_IT, *PARTS)
    assert tests.returncode == 0, tests.stdout[-4000:] + tests.stderr
    table = run(tree, "-m", "pytest", "-q", "--collect-only", "-k", "security_responses", PARTS[1])
    assert "test_run[security_responses: change]" in table.stdout
