# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords appear in no output at -vvv, in no process list and in no file."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest


def command_lines() -> list[str]:
    """Return the command line of every process, those inside the lab's hosts included."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return lines


@pytest.fixture
def watched(cluster):
    """Run something while every process list is searched for a secret; return the command lines that showed it."""

    def watch(secret: str, run) -> list[str]:
        shown: list[str] = []
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(0.05):
                shown.extend(line for line in command_lines() if secret in line)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            run()
        finally:
            ended.set()
            thread.join()
        return shown

    return watch


def files_with(secret: str, *roots: Path) -> list[str]:
    """Return the files below some directories that hold a secret in clear."""
    needle = secret.encode()
    found = []
    for root in roots:
        for path in root.rglob("*"):
            try:
                if path.is_file() and not path.is_symlink() and needle in path.read_bytes():
                    found.append(str(path))
            except OSError:
                continue
    return found


def test_the_password_of_a_bare_host(cluster, watched):
    cluster.lab("reset")
    secret, outputs = cluster.password, []

    def bootstrap() -> None:
        path = str(cluster.directory / "password")
        process = cluster.start(
            "playbooks/bootstrap.yml", "-vvv", "--connection-password-file", path, "--become-password-file", path
        )
        outputs.append(process.communicate()[0])
        assert process.returncode == 0, outputs[0][-3000:]

    assert watched(secret, bootstrap) == []
    assert secret not in outputs[0]
    disks = [Path("/var/lib/hybrid-lab") / cluster.name / host / "upper" for host in ("olab0", "olab1")]
    assert files_with(secret, *disks, cluster.directory / "log", cluster.directory / "ssh") == []


def test_the_password_that_turns_filevault_off(cluster, watched):
    cluster.bootstrap()
    cluster.turn_filevault_on("olab1")
    secret, outputs = cluster.password, []

    def headless() -> None:
        process = cluster.start(
            "site.yml",
            "--tags",
            "macos_headless",
            "--limit",
            "olab1",
            "-vvv",
            "--diff",
            "-e",
            "macos_headless_filevault_user=admin",
            "-e",
            "macos_headless_filevault_password={{ lookup('ansible.builtin.env', 'FILEVAULT_PASSWORD') }}",
            FILEVAULT_PASSWORD=secret,
        )
        outputs.append(process.communicate()[0])
        assert process.returncode == 0, outputs[0][-3000:]

    assert watched(secret, headless) == []
    assert secret not in outputs[0]
    assert cluster.execute("olab1", "fdesetup", "status").startswith("FileVault is Off.")
    assert files_with(secret, Path("/var/lib/hybrid-lab") / cluster.name / "olab1" / "upper") == []
