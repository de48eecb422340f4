# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`make release` in a copy of the project: what it writes, builds, commits and tags."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from tests import collection
from tests.collection import ROOT, in_the_checkout

# A tool of maintainers, which the environments of other versions of Ansible lack.
pytest.importorskip("antsibull_changelog")

VERSION = "7.8.9"
IDENTITY = {
    f"GIT_{role}_{part}": "nobody@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
}


class Copy:
    """The project as one commit of another repository."""

    def __init__(self, place: Path) -> None:
        self.place = place
        for name in in_the_checkout():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
        (place / "changelogs/fragments/0-lamp.yml").write_text("---\nbugfixes: [lamp - it shines again.]\n")
        for argv in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "All"]):
            self.run("git", *argv)

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            **IDENTITY,
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        return subprocess.run(argv, cwd=self.place, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    copy = Copy(tmp_path_factory.mktemp("project"))
    done = copy.run(sys.executable, "-m", "tools.release", VERSION)
    assert done.returncode == 0, done.stderr
    assert f"build/release/hybrid_ai-cluster-{VERSION}.tar.gz" in done.stdout
    return copy


def test_it_is_one_commit_with_a_tag_and_nothing_is_left_over(released):
    assert released.run("git", "log", "--format=%s").stdout.splitlines() == [f"Release {VERSION}", "All"]
    assert released.run("git", "describe", "--exact-match").stdout.strip() == VERSION
    assert released.run("git", "status", "--porcelain").stdout == ""


def test_the_changelog_tells_of_the_fragments_which_are_gone(released):
    notes = (released.place / "CHANGELOG.rst").read_text()
    assert f"\nv{VERSION}\n" in notes
    assert "- lamp - it shines again." in notes
    # What lists them in the changelog is read with the next release too.
    assert list((released.place / "changelogs/fragments").glob("*.yml")) == []
    known = yaml.safe_load((released.place / "changelogs/changelog.yaml").read_text())["releases"]
    assert "0-lamp.yml" in known[VERSION]["fragments"]
    assert released.run("antsibull-changelog", "lint").returncode == 0


def test_the_tarball_is_of_that_version_and_holds_the_changelog(released, tmp_path):
    tarball = released.place / f"build/release/hybrid_ai-cluster-{VERSION}.tar.gz"
    assert "CHANGELOG.rst" in collection.files(tarball)
    with tarfile.open(tarball) as archive:
        manifest = json.load(archive.extractfile("MANIFEST.json"))
    assert manifest["collection_info"]["version"] == VERSION


def test_the_linter_of_yaml_has_nothing_to_say_of_what_it_wrote(released):
    done = released.run("yamllint", "--strict", "changelogs", "galaxy.yml")
    assert done.returncode == 0, done.stdout


def test_the_same_version_is_refused_in_one_sentence(released):
    done = released.run(sys.executable, "-m", "tools.release", VERSION)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Version {VERSION} is not newer than {VERSION}, which is released already.\n"
