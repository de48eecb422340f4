#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: model_answer
short_description: Whether a model answers
version_added: 0.1.0
description:
  - Asks a model for four tokens through the API that its clients use, and reads them as they come.
  - A model that is being loaded (status 503) is waited for.
  - In check mode nothing is asked, because the model may not be there yet.
  - Proxies in the environment are ignored.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
attributes:
  check_mode:
    support: partial
    details:
      - Nothing is asked.
  diff_mode:
    support: none
options:
  url:
    description: Where the backend answers, V(http://HOST:PORT).
    type: str
    required: true
  model:
    description: The name to ask for.
    type: str
    required: true
  api_key:
    description: The key, where the backend wants one. It is never shown.
    type: str
  path:
    description: Where the question is sent. One that does not end in C(/chat/completions) gets a prompt, no messages.
    type: str
    default: /v1/chat/completions
  timeout:
    description: Seconds until the last token has to be there, loading included.
    type: float
    default: 60
  fail_when_silent:
    description: Whether a model that gives no token fails the task.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Ask the small model something
  hybrid_ai.cluster.model_answer:
    url: http://127.0.0.1:8080
    model: small
    api_key: "{{ cluster_model_api_key }}"
"""

RETURN = r"""
answered:
  description: Whether at least one token came; null in check mode.
  returned: always
  type: bool
  sample: true
text:
  description: The answer, with what a model thinks first.
  returned: when asked
  type: str
  sample: Hello! How can
tokens:
  description: How many tokens came.
  returned: when asked
  type: int
  sample: 4
seconds:
  description: How long it took, loading included.
  returned: when asked
  type: float
  sample: 0.8
served_as:
  description: What the backend calls the model that answered; null where it did not say.
  returned: when asked
  type: str
  sample: small
sentence:
  description: The same for people.
  returned: always
  type: str
  sample: small answered 4 tokens after 0.8 seconds.
"""

import dataclasses
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import answer


def run(module: AnsibleModule) -> dict[str, Any]:
    """Ask, unless this is a check."""
    options = module.params
    if module.check_mode:
        return {"changed": False, "answered": None, "sentence": f"{options['model']} was not asked in check mode."}
    asked = answer.ask(
        options["url"], options["model"], options["api_key"], timeout=options["timeout"], path=options["path"]
    )
    return {"changed": False, **dataclasses.asdict(asked)}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "model": {"type": "str", "required": True},
            "api_key": {"type": "str", "no_log": True},
            "path": {"type": "str", "default": answer.CHAT},
            "timeout": {"type": "float", "default": 60.0},
            "fail_when_silent": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    if result["answered"] is False and module.params["fail_when_silent"]:
        module.fail_json(msg=result["sentence"], **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
