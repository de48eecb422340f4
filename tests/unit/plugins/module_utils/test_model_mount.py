# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A directory of models on a disk of its own: refused while that disk is away, and nothing is written beneath."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import mount

MOUNT = ("mount", "-t", "tmpfs", "-o", "size=1m")


@pytest.fixture
def disk(tmp_path):
    """A mount point with a small disk that can be mounted and taken away."""
    point = tmp_path / "disk"
    point.mkdir()
    if os.geteuid() != 0 or subprocess.run([*MOUNT, "disk", str(point)], check=False).returncode != 0:
        pytest.skip("only root can mount")
    detach(point)
    yield point
    subprocess.run(["umount", "--lazy", str(point)], check=False, stderr=subprocess.DEVNULL)


def attach(point, device="disk"):
    subprocess.run([*MOUNT, device, str(point)], check=True)


def detach(point):
    subprocess.run(["umount", str(point)], check=True)


def remember(directory, state):
    """Do what the module does with a disk that is new."""
    assert mount.is_new(str(directory), str(state))
    directory.mkdir(exist_ok=True)
    name = mount.new_marker()
    (directory / mount.MARKER).write_text(f"{name}\n")
    (state / mount.MEMORY).write_text(mount.memory(str(directory), name))


def test_the_disk_of_the_system_is_not_guarded(tmp_path):
    # Whatever a test's directory is on, its parent is on the same.
    (tmp_path / "state").mkdir()
    assert mount.problem(str(tmp_path / "models"), str(tmp_path / "state")) is None
    assert mount.find("/") is None


def test_a_disk_is_refused_while_it_is_away(tmp_path, disk):
    models, state = disk / "models", tmp_path
    attach(disk)
    remember(models, state)
    assert mount.problem(str(models), str(state)) is None
    assert not mount.is_new(str(models), str(state))
    detach(disk)
    sentence = mount.problem(str(models), str(state))
    assert sentence.startswith(
        f"{models} lies on the disk disk, which is not mounted at {disk} now: attach and mount it"
    )
    # The empty directory below the mount point does not look like it either.
    models.mkdir()
    assert "is not mounted" in mount.problem(str(models), str(state))


def test_another_disk_is_refused(tmp_path, disk):
    models, state = disk / "models", tmp_path
    attach(disk)
    remember(models, state)
    detach(disk)
    attach(disk, "other")
    assert f"{disk} has another disk mounted, other, than the one with the models" in mount.problem(
        str(models), str(state)
    )


def test_a_link_to_a_disk_is_followed(tmp_path, disk):
    attach(disk)
    link = tmp_path / "models"
    link.symlink_to(disk / "m")
    (disk / "m").mkdir()
    remember(link, tmp_path)
    detach(disk)
    assert "is not mounted" in mount.problem(str(link), str(tmp_path))


def test_another_directory_that_was_chosen_since_is_not_refused(tmp_path, disk):
    attach(disk)
    remember(disk / "models", tmp_path)
    detach(disk)
    assert mount.problem(str(tmp_path / "elsewhere"), str(tmp_path)) is None


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"directory": "/models"})])
def test_a_memory_that_cannot_be_read_refuses_nothing(tmp_path, text):
    (tmp_path / mount.MEMORY).write_text(text)
    assert mount.problem("/models", str(tmp_path)) is None
