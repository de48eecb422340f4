# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Sphinx's configuration for the pages that `make site` builds; tools/site.py lays them out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "hybrid_ai.cluster"
copyright = "the hybrid_ai.cluster contributors, GPL-3.0-or-later"  # noqa: A001 - Sphinx reads this name

extensions = ["myst_parser", "sphinx_antsibull_ext"]
# Every name that a page refers to has to be known.
nitpicky = True
myst_heading_anchors = 3
# For blocks that do not say their language.
highlight_language = "none"
pygments_style = "ansible"

html_theme = "alabaster"
html_theme_options = {"page_width": "80rem", "body_max_width": "auto", "sidebar_width": "16rem", "fixed_sidebar": True}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_show_sphinx = False
html_copy_source = False
html_use_index = False

# What the pages of modules refer to in Ansible's own documentation. Sphinx would ask the internet where it is.
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest"
PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
PLUGIN = re.compile(r"ansible_collections\.(?!hybrid_ai\.)(\w+)\.(\w+)\.(\w+?_(?:filter|lookup|module))(?:__.*)?")


def refer_to_ansible(_app: Sphinx, _env: object, node: Any, content: nodes.TextElement) -> nodes.reference | None:
    """Return the link to a page of Ansible's documentation, or nothing where the name is not one of its."""
    label = node["reftarget"]
    if plugin := PLUGIN.fullmatch(label):
        page = "collections/{}/{}/{}.html".format(*plugin.groups())
    elif label in PAGES:
        page = PAGES[label]
    else:
        return None
    return nodes.reference("", "", content, internal=False, refuri=f"{ANSIBLE}/{page}")


def setup(app: Sphinx) -> None:
    """Add what Sphinx calls."""
    app.connect("missing-reference", refer_to_ansible)
