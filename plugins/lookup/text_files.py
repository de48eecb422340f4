# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lookup: the text of every file of a directory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: text_files
short_description: The text of every file of a directory
version_added: 0.1.0
description:
  - Returns one mapping from relative name to text for each directory, as M(hybrid_ai.cluster.file_tree) takes it.
options:
  _terms:
    description: Directories on the controller.
    type: list
    elements: path
    required: true
  pattern:
    description: Which files.
    type: str
    default: "*"
  prefix:
    description: What to put before each name.
    type: str
    default: ""
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Write the dashboards
  hybrid_ai.cluster.file_tree:
    path: /opt/hybrid-ai/etc/dashboards
    files: "{{ lookup('hybrid_ai.cluster.text_files', role_path ~ '/files/dashboards', pattern='*.json') }}"
"""

RETURN = r"""
_raw:
  description: A mapping for each directory.
  type: list
  elements: dict
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    """What Ansible loads."""

    def run(self, terms: list[str], variables: Any = None, **options: Any) -> list[dict[str, str]]:
        """Read the directories."""
        self.set_options(var_options=variables, direct=options)
        pattern, prefix = self.get_option("pattern"), self.get_option("prefix")
        return [{f"{prefix}{name}": text for name, text in _read(Path(term), pattern).items()} for term in terms]


def _read(directory: Path, pattern: str) -> dict[str, str]:
    files = sorted(path for path in directory.rglob(pattern) if path.is_file() and "__pycache__" not in path.parts)
    if not files:
        raise AnsibleLookupError(f"{directory} has no files {pattern}.")
    return {str(path.relative_to(directory)): path.read_text(encoding="utf-8") for path in files}
