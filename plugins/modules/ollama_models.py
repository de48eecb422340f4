#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ollama_models
short_description: Have Ollama's store hold models that lie on the host
version_added: 0.1.0
description:
  - Makes the store of models that Ollama reads out of the folders of models on the host. The weights are hard links, so
    that there is one copy of them on the disk; manifests and settings are small files.
  - The store belongs to root, and what it holds besides is removed. A running Ollama sees the change at once; models
    that change or go are let go of first.
  - A model in several files is refused, because Ollama would join them to a second copy.
  - Made for Ollama 0.34.4.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  store:
    description: The directory that Ollama has as C(OLLAMA_MODELS), on the same file system as O(models_directory).
    type: path
    required: true
  models_directory:
    description: Where the models of the host lie. Needed unless O(state=absent).
    type: path
  models:
    description:
      - The models, each with C(names), C(folder) and C(context) (in tokens, or null), as the table of models has them.
    type: list
    elements: dict
    default: []
  url:
    description: Where Ollama answers, V(http://HOST:PORT). Unset, or where nobody answers, nothing is let go of.
    type: str
  state:
    description: V(absent) removes the store, and no model.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Give Ollama the small model
  hybrid_ai.cluster.ollama_models:
    store: /opt/hybrid-ai/models/.ollama
    models_directory: /opt/hybrid-ai/models
    models: [{name: small, names: [small], folder: org--small, context: 8192}]
    url: http://127.0.0.1:11434
"""

RETURN = r"""
models:
  description: The beginning of the digest of each model's manifest, by its name as Ollama shows it.
  returned: with O(state=present)
  type: dict
  sample: {"small:latest": "1f0b5a1c2d3e"}
missing:
  description: The names of models that are not on the host, or not whole.
  returned: with O(state=present)
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, require_root
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._local_api import ApiError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import client, store
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama.plan import Plan, add


def wanted(options: dict[str, Any]) -> tuple[Plan, list[str]]:
    """Plan for the models that are there, and name the others."""
    plan, missing, directory = Plan(), [], options["models_directory"]
    for model in options["models"]:
        manifest = manifests.read(directory, model["folder"])
        if manifest is None:
            missing.append(str(model.get("name") or model["folder"]))
        else:
            add(plan, model, manifest, Path(directory))
    return plan, missing


def present(options: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Read, plan, write, read back."""
    path = options["store"]
    plan, missing = wanted(options)
    found = store.read(path)
    changed, before = store.differs(found, plan), store.digests(found.manifests)
    if changed and not check_mode:
        let_go(options["url"], store.replaced(found, plan))
        store.bring(path, found, plan)
        found = store.read(path)
        if store.differs(found, plan):
            raise store.StoreError(f"{path} does not hold what was written to it; find out what else writes there.")
    after = store.digests(plan.manifests)
    return {"changed": changed, "models": after, "missing": missing, "diff": {"before": before, "after": after}}


def let_go(url: str | None, names: list[str]) -> None:
    """Have Ollama let go of models, where it runs at all."""
    if not url or not names:
        return
    try:
        client.let_go(client.asker(url), names)
    except ApiError:
        return


def absent(options: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Remove the store."""
    changed = _files.exists(options["store"])
    if changed and not check_mode:
        _files.remove(options["store"])
    return {"changed": changed}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "store": {"type": "path", "required": True},
            "models_directory": {"type": "path"},
            "models": {"type": "list", "elements": "dict", "default": []},
            "url": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ["models_directory"])],
        supports_check_mode=True,
    )
    act = {"present": present, "absent": absent}[module.params["state"]]
    try:
        require_root("The store of Ollama")
        result = act(module.params, module.check_mode)
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
