#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: exo_placement_info
short_description: Whether exo serves the models of the table
version_added: 0.1.0
description:
  - Asks the keeper of a node, which places models and keeps them placed, and waits until each can answer as the table
    wants it.
  - Waits no longer where a model has no room, which waiting does not give it.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  url:
    description: Where the keeper tells its status.
    type: str
    required: true
  models:
    description: The names of the models to wait for.
    type: list
    elements: str
    required: true
  gone:
    description: The names of models that have to be taken down.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds to wait. V(0) looks once, and nothing fails.
    type: int
    default: 600
"""

EXAMPLES = r"""
- name: Wait until exo serves the model
  hybrid_ai.cluster.exo_placement_info:
    url: http://10.66.1.11:9109/status
    models: [qwen]
"""

RETURN = r"""
models:
  description: What the keeper says of each model.
  returned: success
  type: list
  elements: dict
  sample: [{"name": "qwen", "state": "ready", "nodes": ["olab1"],
            "why": "it fits on one, spreading it would only cost latency"}]
others:
  description: Placed models that the table does not name, with their nodes; they are left alone.
  returned: success
  type: list
  elements: dict
  sample: []
sentences:
  description: What is still missing, a sentence each.
  returned: success
  type: list
  elements: str
  sample: []
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http, _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import keeper

POLL_SECONDS = 2.0


def run(options: dict[str, Any]) -> dict[str, Any]:
    """Look until everything is as wanted or the time is over."""
    limit = _wait.now() + options["timeout"]
    while True:
        status, sentences = keeper.look(options["url"], options["models"], options["gone"], _http.fetch)
        hopeless = keeper.refusals(status, options["models"])
        if not sentences or hopeless or _wait.now() >= limit:
            break
        _wait.sleep(POLL_SECONDS)
    if sentences and options["timeout"]:
        raise ClusterError(" ".join(sentences))
    models = [model for model in status.get("models", []) if model.get("name") in options["models"]]
    return {"changed": False, "models": models, "others": status.get("others", []), "sentences": sentences}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "models": {"type": "list", "elements": "str", "required": True},
            "gone": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 600},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module.params)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
