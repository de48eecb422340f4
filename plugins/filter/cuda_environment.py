# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: the environment of a program that computes on NVIDIA cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _cuda_devices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCUMENTATION = r"""
name: cuda_environment
short_description: The environment of a program that computes on NVIDIA cards
version_added: 0.1.0
description:
  - Has CUDA number the cards in the order of the bus, and the program see the named cards alone.
positional: cards, variable, host
options:
  _input:
    description:
      - What is known of the cards of the host, as the C(hybrid_ai_nvidia) fact has it; null in check mode,
        where none computes yet.
    type: dict
  cards:
    description: The PCI addresses of the cards, such as V(0000:01:00.0); null for all.
    type: list
    elements: str
    required: true
  variable:
    description: The variable that names them, for sentences.
    type: str
    required: true
  host:
    description: The host, for sentences.
    type: str
    required: true
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show what Ollama gets
  ansible.builtin.debug:
    msg: >-
      {{ ansible_facts.hybrid_ai_nvidia | default(none)
         | hybrid_ai.cluster.cuda_environment(ollama_cards, 'ollama_cards', inventory_hostname) }}
"""

RETURN = r"""
_value:
  description: The variables.
  type: dict
  sample: {CUDA_DEVICE_ORDER: PCI_BUS_ID, CUDA_VISIBLE_DEVICES: "0"}
"""


def cuda_environment(
    facts: Mapping[str, Any] | None, cards: Sequence[Any] | None, variable: str, host: str
) -> dict[str, str]:
    """Return the environment."""
    try:
        return _cuda_devices.environment(facts, cards, variable, host)
    except _cuda_devices.CudaDevicesError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"cuda_environment": cuda_environment}
