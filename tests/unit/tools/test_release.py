# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""When there is no release: one sentence, and a checkout as it was."""

from __future__ import annotations

import subprocess

import pytest
import yaml

from tools import release
from tools.release import ReleaseError

IDENTITY = {
    f"GIT_{role}_{part}": "nobody@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
}
FILES = {
    "galaxy.yml": "---\nname: cluster\nversion: 0.3.0\ndependencies: {}\n",
    "pyproject.toml": '[project]\nversion = "0.3.0"\n\n[tool.mypy]\npython_version = "3.11"\n',
    "changelogs/changelog.yaml": yaml.safe_dump({"releases": {"0.2.0": {}, "0.10.0": {}, "0.3.0": {}}}),
    "changelogs/fragments/9-lamp.yml": "---\nbugfixes: [lamp - it shines.]\n",
}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout without changes, of which 0.10.0 is the newest release."""
    for name, value in {**IDENTITY, "GIT_CONFIG_GLOBAL": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for argv in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "All"], ["tag", "0.11.0"]):
        subprocess.run(["git", *argv], cwd=tmp_path, check=True)
    return tmp_path


def status(checkout):
    return release.run(checkout, "git", "status", "--porcelain")


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        pytest.param("", "Write the version as three numbers, such as VERSION=1.2.0, instead of VERSION=.", id="none"),
        pytest.param("v1.2.0", "such as VERSION=1.2.0, instead of VERSION=v1.2.0.", id="letters"),
        pytest.param("1.2", "such as VERSION=1.2.0, instead of VERSION=1.2.", id="two numbers"),
        pytest.param("0.9.0", "Version 0.9.0 is not newer than 0.10.0, which is released already.", id="older"),
        pytest.param("0.10.0", "Version 0.10.0 is not newer than 0.10.0, which is released already.", id="the same"),
        pytest.param("0.11.0", "There is a tag 0.11.0 already.", id="tagged"),
    ],
)
def test_a_version_that_cannot_be_next(checkout, version, sentence):
    with pytest.raises(ReleaseError) as raised:
        release.release(checkout, version)
    assert str(raised.value).endswith(sentence)
    assert status(checkout) == ""


def commit(checkout, name, text):
    if text is None:
        (checkout / name).unlink()
    else:
        (checkout / name).write_text(text)
    subprocess.run(["git", "commit", "--quiet", "--all", "--message", "Change"], cwd=checkout, check=True)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        pytest.param(
            "galaxy.yml",
            "version: 0.20.0\n",
            "0.12.0 is older than 0.20.0, which galaxy.yml says.",
            id="planned",
        ),
        pytest.param(
            "changelogs/fragments/9-lamp.yml",
            None,
            "There is nothing to release: changelogs/fragments is empty.",
            id="no fragment",
        ),
    ],
)
def test_a_checkout_that_cannot_be_released(checkout, name, text, sentence):
    commit(checkout, name, text)
    with pytest.raises(ReleaseError, match=sentence):
        release.release(checkout, "0.12.0")
    assert status(checkout) == ""


def test_what_is_not_committed_stays(checkout):
    (checkout / "galaxy.yml").write_text("version: 0.3.0 # mine\n")
    (checkout / "notes.txt").write_text("mine\n")
    with pytest.raises(ReleaseError, match=r"Commit or remove what is not committed first: galaxy.yml, notes.txt\."):
        release.release(checkout, "0.12.0")
    assert (checkout / "galaxy.yml").read_text() == "version: 0.3.0 # mine\n"
    assert (checkout / "notes.txt").exists()


@pytest.mark.parametrize("failing", ["antsibull-changelog", "ansible-galaxy", "git commit", "git tag --annotate"])
def test_one_that_fails_leaves_nothing(checkout, monkeypatch, failing):
    real = release.run

    def run(root, *argv):
        if " ".join(argv).startswith(failing):
            raise ReleaseError(f"{failing} failed: a reason")
        if argv[0] == "antsibull-changelog":
            (root / "CHANGELOG.rst").write_text("new\n")
            (root / "changelogs/fragments/9-lamp.yml").unlink()
        return "" if argv[0] in ("antsibull-changelog", "ansible-galaxy") else real(root, *argv)

    monkeypatch.setattr(release, "run", run)
    before = real(checkout, "git", "rev-parse", "HEAD")
    with pytest.raises(ReleaseError, match=f"{failing} failed: a reason"):
        release.release(checkout, "0.12.0")
    assert status(checkout) == ""
    assert real(checkout, "git", "rev-parse", "HEAD") == before
    assert {name: (checkout / name).read_text() for name in FILES} == FILES
    assert not (checkout / "CHANGELOG.rst").exists()


def test_both_files_say_the_version(checkout):
    for name in ("galaxy.yml", "pyproject.toml"):
        release.write_version(checkout / name, "1.2.0")
        assert (checkout / name).read_text() == FILES[name].replace("0.3.0", "1.2.0")


def test_the_command_prints_the_sentence(monkeypatch, capsys, checkout):
    monkeypatch.setattr(release, "ROOT", checkout)
    assert release.main(["0.1.0"]) == 1
    assert capsys.readouterr().err == "Version 0.1.0 is not newer than 0.10.0, which is released already.\n"
