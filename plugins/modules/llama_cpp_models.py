#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: llama_cpp_models
short_description: Which files of models llama.cpp loads
version_added: 0.1.0
description:
  - Reads the manifests of models that lie on the host, and says which file of each is to be loaded.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
  - hybrid_ai.cluster.models
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  models:
    description: The models, each with C(name) and C(folder), as the table of models has them. What else it has stays.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: See what there is to load
  hybrid_ai.cluster.llama_cpp_models:
    models_directory: /opt/hybrid-ai/models
    models: [{name: small, folder: org--small}]
"""

RETURN = r"""
models:
  description: The models that are there, each with C(path), C(projector), C(revision) and C(bytes) too.
  returned: always
  type: list
  elements: dict
missing:
  description: The names of models that are not there, or not whole.
  returned: always
  type: list
  elements: str
"""

import dataclasses
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._llama_cpp import files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "models_directory": {"type": "path", "required": True},
            "models": {"type": "list", "elements": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    directory = module.params["models_directory"]
    found: list[dict[str, Any]] = []
    missing = []
    try:
        for model in module.params["models"]:
            manifest = manifests.read(directory, model["folder"])
            if manifest is None:
                missing.append(model["name"])
            else:
                found.append({**model, **dataclasses.asdict(files.choose(directory, manifest))})
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, models=found, missing=missing)


if __name__ == "__main__":
    main()
