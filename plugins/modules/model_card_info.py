#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: model_card_info
short_description: Whether a loaded model is in the memory of a card
version_added: 0.1.0
description:
  - Asks Ollama, or the NVIDIA driver about the processes of llama.cpp, how much of a model is in the memory of a card.
  - In check mode nothing is asked, because the model may not be there yet.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
attributes:
  check_mode:
    support: partial
    details:
      - Nothing is asked.
  diff_mode:
    support: none
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  backend:
    description: What serves the model.
    type: str
    choices: [ollama, llama_cpp]
    required: true
  model:
    description: Its name.
    type: str
    required: true
  url:
    description: Where Ollama answers, V(http://HOST:PORT). Needed with O(backend=ollama).
    type: str
  models_directory:
    description: Where the models of the host lie. Needed with O(backend=llama_cpp).
    type: path
  folder:
    description: The folder of the model there. Needed with O(backend=llama_cpp).
    type: str
  timeout:
    description: Seconds that Ollama may take to load the model, where it is not loaded.
    type: float
    default: 600
  required:
    description: Whether a model of which nothing is on a card fails the task where the NVIDIA driver lists one.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Check that the small model is on the card
  hybrid_ai.cluster.model_card_info:
    backend: ollama
    model: small
    url: http://127.0.0.1:11434
    required: true
"""

RETURN = r"""
bytes:
  description: What the model takes in memory; with llama.cpp the size of its file.
  returned: when asked
  type: int
on_card:
  description: How many bytes of it are in the memory of a card; null where nobody can say.
  returned: when asked
  type: int
sentence:
  description: The same for people.
  returned: always
  type: str
  sample: small is in the memory of the card (4.7 GB).
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    Commands,
    module_commands,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import client
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._on_card import Placed, has_card, of_files

CURE = (
    "Look at the log of the backend for what keeps it from the card; after a driver that was loaded anew, restart the"
    " service."
)


def placed(commands: Commands, options: dict[str, Any]) -> Placed:
    """Ask where the model is."""
    if options["backend"] == "ollama":
        return client.placed(client.asker(options["url"], options["timeout"]), options["model"])
    return of_files(commands, options["models_directory"], options["folder"])


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "backend": {"type": "str", "choices": ["ollama", "llama_cpp"], "required": True},
            "model": {"type": "str", "required": True},
            "url": {"type": "str"},
            "models_directory": {"type": "path"},
            "folder": {"type": "str"},
            "timeout": {"type": "float", "default": 600.0},
            "required": {"type": "bool", "default": False},
        },
        required_if=[("backend", "ollama", ["url"]), ("backend", "llama_cpp", ["models_directory", "folder"])],
        supports_check_mode=True,
    )
    model = module.params["model"]
    if module.check_mode:
        module.exit_json(changed=False, sentence=f"{model} was not looked at in check mode.")
    commands = module_commands(module)
    try:
        found = placed(commands, module.params)
        wrong = module.params["required"] and found.computes_beside and has_card(commands)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    sentence = found.sentence(model)
    if wrong:
        module.fail_json(msg=f"{sentence} {CURE}")
    module.exit_json(changed=False, bytes=found.size, on_card=found.on_card, sentence=sentence)


if __name__ == "__main__":
    main()
