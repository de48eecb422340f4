# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: why vLLM cannot run on a host as it is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _vllm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOCUMENTATION = r"""
name: vllm_faults
short_description: Why vLLM cannot run on a host as it is asked to
version_added: 0.1.0
description:
  - Compares the cards and the driver of a host with what vLLM needs, and finds settings that are not an operator's.
positional: settings, host
options:
  _input:
    description: What is known of the cards of the host, as the C(hybrid_ai_nvidia) fact has it; null in check mode,
      where none computes yet.
    type: dict
  settings:
    description:
      - C(cards) (PCI addresses of those that are to be used, or null), C(spread) (over how many a model is), C(dtype),
        C(arguments) and C(environment).
    type: dict
    required: true
  host:
    description: The host, for sentences.
    type: str
    required: true
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show what keeps vLLM from this host
  ansible.builtin.debug:
    msg: >-
      {{ ansible_facts.hybrid_ai_nvidia | default(none)
         | hybrid_ai.cluster.vllm_faults(settings, inventory_hostname) }}
"""

RETURN = r"""
_value:
  description: Sentences.
  type: list
  elements: str
"""


def vllm_faults(facts: Mapping[str, Any] | None, settings: Mapping[str, Any], host: str) -> list[str]:
    """Return all of them."""
    return [
        *_vllm.setting_faults(settings["arguments"], settings["environment"]),
        *_vllm.card_faults(facts, settings["cards"], host, int(settings["spread"]), str(settings["dtype"])),
    ]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"vllm_faults": vllm_faults}
