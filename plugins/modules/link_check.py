#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: link_check
short_description: Round trips to neighbours
version_added: 0.1.0
description:
  - Measures the round trip to every neighbour at the same time and fails with one sentence for each that is dead and
    must answer.
  - The first packets over a new Thunderbolt link are lost, so the measurement starts with the first answer.
  - Works on macOS and Linux.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  neighbours:
    description: Who is at the other ends.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the neighbour on this link, unique in the list.
        type: str
        required: true
      address:
        description: Address of the neighbour on this link.
        type: str
        required: true
      host:
        description: Host to name when the link does not answer.
        type: str
      receptacle:
        description: This host's Thunderbolt port to name when the link does not answer.
        type: int
      cable:
        description: Cable to name when the link does not answer.
        type: str
      required:
        description: Whether it is a failure that the link does not answer. Otherwise a warning names the neighbour.
        type: bool
        default: true
  count:
    description: How many packets are measured on each link.
    type: int
    default: 5
  warm_up_seconds:
    description: How long to wait for the first answer.
    type: int
    default: 15
"""

EXAMPLES = r"""
- name: All neighbours answer
  hybrid_ai.cluster.link_check:
    neighbours:
      - name: olab2.tb
        address: 10.66.64.2
        host: olab2
        receptacle: 1
"""

RETURN = r"""
links:
  description:
    - For each neighbour the round trip in milliseconds (null when nothing came back) and the lost packets.
    - C(times) has each round trip, in its order.
  returned: always
  type: dict
  sample: {"olab2.tb": {"min": 0.21, "avg": 0.25, "max": 0.31, "lost": 0, "sent": 2, "times": [0.21, 0.31]}}
"""

import platform

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _ping
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, module_commands


def run(module: AnsibleModule) -> tuple[dict[str, dict[str, object]], list[str]]:
    """Measure every link; return the round trips and the sentences about links that do not answer."""
    neighbours = [_ping.Neighbour(**neighbour) for neighbour in module.params["neighbours"]]
    names = [neighbour.name for neighbour in neighbours]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _ping.PingError(f"neighbours has {', '.join(twice)} more than once: every link needs a name of its own.")
    trips = _ping.measure_all(
        module_commands(module),
        platform.system(),
        neighbours,
        module.params["count"],
        module.params["warm_up_seconds"],
    )
    links: dict[str, dict[str, object]] = {
        name: {
            "min": trip.minimum,
            "avg": trip.average,
            "max": trip.maximum,
            "lost": trip.lost,
            "sent": trip.sent,
            "times": list(trip.times),
        }
        for name, trip in trips.items()
    }
    for neighbour in neighbours:
        if not (neighbour.required or trips[neighbour.name].alive):
            module.warn(_ping.not_set_up(neighbour))
    sentences = [_ping.dead_link(neighbour, trips[neighbour.name]) for neighbour in neighbours if neighbour.required]
    return links, [sentence for sentence in sentences if sentence]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "neighbours": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "address": {"type": "str", "required": True},
                    "host": {"type": "str"},
                    "receptacle": {"type": "int"},
                    "cable": {"type": "str"},
                    "required": {"type": "bool", "default": True},
                },
            },
            "count": {"type": "int", "default": 5},
            "warm_up_seconds": {"type": "int", "default": 15},
        },
        supports_check_mode=True,
    )
    try:
        links, dead = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error), links={})
    if dead:
        module.fail_json(msg=" ".join(dead), links=links)
    module.exit_json(changed=False, links=links)


if __name__ == "__main__":
    main()
