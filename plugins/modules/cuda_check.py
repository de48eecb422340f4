#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cuda_check
short_description: Prove that every NVIDIA GPU of a host computes
version_added: 0.1.0
description:
  - Has each GPU on the PCI bus compute a sum, through C(libcuda.so.1) alone, and compares it. No toolkit is needed.
  - A GPU that does not compute is named by its PCI address, with the reason and what to do; the others are tried all
    the same. The reason comes from the bus, C(nvidia-smi), the driver's results and the kernel's log.
  - It happens in a process of its own, which is ended after a time limit. Where that fails as a whole, and where a card
    is split into parts (MIG), each card and each part is tried in a process of its own.
  - While it computes, it takes some hundred megabytes of each GPU's memory. A GPU whose memory is full, or that a
    program has for itself, is not tried, which is not a failure.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  time_limit:
    description: Seconds that one attempt may take.
    type: int
    default: 60
  user:
    description:
      - The user who has to be able to compute, such as that of a service. It needs root to become another user.
      - Unset, the user of the task.
    type: str
  minimum_capability:
    description: The compute capability that each GPU needs at least, such as V(7.5). Unset, any.
    type: str
  required:
    description:
      - Of how many GPUs a failure fails the task. What fails besides is a warning.
      - V(some) fails where none computes, V(all) where one does not, V(none) never.
    type: str
    choices: [some, all, none]
    default: some
"""

EXAMPLES = r"""
- name: Prove that the GPUs compute
  hybrid_ai.cluster.cuda_check:
    time_limit: 60

- name: Prove that all of them compute for the user of a service
  hybrid_ai.cluster.cuda_check:
    user: _vllm
    minimum_capability: "7.5"
    required: all
"""

RETURN = r"""
cards:
  description: The GPUs on the PCI bus, in the order of their addresses.
  returned: always
  type: list
  elements: dict
  contains:
    address:
      description: Where it is on the PCI bus.
      type: str
      sample: "0000:01:00.0"
    device_id:
      description: The number of its kind on the PCI bus.
      type: str
      sample: "0x2335"
    name:
      description: Its name; null where the driver does not say.
      type: str
      sample: NVIDIA H200
    uuid:
      description: Its identity, by which C(CUDA_VISIBLE_DEVICES) names it.
      type: str
      sample: GPU-00000000-0000-0000-0000-000000000000
    memory_bytes:
      description: Its memory.
      type: int
      sample: 150754820096
    capability:
      description: Its compute capability.
      type: str
      sample: "9.0"
    mig:
      description: Whether it is split into parts; null for one that cannot be.
      type: bool
      sample: false
    computes:
      description: Whether its sum was right, or others use all of it so that it was not tried.
      type: bool
      sample: false
    proved:
      description: Whether its sum was right.
      type: bool
      sample: false
    problem:
      description: A word for what is the matter; null where nothing is.
      type: str
      sample: lost
    reason:
      description: The same as a sentence, with what to do; null where nothing is the matter.
      type: str
      sample: it has fallen off the bus. Switch the host off and on.
driver_version:
  description: The version of the driver in the kernel; null where it is not loaded.
  returned: always
  type: str
  sample: 580.173.02
branch:
  description: The first number of that version.
  returned: always
  type: int
  sample: 580
flavour:
  description: Which kernel modules are loaded, V(open) or V(proprietary); null where that is not known.
  returned: always
  type: str
  sample: open
library_version:
  description: The version of C(libcuda.so.1); null where it cannot be loaded.
  returned: always
  type: str
  sample: 580.173.02
problems:
  description: A sentence with its cure for each thing that is the matter.
  returned: always
  type: list
  elements: str
  sample: ["GPU 0000:02:00.0: it has fallen off the bus. Switch the host off and on."]
ansible_facts:
  description: What was found, as facts.
  returned: success
  type: dict
  contains:
    hybrid_ai_nvidia:
      description: C(cards), C(driver_version), C(branch), C(flavour) and C(library_version), as above.
      type: dict
"""

import pwd
import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import module_commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import proof

CAPABILITY = re.compile(r"\d+\.\d+")


def fails(found: proof.Proof, required: str) -> bool:
    """Tell whether too few GPUs compute."""
    if required == "all":
        return bool(found.reason or found.broken)
    return required == "some" and len(found.broken) == len(found.cards)


def known(user: str) -> bool:
    """Tell whether the host has a user."""
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "time_limit": {"type": "int", "default": 60},
            "user": {"type": "str"},
            "minimum_capability": {"type": "str"},
            "required": {"type": "str", "choices": ["some", "all", "none"], "default": "some"},
        },
        supports_check_mode=True,
    )
    minimum, limit = module.params["minimum_capability"], module.params["time_limit"]
    if minimum is not None and not CAPABILITY.fullmatch(minimum):
        module.fail_json(msg=f"minimum_capability is {minimum!r}: write a compute capability such as '7.5'.")
    if limit < 1:
        module.fail_json(msg=f"time_limit is {limit}: write seconds, at least 1.")
    user = module.params["user"]
    if user is not None and not known(user):
        module.fail_json(msg=f"user is {user}, and this host has no such user.")
    attempt = proof.Attempt(module_commands(module), limit, user)
    found = proof.prove(attempt, minimum)
    facts, problems = found.facts(), found.sentences()
    if fails(found, module.params["required"]):
        module.fail_json(msg=" ".join(problems), problems=problems, **facts)
    for problem in problems:
        module.warn(problem)
    module.exit_json(changed=False, problems=problems, ansible_facts={"hybrid_ai_nvidia": facts}, **facts)


if __name__ == "__main__":
    main()
