#!/usr/bin/python
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a pinned file at a path."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_file
short_description: Have a pinned file at a path
version_added: 0.1.0
description:
  - Fetches a file unless the one at O(path) has the wanted checksum already, and verifies what it wrote.
  - Unlike M(ansible.builtin.get_url) it asks no server in check mode, so it can predict a change before the server
    runs, and a file with a wrong checksum never appears at O(path).
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  url:
    description: Where the file is; C(http), C(https) or C(file). Give this or O(source).
    type: str
  source:
    description:
      - The file on the controller, which sends it over Ansible's own connection. Give this or O(url).
      - In check mode it may not be there yet.
    type: path
  path:
    description: Where to have it. Its directory is made where it is missing.
    type: path
    required: true
  checksum:
    description:
      - C(sha256:) and 64 hexadecimal digits.
      - No address of a list, for whoever serves a file can change its list too.
    type: str
    required: true
  otherwise:
    description: What a person can do where O(url) cannot be fetched; by default what helps with a public address.
    type: str
    default: ""
  timeout:
    description: Seconds without an answer after which the server counts as unreachable.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: Fetch exo
  hybrid_ai.cluster.release_file:
    url: https://assets.exolabs.net/EXO-1.0.71.dmg
    checksum: sha256:bc81a23ec647a995c5f8237857e749bc3de7ba8ec40f2aab39886c1a04beaac7
    path: /opt/hybrid-ai/releases/EXO-1.0.71.dmg

- name: Send exo to a host that cannot fetch it
  hybrid_ai.cluster.release_file:
    source: ~/.cache/hybrid-ai/EXO-1.0.71.dmg
    checksum: sha256:bc81a23ec647a995c5f8237857e749bc3de7ba8ec40f2aab39886c1a04beaac7
    path: /opt/hybrid-ai/releases/EXO-1.0.71.dmg
"""

RETURN = r"""
path:
  description: Where the file is.
  type: str
  returned: always
size:
  description: Its size in bytes; 0 in check mode where it is not there yet.
  type: int
  returned: always
"""

import platform
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import fetch_url
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _checksum, _verified_file
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError


class ReleaseError(ClusterError):
    """A file could not be had."""


def sha256(module: AnsibleModule, path: Path) -> str | None:
    """Return the checksum of the file at a path, or None where there is none."""
    return str(module.sha256(str(path))) if path.is_file() else None


def request(module: AnsibleModule, url: str) -> Any:
    """Ask for an address and return the answer, a file to read."""
    response, info = fetch_url(module, url, timeout=module.params["timeout"])
    # A file:// answer has no status of its own.
    if response is None or info["status"] not in (200, None):
        reason = str(info["msg"]).rstrip(".")
        advice = module.params["otherwise"] or (
            f"Let {platform.node()} reach it, name a mirror of it, or put the file at {module.params['path']} by hand."
        )
        raise ReleaseError(f"{url} cannot be fetched: {reason}. {advice}")
    return response


def fetch(module: AnsibleModule, url: str, path: Path, wanted: str) -> None:
    """Fetch into a temporary file beside the path, verify, and only then put it in place."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    _verified_file.save(request(module, url), path, wanted, url)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str"},
            "source": {"type": "path"},
            "path": {"type": "path", "required": True},
            "checksum": {"type": "str", "required": True},
            "otherwise": {"type": "str", "default": ""},
            "timeout": {"type": "int", "default": 30},
        },
        required_one_of=[("url", "source")],
        mutually_exclusive=[("url", "source")],
        supports_check_mode=True,
    )
    path = Path(module.params["path"])
    before = sha256(module, path)
    try:
        wanted = _checksum.digits(module.params["checksum"])
        changed = before != wanted
        if changed and not module.check_mode:
            # The action of this name has sent what is on the controller, and says where to.
            fetch(module, module.params["url"] or f"file://{module.params['source']}", path, wanted)
            if sha256(module, path) != wanted:
                raise ReleaseError(f"{path} does not have the checksum it was written with; check the disk.")
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=changed,
        path=str(path),
        size=path.stat().st_size if path.is_file() else 0,
        diff={"before": f"sha256:{before}\n" if before else "", "after": f"sha256:{wanted}\n"},
    )


if __name__ == "__main__":
    main()
