#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: model_transfer
short_description: Follow the program that hands models on
version_added: 0.1.0
description:
  - Reads how far the service of the role C(model_files) is on this host.
  - With O(action=wait) it shows that until every folder is complete, and fails where one cannot be had, or where
    nothing has moved for O(patience) seconds. The program goes on where the connection is lost.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
  - hybrid_ai.cluster.attributes.macos_and_linux
  - hybrid_ai.cluster.models.directory
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  action:
    description:
      - What to do. V(look) returns how far it is and waits for nothing.
      - V(forget) removes what the program has said, before it is run for a job; one that runs says it again.
    type: str
    choices: [wait, look, forget]
    default: wait
  work:
    description: The directory in which the program says how far it is.
    type: path
    required: true
  job:
    description: The name of the job; what the program says about another one does not count.
    type: str
    required: true
  torrents:
    description: Whether the checksums of the pieces of complete folders are returned.
    type: bool
    default: false
  patience:
    description: Seconds without any progress after which it fails.
    type: int
    default: 300
"""

EXAMPLES = r"""
- name: Wait until the models are here
  hybrid_ai.cluster.model_transfer:
    work: /opt/hybrid-ai/models-home/transfer
    directory: /opt/hybrid-ai/models
    job: 3f1c0a9d2b4e
"""

RETURN = r"""
folders:
  description: How far each folder is; empty while the program has not said anything about this job.
  returned: success
  type: dict
  sample: {org--name: {state: fetching, size: 700, have: 350, source: olab1, address: 10.66.64.1, sentences: []}}
filler:
  description: Who else fills the directory of models now, where nothing is said about this job.
  returned: success
  type: str
  sample: null
torrents:
  description: The checksums of the pieces, in Base64, by folder.
  returned: with O(torrents)
  type: dict
  sample: {}
sentences:
  description: What was noticed.
  returned: success
  type: list
  elements: str
  sample: []
"""

import base64
import json
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import job as jobs

COMPLETE = "complete"


def status_of(params: dict[str, Any]) -> str:
    """Return the file in which the program says how far it is; it is the program's own."""
    return f"{params['work']}/status.json"


def look(params: dict[str, Any]) -> dict[str, Any]:
    """Return what the program says."""
    folders: dict[str, Any] = {}
    try:
        said = json.loads(_files.read(status_of(params)) or b"{}")
    except ValueError:
        said = {}
    if said.get("token") == params["job"]:
        folders = said["folders"]
    result: dict[str, Any] = {
        "changed": False,
        "folders": folders,
        "filler": None if folders else jobs.holder(Path(params["directory"])),
        "sentences": [sentence for folder in folders.values() for sentence in folder["sentences"]],
    }
    if params["torrents"]:
        result["torrents"] = dict(torrents(params["work"], folders))
    return result


def torrents(work: str, folders: dict[str, Any]) -> Any:
    """Yield the checksums of the pieces of each complete folder."""
    for name, folder in folders.items():
        content = _files.read(f"{work}/torrents/{name}@{folder['revision']}.torrent")
        if folder["state"] == COMPLETE and content:
            yield name, base64.b64encode(content).decode()


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            # The action of this name asks again and again.
            "action": {"type": "str", "choices": ["wait", "look", "forget"], "default": "wait"},
            "work": {"type": "path", "required": True},
            "directory": {"type": "path", "required": True},
            "job": {"type": "str", "required": True},
            "torrents": {"type": "bool", "default": False},
            "patience": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    try:
        if module.params["action"] == "forget" and not module.check_mode:
            _files.remove(status_of(module.params))
        module.exit_json(**look(module.params))
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
