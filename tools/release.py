# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`make release VERSION=1.2.0`: changelog, versions, tarball, commit and tag. Nothing leaves this machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
TARBALLS = "build/release"
CHANGED = ("CHANGELOG.rst", "changelogs", "galaxy.yml", "pyproject.toml")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_LINES = {
    "galaxy.yml": ("version: {}", r"^version: (.+)$"),
    "pyproject.toml": ('version = "{}"', r'^version = "(.+)"$'),
}


class ReleaseError(Exception):
    """Why there is no release, as one sentence."""


def release(root: Path, version: str) -> Path:
    """Make a release of a checkout, and return its tarball; where that fails, the checkout is as it was."""
    refuse(root, version)
    before = run(root, "git", "rev-parse", "HEAD").strip()
    try:
        for name in _LINES:
            write_version(root / name, version)
        run(root, "antsibull-changelog", "release", "--version", version)
        run(root, "ansible-galaxy", "collection", "build", "--force", "--output-path", TARBALLS)
        run(root, "git", "add", *CHANGED)
        run(root, "git", "commit", "--quiet", "--message", f"Release {version}")
        run(root, "git", "tag", "--annotate", version, "--message", f"hybrid_ai.cluster {version}")
    except BaseException:
        # Nothing that was not committed is lost: there was nothing.
        run(root, "git", "reset", "--quiet", "--hard", before)
        run(root, "git", "clean", "--quiet", "--force", "-d", *CHANGED)
        raise
    return root / TARBALLS / f"hybrid_ai-cluster-{version}.tar.gz"


def refuse(root: Path, version: str) -> None:
    """Raise the reason why this version cannot be released now, if there is one."""
    if not _VERSION.fullmatch(version):
        raise ReleaseError(f"Write the version as three numbers, such as VERSION=1.2.0, instead of VERSION={version}.")
    changed = run(root, "git", "status", "--porcelain").splitlines()
    if changed:
        names = ", ".join(sorted(line[3:] for line in changed))
        raise ReleaseError(f"Commit or remove what is not committed first: {names}.")
    known = yaml.safe_load((root / "changelogs/changelog.yaml").read_text(encoding="utf-8"))["releases"]
    released = max(known, key=numbers, default="")
    if released and numbers(version) <= numbers(released):
        raise ReleaseError(f"Version {version} is not newer than {released}, which is released already.")
    written = read_version(root / "galaxy.yml")
    if numbers(version) < numbers(written):
        raise ReleaseError(f"Version {version} is older than {written}, which galaxy.yml says.")
    if run(root, "git", "tag", "--list", version):
        raise ReleaseError(f"There is a tag {version} already.")
    if not list((root / "changelogs/fragments").glob("*.y*ml")):
        raise ReleaseError("There is nothing to release: changelogs/fragments is empty.")


def numbers(version: str) -> tuple[int, ...]:
    """Return a version as something that can be compared."""
    return tuple(int(part) for part in version.split("."))


def read_version(path: Path) -> str:
    """Return the version that a file says."""
    _, pattern = _LINES[path.name]
    (found,) = re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    return str(found)


def write_version(path: Path, version: str) -> None:
    """Write the version into a file, and read it back."""
    line, pattern = _LINES[path.name]
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(pattern, line.format(version), text, flags=re.MULTILINE), encoding="utf-8")
    if read_version(path) != version:
        raise ReleaseError(f"{path.name} does not say {version}, though it was written there.")


def run(root: Path, *argv: str) -> str:
    """Run a program in the checkout, and return what it printed."""
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ReleaseError(f"{' '.join(argv[:3])} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def main(arguments: list[str]) -> int:
    """Release what the command line says, or print why not."""
    version = arguments[0] if arguments else ""
    try:
        tarball = release(ROOT, version)
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{tarball.relative_to(ROOT)}, one commit and the tag {version} are made. To publish them:")
    print(f"  git push origin HEAD {version}")
    print(f"  ansible-galaxy collection publish {tarball.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
