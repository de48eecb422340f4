# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The programs that keep pf's rules or take them back, run by a real shell with programs that note their calls."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import pf_scripts

if TYPE_CHECKING:
    from pathlib import Path

STUB = """\
#!/bin/sh
echo "$(basename "$0") $*" >>{root}/calls
case "$(basename "$0") $*" in
"sysctl -n kern.bootsessionuuid") echo NOW ;;
"pfctl -s References") cat {root}/references ;;
"pfctl -E") echo "pf enabled" >&2; echo "Token : 222222222222" >&2 ;;
esac
echo "No ALTQ support in kernel" >&2
"""
LOAD = f"pfctl -a com.apple/100.hybrid-ai -f {pf_scripts.RULES}"
ASK = ["sysctl -n kern.bootsessionuuid", "pfctl -s References"]
HELD = "4063     pfctl                        111111111111     0 days 00:00:00\n"
NONE = "No pf starter references held\n"
PROGRAMS = ("/sbin/pfctl", "/usr/sbin/sysctl", "/bin/sleep", "/bin/launchctl")


class Shell:
    """A scratch root in which absolute paths of a script lie."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for path in PROGRAMS:
            self.write(path, STUB.format(root=root)).chmod(0o755)
        for path in (pf_scripts.LOG, pf_scripts.TOKEN):
            self.path(path).parent.mkdir(parents=True, exist_ok=True)

    def path(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def write(self, path: str, text: str) -> Path:
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text)
        return self.path(path)

    def run(self, script: str) -> list[str]:
        moved = re.sub(
            r"(?<![\w/])/(?=(opt|var|Library|sbin|usr/sbin|bin/sleep|bin/launchctl)/?)", f"{self.root}/", script
        )
        subprocess.run(["/bin/sh"], input=moved.removeprefix("#!/bin/sh\n"), text=True, check=False, timeout=10)
        noted = self.path("/calls")
        return noted.read_text().replace(str(self.root), "").splitlines() if noted.exists() else []


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


KEEP = [
    pytest.param("NOW 111111111111", HELD, [LOAD, *ASK], "NOW 111111111111", id="our token is held"),
    pytest.param("NOW 111111111111", NONE, [LOAD, *ASK, "pfctl -E"], "NOW 222222222222", id="it is void"),
    pytest.param("OLD 111111111111", HELD, [LOAD, *ASK, "pfctl -E"], "NOW 222222222222", id="of an earlier start"),
    pytest.param("NOW 11111111111", HELD, [LOAD, *ASK, "pfctl -E"], "NOW 222222222222", id="only begins like one"),
    pytest.param(None, NONE, [LOAD, *ASK, "pfctl -E"], "NOW 222222222222", id="no token yet"),
]


@pytest.mark.parametrize(("token", "references", "calls", "after"), KEEP)
def test_the_keeper_loads_the_rules_and_holds_one_token(
    shell: Shell, token: str | None, references: str, calls: list[str], after: str
) -> None:
    shell.write("/references", references)
    if token:
        shell.write(pf_scripts.TOKEN, f"{token}\n")
    assert shell.run(pf_scripts.KEEP) == calls
    assert shell.path(pf_scripts.TOKEN).read_text() == f"{after}\n"
    assert "No ALTQ support" in shell.path(pf_scripts.LOG).read_text()


def test_the_keeper_lets_a_change_that_is_not_confirmed_alone(shell: Shell) -> None:
    shell.write(pf_scripts.UNDO.script, "")
    assert shell.run(pf_scripts.KEEP) == []


def test_the_new_token_is_for_root_only(shell: Shell) -> None:
    shell.write("/references", NONE)
    shell.run(pf_scripts.KEEP)
    assert shell.path(pf_scripts.TOKEN).stat().st_mode & 0o777 == 0o600


def test_undo_loads_what_was_confirmed(shell: Shell) -> None:
    shell.write(pf_scripts.RULES, "x")
    shell.write(pf_scripts.UNDO.script, "x")
    calls = shell.run(pf_scripts.undo_text(7))
    assert calls == ["sleep 7", LOAD, "launchctl bootout system/hybrid-ai.firewall-undo"]
    assert not shell.path(pf_scripts.UNDO.script).exists()


def test_undo_of_the_first_rules_leaves_pf_as_it_was(shell: Shell) -> None:
    shell.write(pf_scripts.TOKEN, "NOW 111111111111\n")
    calls = shell.run(pf_scripts.undo_text(7))
    assert calls == [
        "sleep 7",
        "pfctl -a com.apple/100.hybrid-ai -F all",
        "pfctl -X 111111111111",
        "launchctl bootout system/hybrid-ai.firewall-undo",
    ]
    assert not shell.path(pf_scripts.TOKEN).exists()
