#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: exo_cluster_info
short_description: Whether exo nodes have formed one cluster
version_added: 0.1.0
description:
  - Asks every member, because members can disagree. They have formed one cluster when each has every other in its
    topology, with connections both ways between all pairs, and that has held for a while.
  - An identity in the cluster that no member answers to is a stranger once it has been there for a minute; the one that
    a node had before it started again has gone by then.
  - Identities of nodes are new after every start, so hosts are matched by asking each for its own.
  - Proxies in the environment are ignored.
  - Made for exo 1.0.71.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  members:
    description: The hosts that belong to the cluster, all of them, or those that are left out are strangers.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the host.
        type: str
        required: true
      address:
        description: Address on which its API is asked; when that does not answer, C(NAME.tb) is.
        type: str
        required: true
      required:
        description: Whether the cluster is whole only with this host. Another, such as one outside of a limit, is asked
          as well, waited for while it answers, and may be silent.
        type: bool
        default: true
  port:
    description: The API port, the same on every member.
    type: int
    default: 52415
  timeout:
    description: Seconds to wait for the cluster. A node that has ended stays in the topology for half a minute, so
      allow at least 60. An identity that nobody answers to then is watched for a minute more. V(0) looks once.
    type: int
    default: 120
  settle_seconds:
    description: Seconds for which the same picture has to hold.
    type: int
    default: 5
  fail_when_incomplete:
    description: Whether an incomplete cluster fails the task.
    type: bool
    default: true
  fail_when_stranger:
    description: Whether a stranger in the cluster fails the task.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Wait until every node sees every other
  hybrid_ai.cluster.exo_cluster_info:
    members:
      - {name: olab1, address: 10.66.1.11}
      - {name: olab2, address: 10.66.1.12}
"""

RETURN = r"""
formed:
  description: Whether the required members are one cluster.
  returned: always
  type: bool
  sample: true
missing:
  description: What keeps them from being one, a sentence each.
  returned: always
  type: list
  elements: str
  sample: []
apart:
  description: What keeps other members that answer out of it, a sentence each; also a warning.
  returned: always
  type: list
  elements: str
  sample: []
silent:
  description: The members that do not answer.
  returned: always
  type: list
  elements: str
  sample: []
members:
  description: The members with their present identity; null for one that does not answer.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "olab1", "address": "10.66.1.11", "node_id": "12D3KooWKwBNMiZ7Ypj6f6eU849BpF7VPb8c"}]
strangers:
  description: Identities in the cluster that no member answers to. Each has its addresses (where members reach it, or
    else where it says that it is), the members that see it, the silent members that it may be, whether it has been
    watched for a minute, and a sentence.
  returned: always
  type: list
  elements: dict
  sample: []
edges:
  description: The connections between members and the addresses they take.
  returned: always
  type: list
  elements: dict
  sample: [{"source": "olab1", "sink": "olab2", "addresses": ["10.66.64.2"]}]
models:
  description: The models that lie complete on some member.
  returned: when the cluster has formed
  type: list
  elements: str
  sample: [mlx-community/Llama-3.2-1B-Instruct-4bit]
instances:
  description: The placed models, with the members that run them and whether all of them are ready.
  returned: when the cluster has formed
  type: list
  elements: dict
  sample: [{"id": "b5cd8db4", "kind": "MlxRingInstance", "model": "org/name", "nodes": ["olab1"], "ready": true}]
seconds:
  description: How long it took.
  returned: always
  type: float
  sample: 19.0
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import api, cluster


def run(module: AnsibleModule) -> dict[str, Any]:
    """Wait for the cluster and describe it."""
    members = api.members_from(module.params["members"])
    if not members:
        raise ClusterError("members is empty: name the hosts that belong to the cluster.")
    port = module.params["port"]
    settle = module.params["settle_seconds"] if module.params["timeout"] else 0
    answer = cluster.wait_for_cluster(members, port, _http.fetch, module.params["timeout"], settle)
    result: dict[str, Any] = {
        "changed": False,
        "formed": answer.formed,
        "missing": answer.missing,
        "apart": answer.apart,
        "silent": answer.picture.silent,
        "members": [
            {"name": member.name, "address": member.address, "node_id": answer.picture.node_ids.get(member.name)}
            for member in members
        ],
        "strangers": [stranger.as_result() for stranger in answer.strangers],
        "edges": answer.picture.edges,
        "seconds": answer.seconds,
    }
    if answer.formed and answer.base:
        result["models"] = api.downloaded_models(answer.base, _http.fetch)
        result["instances"] = api.instances(answer.base, _http.fetch, answer.picture.names)
    return result


def fault(result: dict[str, Any], params: dict[str, Any]) -> str | None:
    """Say what of the result fails the task."""
    sentences = [stranger["sentence"] for stranger in result["strangers"]] if params["fail_when_stranger"] else []
    if not result["formed"] and params["fail_when_incomplete"]:
        begin = f"The exo cluster is not whole after {result['seconds']:g} seconds."
        return " ".join([begin, *result["missing"], *sentences])
    return " ".join(["The exo cluster has strangers.", *sentences]) if sentences else None


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "members": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "address": {"type": "str", "required": True},
                    "required": {"type": "bool", "default": True},
                },
            },
            "port": {"type": "int", "default": 52415},
            "timeout": {"type": "int", "default": 120},
            "settle_seconds": {"type": "int", "default": 5},
            "fail_when_incomplete": {"type": "bool", "default": True},
            "fail_when_stranger": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    for sentence in result["apart"]:
        module.warn(sentence)
    message = fault(result, module.params)
    if message is not None:
        module.fail_json(msg=message, **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
