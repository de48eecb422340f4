# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lookup: a secret that is made once and kept."""

from __future__ import annotations

DOCUMENTATION = r"""
name: secret
short_description: A secret that is made once and kept on the controller
version_added: 0.1.0
description:
  - Returns what is kept in a file, which only its owner can read, and makes it first where there is none, as
    P(ansible.builtin.password#lookup) does.
  - A secret that still lies where it was kept before is read there, so that no new one is made in its place.
  - Check mode makes none and returns a text that says so.
options:
  _terms:
    description: Files on the controller.
    type: list
    elements: path
    required: true
  length:
    description: How many letters and digits a new secret has.
    type: int
    default: 20
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Give a page a password
  ansible.builtin.set_fact:
    page_password: "{{ lookup('hybrid_ai.cluster.secret', cluster_secrets_directory ~ '/page_password') }}"
"""

RETURN = r"""
_raw:
  description: The secrets.
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._secret_folders import FOLDERS

NOT_MADE = "what the first run makes"
"""What stands for a secret in check mode."""


class LookupModule(LookupBase):
    """What Ansible loads."""

    def run(self, terms: list[str], variables: Any = None, **options: Any) -> list[str]:
        """Read the secrets, and make those that are missing."""
        self.set_options(var_options=variables, direct=options)
        password = lookup_loader.get("ansible.builtin.password", loader=self._loader, templar=self._templar)
        new = {"length": self.get_option("length"), "chars": ["ascii_letters", "digits"]}
        found: list[str] = []
        for term in terms:
            place = _place(Path(term).expanduser())
            if (variables or {}).get("ansible_check_mode") and not place.exists():
                found.append(NOT_MADE)
            else:
                found += password.run([str(place)], variables, **new)
        return found


def _place(file: Path) -> Path:
    """Return where a secret lies: at its place, or where it was kept before."""
    before = {new: old for old, new in FOLDERS.items()}.get(file.parent.name)
    old = file.parent.with_name(before) / file.name if before else None
    return old if old and old.is_file() and not file.exists() else file
