# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""bootstrap_removal: its script, run by a shell on the files of a host that is made up, and what is said of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.hybrid_ai.cluster.plugins.action import bootstrap_removal

if TYPE_CHECKING:
    from pathlib import Path

KEY = "ssh-ed25519 AAAA hybrid-ai cluster"
OTHER = "ssh-ed25519 BBBB admin@desk"
PASSWORDS = "passwordauthentication yes\nkbdinteractiveauthentication no\npermitrootlogin without-password\n"
MAY = "User admin may run the following commands on olab1:\n    (ALL) ALL\n"
MAY_NOT = "User admin is not allowed to run sudo on olab1.\n"
ALL = ["Python", "passwordless sudo", "cluster key"]

# What the script asks of the host; everything else is done by the real programs.
PROGRAMS = {
    "id": 'case "$1" in -un) echo admin;; *) echo "$FAKE_UID";; esac',
    "uname": 'echo "$FAKE_KERNEL"',
    "passwd": 'echo "admin $FAKE_PASSWORD 2026-11-21 0 99999 7 -1"',
    "sshd": '[ -z "$FAKE_SSHD" ] && exit 1; printf "%s" "$FAKE_SSHD"',
    "sudo": 'if [ "$1" = -l ]; then printf "%s" "$FAKE_SUDO"; exit; fi; shift 4; exec "$@"',
}


@dataclass
class Host:
    """A host below a directory, and what its programs say."""

    root: Path
    kernel: str = "Darwin"
    said: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys, self.rule = self.root / "home/.ssh/authorized_keys", self.root / "sudoers.d/hybrid-ai"
        self.python = self.root / "opt/hybrid-ai/python"
        for path in (self.keys, self.rule, self.python / "bin/python3", self.root / "home/.ansible/tmp"):
            path.parent.mkdir(parents=True, exist_ok=True)
        (self.root / "home/.ansible/tmp").mkdir()
        self.keys.write_text(f"{OTHER}\n{KEY}\n")
        self.rule.write_text("admin ALL=(ALL) NOPASSWD: ALL\n")
        (self.python / "bin/python3").write_text("")
        (self.python / ".archive-sha256").write_text("")
        for name, text in PROGRAMS.items():
            path = self.root / "bin" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"#!/bin/sh\n{text}\n")
            path.chmod(0o755)
        self.said = {"UID": "501", "PASSWORD": "P", "SSHD": PASSWORDS, "SUDO": MAY}

    @property
    def environment(self) -> dict[str, str]:
        said = {f"FAKE_{name}": text for name, text in {**self.said, "KERNEL": self.kernel}.items()}
        return {
            **os.environ,
            **said,
            "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.root / "home"),
        }

    def left(self) -> list[str]:
        """Name what of the access is there."""
        there = {"Python": self.python, "passwordless sudo": self.rule}
        found = [name for name, path in there.items() if path.exists()]
        key = self.keys.exists() and KEY in self.keys.read_text().splitlines()
        return [*found, *(["cluster key"] if key else [])]


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


@pytest.fixture
def remove(host, monkeypatch):
    """Run the action on the host."""
    monkeypatch.setattr(bootstrap_removal, "SUDOERS_FILE", str(host.rule))
    monkeypatch.setattr(bootstrap_removal.ActionBase, "run", lambda *_, **__: {})

    def run(*, check=False, key=KEY):
        def execute(command, sudoable):
            users.append(sudoable)
            done = subprocess.run(
                ["/bin/sh", "-c", command], env=host.environment, capture_output=True, text=True, check=False
            )
            return {"rc": done.returncode, "stdout": done.stdout, "stderr": done.stderr}

        users: list[bool] = []
        action = bootstrap_removal.ActionModule.__new__(bootstrap_removal.ActionModule)
        arguments = {"public_key": key, "interpreter": f"{host.python}/bin/python3"}
        action._task = SimpleNamespace(args=arguments, check_mode=check, async_val=0)
        monkeypatch.setattr(action, "_low_level_execute_command", execute, raising=False)
        result = action.run(task_vars={})
        # Looks first, and does everything at once as root.
        assert users == [False, True]
        return result

    return run


def test_a_check_predicts_what_is_then_removed_and_once_more_nothing(host, remove):
    predicted = remove(check=True)
    assert host.left() == predicted["removed"] == ALL
    result = remove()
    assert (result["changed"], result["removed"], result["kept"]) == (True, ALL, [])
    assert result["diff"] == predicted["diff"]
    assert host.left() == []
    assert host.keys.read_text() == f"{OTHER}\n"
    assert sorted(path.name for path in host.rule.parent.iterdir()) == []
    assert not (host.root / "home/.ansible").exists()
    assert not host.python.parent.exists()
    again = remove()
    assert (again["changed"], again["removed"], again["kept"]) == (False, [], [])


def test_linux_keeps_its_own_python(host, remove):
    host.kernel = "Linux"
    assert remove()["removed"] == ["passwordless sudo", "cluster key"]
    assert host.left() == ["Python"]


def test_a_key_that_was_alone_leaves_no_file(host, remove):
    host.keys.write_text(f"{KEY}\n")
    remove()
    assert not host.keys.parent.exists()


def test_root_has_no_rule_and_needs_no_sudo(host, remove):
    host.said.update({"UID": "0", "SUDO": MAY_NOT})
    assert remove()["removed"] == ALL


NO_SUDO = "passwordless sudo: admin could not use sudo without it; it is the file {root}/sudoers.d/hybrid-ai"
NO_KEY = (
    "the cluster's key: admin has no other key and no password to log in with; it is a line of "
    "{root}/home/.ssh/authorized_keys"
)


@pytest.mark.parametrize(
    ("kernel", "said", "others", "kept"),
    [
        pytest.param("Darwin", {"SUDO": MAY_NOT}, True, [NO_SUDO], id="no-administrator"),
        pytest.param("Darwin", {"SUDO": ""}, True, [NO_SUDO], id="sudo-says-nothing"),
        pytest.param("Linux", {"PASSWORD": "L"}, True, [NO_SUDO], id="no-password-for-sudo"),
        pytest.param("Linux", {"PASSWORD": "L"}, False, [NO_SUDO, NO_KEY], id="no-password-at-all"),
        pytest.param("Darwin", {"SSHD": "passwordauthentication no\n"}, False, [NO_KEY], id="keys-only"),
        pytest.param("Darwin", {"SSHD": "passwordauthentication no\n"}, True, [], id="keys-only-and-another-one"),
        pytest.param("Darwin", {"SSHD": "kbdinteractiveauthentication yes\n"}, False, [], id="asks-for-the-password"),
        pytest.param("Darwin", {"SSHD": ""}, False, [NO_KEY], id="sshd-says-nothing"),
        pytest.param("Darwin", {"UID": "0"}, False, [NO_KEY], id="root-by-key-only"),
        pytest.param("Darwin", {}, False, [], id="passwords"),
    ],
)
def test_nobody_is_locked_out(host, remove, kernel, said, *, others, kept):
    host.kernel = kernel
    host.said.update(said)
    if not others:
        host.keys.write_text(f"# the cluster's\n\n{KEY}\n")
    before = host.keys.read_text()
    result = remove()
    assert result["kept"] == [text.format(root=host.root) for text in kept]
    assert ("passwordless sudo" in host.left()) is (NO_SUDO in kept)
    assert ("cluster key" in host.left()) is (NO_KEY in kept)
    if NO_KEY in kept:
        assert host.keys.read_text() == before
    assert sorted(path.name for path in host.rule.parent.iterdir()) == (["hybrid-ai"] if NO_SUDO in kept else [])


def test_a_python_of_somebody_else_stays(host, remove):
    (host.python / ".archive-sha256").unlink()
    result = remove()
    assert result["kept"] == [f"the Python at {host.python}, which bootstrap did not bring"]
    assert host.left() == ["Python"]


def test_a_key_of_the_operators_own_stays(host, remove):
    result = remove(key="")
    assert result["removed"] == ["Python", "passwordless sudo"]
    assert result["kept"] == [f"every key in {host.keys}: this machine has none that was made for this inventory"]


def test_what_cannot_be_removed_is_a_failure_and_the_key_stays(host, remove):
    (host.root / "bin/mv").write_text("#!/bin/sh\nexit 1\n")
    (host.root / "bin/mv").chmod(0o755)
    with pytest.raises(AnsibleActionFail, match="passwordless sudo, cluster key could not be removed"):
        remove()
    assert host.left() == ["passwordless sudo", "cluster key"]


@pytest.mark.parametrize("signal", ["HUP", "TERM", "INT"])
def test_it_goes_on_when_the_connection_breaks(host, signal):
    """The shell is told to end before its first step, and nobody reads what it says."""
    script = bootstrap_removal.SCRIPT.replace("remove_python &&", f"kill -{signal} $$; kill -PIPE $$; remove_python &&")
    assert script != bootstrap_removal.SCRIPT
    home, words = str(host.root / "home"), (str(host.python), ".archive-sha256", str(host.rule), "no")
    reader, writer = os.pipe()
    os.close(reader)
    argv = [shutil.which("sh") or "/bin/sh", "-c", script, "sh", "admin", home, KEY, *words]
    subprocess.run(argv, env=host.environment, stdout=writer, stderr=writer, check=False)
    os.close(writer)
    assert host.left() == []
