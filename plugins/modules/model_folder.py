#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: model_folder
short_description: Keep a new revision of models, or go back to the one before
version_added: 0.1.0
description:
  - A new revision of a model is put in place of the one before, which stays until it has been seen to answer.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.models
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  folders:
    description: Folders of models. One of which nothing earlier is kept is left alone.
    type: list
    elements: str
    required: true
  action:
    description: V(commit) forgets the revision before, V(rollback) puts it back in place.
    type: str
    choices: [commit, rollback]
    required: true
"""

EXAMPLES = r"""
- name: Forget the previous revisions
  hybrid_ai.cluster.model_folder:
    models_directory: /opt/hybrid-ai/models
    folders: [org--small]
    action: commit
"""

RETURN = r"""
folders:
  description: The folders of which there was an earlier revision.
  returned: always
  type: list
  elements: str
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import folders as model_folders
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests

ACTIONS = {"commit": model_folders.commit, "rollback": model_folders.rollback}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "models_directory": {"type": "path", "required": True},
            "folders": {"type": "list", "elements": "str", "required": True},
            "action": {"type": "str", "choices": ["commit", "rollback"], "required": True},
        },
        supports_check_mode=True,
    )
    models = Path(module.params["models_directory"])
    try:
        for folder in module.params["folders"]:
            manifests.check_folder(folder)
        # What is seen first is what is reported: two models may share a folder.
        found = [
            folder
            for folder in dict.fromkeys(module.params["folders"])
            if (models / model_folders.PREVIOUS / folder).exists()
        ]
        for folder in [] if module.check_mode else found:
            ACTIONS[module.params["action"]](models, folder)
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    lines = "".join(f"{folder}\n" for folder in found)
    module.exit_json(changed=bool(found), folders=found, diff={"before": lines, "after": ""})


if __name__ == "__main__":
    main()
