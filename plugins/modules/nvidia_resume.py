#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: nvidia_resume
short_description: See that NVIDIA GPUs compute after a suspend
version_added: 0.1.0
description:
  - Has each GPU compute a sum, as M(hybrid_ai.cluster.cuda_check) does. Where one does not, the services that have the
    GPUs' unified memory open are stopped, C(nvidia_uvm) is loaded again, and the services are started.
  - A program that has it open and is not a systemd service would not come back. It is named, and nothing is stopped.
  - A GPU that does not compute after it either is a failure.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
attributes:
  diff_mode:
    support: none
  platform:
    description: Where the module runs.
    platforms: linux
    support: full
options:
  time_limit:
    description: Seconds that one attempt to compute may take.
    type: int
    default: 60
"""

EXAMPLES = r"""
- name: See that the GPUs compute after the wake
  hybrid_ai.cluster.nvidia_resume:
"""

RETURN = r"""
restarted:
  description: The services that were stopped and started again.
  returned: always
  type: list
  elements: str
  sample: [hybrid-ai-llama-cpp.service]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import proof, resume


def run(module: AnsibleModule) -> dict[str, Any]:
    """Try, load again and try once more."""
    if module.params["time_limit"] < 1:
        raise resume.ResumeError(f"time_limit is {module.params['time_limit']}: write seconds, at least 1.")
    require_root("Loading a kernel module again")
    commands = module_commands(module)
    attempt = proof.Attempt(commands, module.params["time_limit"], None)
    if not failures(proof.prove(attempt, None)):
        return {"changed": False, "restarted": []}
    users = resume.users()
    if users.others:
        raise resume.ResumeError(
            f"The GPUs do not compute, and {' and '.join(users.others)} keeps {resume.MODULE} from being loaded again;"
            " end what is not a service, and repeat this."
        )
    restarted = list(users.units)
    if not module.check_mode:
        resume.reload(commands, users.units)
        sentences = failures(proof.prove(attempt, None))
        if sentences:
            module.fail_json(
                msg=f"{' '.join(sentences)} It did not help to load {resume.MODULE} again.", restarted=restarted
            )
    return {"changed": True, "restarted": restarted}


def failures(found: proof.Proof) -> list[str]:
    """Return what is the matter with cards that do not compute; one that others use all of does."""
    return found.sentences() if found.reason or found.broken else []


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"time_limit": {"type": "int", "default": 60}},
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error), restarted=[])
    module.exit_json(**result)


if __name__ == "__main__":
    main()
