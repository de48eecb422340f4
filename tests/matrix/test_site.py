# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`make site` builds the documentation without a network and without a warning, and leaves nothing out."""

from __future__ import annotations

import subprocess

import pytest

from tests.collection import ROOT


@pytest.fixture(scope="module")
def site():
    """Build the site; its tools are installed first, which does need the network."""
    for argv in (["make", "site-tools"], ["unshare", "--net", "make", "site"]):
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return ROOT / "build/site"


def test_every_page_is_there(site):
    pages = {path.stem for path in ROOT.glob("docs/*.md")} - {"roles"}
    assert {path.stem for path in site.glob("docs/*.html")} == pages
    assert {"CONTRIBUTING", "SECURITY", "index", "search"} <= {path.stem for path in site.glob("*.html")}
    assert "first-hour.html" in (site / "index.html").read_text(encoding="utf-8")


def test_every_module_plugin_and_role_is_there(site):
    wanted = {f"{path.stem}_module" for path in ROOT.glob("plugins/modules/*.py")}
    wanted |= {f"{path.stem}_lookup" for path in ROOT.glob("plugins/lookup/*.py")}
    wanted |= {f"{path.parents[1].name}_role" for path in ROOT.glob("roles/*/meta/argument_specs.yml")}
    found = {path.stem for path in site.glob("collection/*.html")}
    assert wanted - found == set()
    assert [name for name in found if name.endswith("_filter")]


def test_nothing_is_loaded_from_elsewhere(site):
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not any(f'{attribute}="http' in text for attribute in ("src", "data-src")), path
        assert not any('rel="stylesheet"' in line and "//" in line for line in text.splitlines()), path
