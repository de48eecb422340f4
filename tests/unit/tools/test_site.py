# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What becomes a page of the site, and where its links lead there."""

from __future__ import annotations

import importlib.util
import re
from itertools import pairwise
from types import SimpleNamespace

import pytest

from generate.role_reference import WRITTEN
from tools import site
from tools.site import ROOT, SiteError

FILES = {
    "galaxy.yml": "repository: https://example.com/lamps\n",
    "README.md": "# lamps\n\n[page](docs/page.md), [rules](CONTRIBUTING.md#rules), [all](docs/roles.md)\n",
    "CONTRIBUTING.md": "# Contributing\n\n[code](plugins/lamp.py) and [elsewhere](https://example.com/#x)\n",
    "SECURITY.md": "# Security\n",
    "docs/page.md": "# Page\n\n[home](../README.md) [lamp](../roles/lamp/README.md) [cord](../roles/cord/README.md)\n",
    "docs/roles.md": "# Roles\n",
    "plugins/lamp.py": "",
    "roles/lamp/README.md": f"# lamp\n\nSee [page](../../docs/page.md).\n\n{WRITTEN}\n\n## Variables\n",
    "roles/lamp/meta/argument_specs.yml": "",
    "roles/cord/meta/argument_specs.yml": "",
    "roles/fuse/README.md": "# fuse\n\nIt has no variables.\n",
    "roles/cord/README.md": f"# cord\n\n{WRITTEN}\n\n## Variables\n",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(site, "ROOT", tmp_path)
    return tmp_path


def links(text):
    return re.findall(r"\]\(([^)]+)\)", text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("README.md", ["docs/page.md", "CONTRIBUTING.md#rules", "collection/index.rst"], id="home"),
        pytest.param(
            "CONTRIBUTING.md",
            ["https://example.com/lamps/blob/HEAD/plugins/lamp.py", "https://example.com/#x"],
            id="code",
        ),
        pytest.param(
            "docs/page.md", ["../index.md", "../roles/lamp/README.md", "../collection/cord_role.rst"], id="roles"
        ),
        pytest.param("roles/fuse/README.md", [], id="a role without variables"),
        pytest.param("roles/lamp/README.md", ["../../docs/page.md", "../../collection/lamp_role.rst"], id="a role"),
    ],
)
def test_where_links_lead(project, name, expected):
    assert links(site.page(name, site.pages())) == expected


def test_a_role_is_a_page_where_somebody_wrote_about_it(project):
    site.lay_out(project / "source")
    assert not (project / "source/roles/cord").exists()
    assert "Variables" not in (project / "source/roles/lamp/README.md").read_text()


def test_the_changelog_is_a_page_once_there_is_one(project):
    assert "CHANGELOG" not in site.page("README.md", site.pages())
    (project / "CHANGELOG.rst").write_text("Notes\n=====\n")
    site.lay_out(project / "source")
    assert "\nCHANGELOG.rst\n" in (project / "source/index.md").read_text()
    assert (project / "source/CHANGELOG.rst").read_text() == "Notes\n=====\n"


def test_a_link_that_leads_nowhere_is_an_error(project):
    (project / "docs/page.md").write_text("# Page\n\n[x](gone.md)\n")
    with pytest.raises(SiteError, match=r"docs/page.md leads to gone.md, which does not exist\."):
        site.lay_out(project / "source")


KNOWN = site.pages()


@pytest.mark.parametrize("name", KNOWN)
def test_the_pages_of_this_project(name):
    """Sphinx would warn of headings that leave a step out, and of a page in no list; only `make test-all` runs it."""
    text = site.page(name, KNOWN)
    outside = "".join(text.split("```")[::2])
    steps = [len(marks) for marks in re.findall(r"^(#+) ", outside, re.MULTILINE)]
    assert steps[0] == 1
    assert steps.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(steps))
    place = KNOWN[name]
    assert place == "index.md" or f"\n{place}\n" in site.page("README.md", KNOWN)


@pytest.mark.parametrize(
    ("label", "page"),
    [
        pytest.param("common_return_values", "reference_appendices/common_return_values.html", id="a page"),
        pytest.param(
            "ansible_collections.ansible.builtin.get_url_module",
            "collections/ansible/builtin/get_url_module.html",
            id="a module",
        ),
        pytest.param(
            "ansible_collections.community.crypto.openssh_keypair_module__parameter-size",
            "collections/community/crypto/openssh_keypair_module.html",
            id="an option",
        ),
        pytest.param("ansible_collections.hybrid_ai.cluster.lamp_module", None, id="a module of ours that is missing"),
        pytest.param("no_such_page", None, id="unknown"),
    ],
)
def test_names_of_ansibles_own_documentation(label, page):
    nodes = pytest.importorskip("docutils.nodes")
    found = importlib.util.spec_from_file_location("conf", ROOT / "docs/site/conf.py")
    conf = importlib.util.module_from_spec(found)
    found.loader.exec_module(conf)
    link = conf.refer_to_ansible(SimpleNamespace(), None, {"reftarget": label}, nodes.literal(text=label))
    assert (link and link["refuri"]) == (page and f"{conf.ANSIBLE}/{page}")
