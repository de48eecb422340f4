# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A git repository in the place of exo's own, with a tree of the same shape and the stand-in in it.

A web server that knows nothing of git serves it. Its network library is no library and lies there built, because the
lab has no Rust: that exo's sources build is tried outside of the lab.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import bundle

REPOSITORY = "exo.git"
COMMIT = "source-commit"
_MOMENT = "2026-04-23T00:00:00+00:00"  # the day of the real release: the same tree is always the same commit
_NOTE = "The stand-in of hybrid_ai.cluster's lab, in a tree of the shape of exo's sources; nothing of exo is in it.\n"
_MAIN = '''"""Start the stand-in as exo is started from its sources."""

import sys

from exo_standin.cli import main

sys.exit(main())
'''
_CRATE = '[package]\nname = "exo_pyo3_bindings"\nversion = "0.0.0"\nedition = "2024"\n'


def tree() -> dict[str, bytes]:
    """Return every file by its path."""
    texts = {
        "LICENSE": _NOTE,
        "README.md": _NOTE,
        "pyproject.toml": '[project]\nname = "exo"\nversion = "0"\nrequires-python = ">=3.11"\n',
        "Cargo.lock": "version = 4\n",
        "resources/inference_model_cards/README": _NOTE,
        "rust/exo_pyo3_bindings/Cargo.toml": _CRATE,
        "src/exo/__init__.py": "",
        "src/exo/__main__.py": _MAIN,
        "target/release/libexo_pyo3_bindings.so": _NOTE,
    }
    standin = {path: entry.data for path, entry in bundle.package(bundle.HERE / "standin", "src/exo_standin").items()}
    return {**{path: text.encode() for path, text in texts.items()}, **standin}


def build(destination: Path, *versions: str) -> str:
    """Write the repository with a tag for each version below a directory, and return their commit."""
    repository = destination / REPOSITORY
    shutil.rmtree(repository, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        for path, content in tree().items():
            target = Path(work, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        _git(work, "init", "--quiet", "--initial-branch=main")
        _git(work, "add", "--force", "--all")
        _git(work, "commit", "--quiet", "--message=The stand-in")
        for version in versions:
            _git(work, "tag", f"v{version}")
        commit = _git(work, "rev-parse", "HEAD").strip()
        _git(work, "clone", "--quiet", "--bare", work, str(repository))
    # What a plain web server needs beside the objects.
    _git(str(repository), "repack", "-a", "-d", "--quiet")
    _git(str(repository), "update-server-info")
    shutil.rmtree(repository / "hooks", ignore_errors=True)
    (destination / COMMIT).write_text(f"{commit}\n", encoding="ascii")
    return commit


def _git(directory: str, *arguments: str) -> str:
    """Run git with nothing of the user's own settings."""
    person = {"NAME": "The lab", "EMAIL": "lab@example.org", "DATE": _MOMENT}
    identity = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()}
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", **identity}
    done = subprocess.run(
        ["git", *arguments], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
