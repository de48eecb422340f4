# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Galaxy's importer, which decides whether a collection is published, has nothing to say of the tarball."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import collection
from tests.collection import ROOT

ENVIRONMENT = ROOT / "build/importer"


@pytest.fixture(scope="module")
def importer():
    """Return the Python of an environment with the importer, made or brought up to date first."""
    subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    python = str(ENVIRONMENT / "bin/python")
    packages = ["--require-hashes", "-r", str(ROOT / "requirements/importer.txt")]
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
    return python


def judged(importer, directory, tarball):
    """Return what the importer says besides the names of what it reads."""
    argv = [importer, "-m", "galaxy_importer.main", str(tarball)]
    environment = {
        **os.environ,
        # It looks for Ansible's programs on PATH; the project's environment has others.
        "PATH": f"{Path(importer).parent}:{os.defpath}",
        # `make lint` runs the same linter, with the collections beside it that ours depends on. The importer has none,
        # and warns of each of their modules.
        "GALAXY_IMPORTER_RUN_ANSIBLE_LINT": "false",
    }
    done = subprocess.run(argv, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith(("ERROR:", "WARNING:"))]


def test_it_accepts_the_tarball_without_a_warning(importer, tmp_path):
    assert judged(importer, tmp_path, collection.build(tmp_path)) == (0, [])


def test_it_would_say_what_is_missing(importer, tmp_path):
    whole = tmp_path / "whole"
    place = collection.unpack(collection.build(whole), tmp_path)
    (place / "roles/verify/README.md").unlink()
    # The tarball's lists of files would not be true any more.
    for name in ("FILES.json", "MANIFEST.json"):
        (place / name).unlink()
    (place / "galaxy.yml").write_text((ROOT / "galaxy.yml").read_text(encoding="utf-8"), encoding="utf-8")
    tarball = collection.build(tmp_path / "part", place)
    assert judged(importer, tmp_path, tarball) == (
        1,
        ["ERROR: The import failed for the following reason: No role readme found."],
    )
