#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: llama_cpp_router
short_description: Have the router of llama.cpp serve the models of its file
version_added: 0.1.0
description:
  - Lets a running router read its file of models again where it has others than wanted or some with other settings, and
    loads those that are not loaded.
  - Models whose settings are the same go on answering. One that is replaced is given time to end the answers that are
    under way; requests for it that come later wait until it is loaded again.
  - Made for llama.cpp b11434.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  url:
    description: Where the router answers, V(http://HOST:PORT).
    type: str
    required: true
  api_key:
    description: Its key.
    type: str
  models:
    description:
      - The tag of each model, which has to change with its settings, by the name of the model.
      - Unset, the router reads its file again whatever it has, and all models of the file are wanted.
    type: dict
  patience:
    description: Seconds that answers under way may take before a model that is replaced is ended all the same.
    type: int
    default: 120
  resting_file:
    description: Where the program that runs the router tells which models rest, since they ended again and again.
    type: path
  timeout:
    description: Seconds that each model may take to be loaded.
    type: int
    default: 600
"""

EXAMPLES = r"""
- name: Serve the models that the file names
  hybrid_ai.cluster.llama_cpp_router:
    url: http://127.0.0.1:8080
    api_key: "{{ cluster_model_api_key }}"
    models: {small: 5d41402abc4b}
"""

RETURN = r"""
models:
  description: The state of each model at the end, such as V(loaded).
  returned: always
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._llama_cpp import router

RESTORED_SECONDS = 5.0


def states(found: dict[str, router.Model]) -> dict[str, str]:
    """Return what a difference shows of the models."""
    return {name: f"{model.status} {' '.join(sorted(model.tags))}".rstrip() for name, model in sorted(found.items())}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read, plan, apply, read back."""
    ask, wanted = router.asker(module.params["url"], module.params["api_key"]), module.params["models"]
    before = router.models(ask)
    if wanted is None:
        return read_again(ask, before, module)
    reload = router.differs(before, wanted)
    idle = [name for name in wanted if reload or not before[name].is_loaded]
    changed, shown = bool(reload or idle), states(before)
    if module.check_mode or not changed:
        predicted = {name: f"loaded {tag}" for name, tag in sorted(wanted.items())} if changed else shown
        return {"changed": changed, "models": predicted, "diff": {"before": shown, "after": predicted}}
    if reload and not router.wait_for_answers(ask, router.changed(before, wanted), module.params["patience"]):
        module.warn(f"Answers were under way for more than {module.params['patience']} seconds, and were ended.")
    found = reread(ask, wanted) if reload else before
    if router.differs(found, wanted):
        resting = router.resting(module.params.get("resting_file"))
        raise router.RouterError(
            " ".join(resting)
            or "llama.cpp has read its file again and has other models than the file: look at the log of llama-cpp."
        )
    faults = router.load(ask, wanted, module.params["timeout"])
    after = router.models(ask)
    if faults:
        raise router.RouterError(" ".join(faults))
    return {
        "changed": True,
        "models": {name: model.status for name, model in after.items()},
        "diff": {"before": shown, "after": states(after)},
    }


def reread(ask: router.Ask, wanted: dict[str, str]) -> dict[str, router.Model]:
    """Have the router read its file until it has what is wanted: what rested is there again a moment after a change."""
    found = router.models(ask, reload=True)

    def is_as_wanted() -> bool:
        nonlocal found
        found = router.models(ask, reload=True)
        return not router.differs(found, wanted)

    if router.differs(found, wanted):
        _wait.wait_until(is_as_wanted, RESTORED_SECONDS)
    return found


def read_again(ask: router.Ask, before: dict[str, router.Model], module: AnsibleModule) -> dict[str, Any]:
    """Have the router serve what its file says, whatever that is."""
    found = before if module.check_mode else router.models(ask, reload=True)
    faults = [] if module.check_mode else router.load(ask, found, module.params["timeout"])
    if faults:
        raise router.RouterError(" ".join(faults))
    shown, after = states(before), states(router.models(ask))
    return {"changed": shown != after, "models": after, "diff": {"before": shown, "after": after}}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "api_key": {"type": "str", "no_log": True},
            "models": {"type": "dict"},
            "patience": {"type": "int", "default": 120},
            "resting_file": {"type": "path"},
            "timeout": {"type": "int", "default": 600},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
