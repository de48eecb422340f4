#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: node_report
short_description: Measure what the capabilities of a host claim
version_added: 0.1.0
description:
  - Measures all checks in one call and returns a line for each. It measures the host as it is and never repeats what
    was set.
  - A check that cannot be measured is a false line with the reason; the others are measured all the same.
  - Checks that wait for other machines run side by side.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  checks:
    description:
      - What to measure. Each entry has C(capability) (the role it belongs to), C(check) (the kind), optionally
        C(title), and the arguments of its kind, listed here. An unknown argument makes the line false.
      - V(addresses) - C(device), C(address), C(prefix), and on a Mac C(method) (V(manual) or V(dhcp)).
      - V(application) - C(path), C(version), C(signature) (default V(true)).
      - V(bridge) - C(device) (default V(bridge0)), C(expected) (V(absent) or V(present)), C(cables) (at most).
      - V(certificate) - C(path), C(minimum_days).
      - V(command_line_tools) - C(expected) (default V(true)).
      - V(cuda) - C(time_limit) (seconds, default V(60)), C(user), C(minimum_capability).
      - V(default_route) - C(address) (of this host, where the default route should leave). Macs only.
      - V(dns) - C(server), C(name), C(type) (default V(A)), C(expected) (all values), C(protocol), C(timeout).
      - V(downloads) - C(name) (a service), C(site).
      - V(exo_cluster) - C(members) (each with C(name), C(address) and C(required), default V(true)), C(port),
        C(timeout).
      - V(exo_model) - C(model), C(url) (the status of this host's keeper), C(holds) (whether its files have to be
        here).
      - V(exo_over_thunderbolt) - C(members) (each with C(name) and C(address)), C(paths) (as
        P(hybrid_ai.cluster.exo_paths#filter) returns them), C(port), C(timeout).
      - V(exo_source) - C(path) (as of M(hybrid_ai.cluster.exo_source)), C(commit), C(version), C(computes_on)
        (default V(the CPU)).
      - V(firewall) - C(tables) and C(rules), as in M(hybrid_ai.cluster.firewall).
      - V(gateway_models) - C(url), C(models) (all public names), C(timeout), and C(password), which of O(passwords)
        is a key of the gateway.
      - V(grafana) - C(url), C(user), C(password_file), C(dashboards) (at least), C(datasource).
      - V(http) - C(url), C(status) (default V(200)), C(contains), C(timeout), and to log in C(user) and
        C(password), which of O(passwords) it has.
      - V(interception) - C(host) and C(port) of a proxy, C(site), C(bundle), C(authority), C(opened) (default V(true)).
      - V(lan_port) - C(address) (of this host), C(minimum_megabits). Wi-Fi and what is unknown are only told.
      - V(launchd_absent) - C(label), C(paths), C(location).
      - V(link) - C(name), C(address), C(host), C(receptacle), C(cable), C(count), C(warm_up_seconds), C(maximum_ms),
        C(required) (default V(true); otherwise silence is only told).
      - V(llama_cpp_rest) - C(path) (where the program that runs llama.cpp tells which models rest).
      - V(macos_power_source) - C(mains) (default V(true), which makes the line false on a battery or a UPS).
      - V(macos_profile) - C(profile), C(unmanaged) (names of settings). It only says what is left alone.
      - V(macos_setting) - C(setting) (an option of M(hybrid_ai.cluster.macos_headless)), C(expected) (a value of it).
      - V(macos_sleep) - C(laptop) (V(refused) makes the line false on a Mac with a battery). It says when the Mac
        falls asleep, on each power source that it has.
      - V(mlx_lm) - C(url), C(model), C(timeout).
      - V(model_answers) - C(url), C(model), C(path), C(timeout), and C(password), which of O(passwords) is the API key.
      - V(model_files) - C(model) (its public name), C(directory), C(folder), C(revision) (a commit),
        C(state_directory).
      - V(model_on_card) - C(model), C(backend) (V(ollama) or V(llama_cpp)), C(required) (whether it has to be
        on a card that the driver lists), and C(url) and C(timeout) of Ollama, or C(directory) and C(folder) of a model
        that llama.cpp has loaded.
      - V(model_store) - C(directory), C(folders) (each with C(folder) and C(revision), a commit), C(state_directory).
      - V(nvidia_driver) - C(branch) and C(flavour), both optional.
      - V(prometheus_rules) - C(url).
      - V(prometheus_targets) - C(url), C(timeout), C(jobs), whose targets are looked at.
      - V(rdma) - no arguments.
      - V(remote_login) - C(expected) (default V(true)).
      - V(resolvers) - C(expected) (name servers in their order), C(search).
      - V(resolves) - C(name), C(address).
      - V(service) - C(name), C(label), C(unit), C(expected) (V(running), V(stopped) or V(absent)).
      - V(software_version) - C(minimum).
      - V(squid) - C(url), C(gigabytes).
      - V(system_trust) - C(path).
      - V(tcp_port) - C(address), C(port), C(expected) (V(open), V(refused) or V(silent)), C(timeout), C(name).
      - V(thunderbolt_cable) - C(receptacle), C(peer), C(peer_domain_uuid), C(minimum_gigabits).
      - V(thunderbolt_external) - C(receptacle), C(peer) (a machine outside of the inventory), C(hosts) (ports of
        hosts by their domain UUID, to which the cable must not lead). An unplugged cable is only told.
      - V(thunderbolt_generation) - no arguments. It only says whether RDMA is possible.
      - V(traffic_path) - C(name), C(url), C(address) (ours, on the interface that the answer must come in by), C(other)
        (ours, elsewhere, for comparison).
      - V(wake_on_lan) - C(mac_address); Linux only, a Mac has C(womp).
      - V(wake_proof) - C(mac_address).
    type: list
    elements: dict
    required: true
  passwords:
    description: Passwords that checks need, by the names they call them. They are never shown.
    type: dict
    default: {}
  fail_on_false:
    description: Whether a false line fails the task.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Measure what a worker claims
  hybrid_ai.cluster.node_report:
    checks:
      - capability: macos_headless
        check: macos_setting
        setting: power
        expected: {sleep: 0, womp: 1}
      - capability: exo
        check: service
        name: exo
      - capability: exo
        check: http
        url: http://127.0.0.1:52415/node_id
    fail_on_false: true
"""

RETURN = r"""
lines:
  description: A line for each check, in the order of O(checks).
  returned: always
  type: list
  elements: dict
  contains:
    capability:
      description: The capability the line belongs to.
      type: str
      sample: macos_headless
    title:
      description: What was measured.
      type: str
      sample: power settings
    ok:
      description: Whether it is as expected.
      type: bool
      sample: true
    measured:
      description: What was found.
      type: str
      sample: sleep 0, womp 1
    expected:
      description: What should be found.
      type: str
      sample: sleep 0, womp 1
    advice:
      description: What to do; empty when the line is true.
      type: str
      sample: ""
    model:
      description: The model that the line is about.
      returned: when the check names one
      type: str
      sample: qwen
    check:
      description: The kind of the check.
      type: str
      sample: model_files
    values:
      description: Measured values for who reads lines together, such as C(bytes) and C(revision) of a model.
      returned: when the check names a model, or its kind has some
      type: dict
      sample: {bytes: 491400032, revision: 9217f5db79a29953eb74d5343926648285ec7e67}
ok:
  description: Whether every line is true.
  returned: always
  type: bool
  sample: true
"""

import platform

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import module_commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import Context
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._measure import measure_all, sentence


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "checks": {"type": "list", "elements": "dict", "required": True},
            "passwords": {"type": "dict", "default": {}, "no_log": True},
            "fail_on_false": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    context = Context(module_commands(module), _http.fetch, platform.system(), module.params["passwords"])
    lines = measure_all(module.params["checks"], context)
    false = [line for line in lines if not line["ok"]]
    if false and module.params["fail_on_false"]:
        module.fail_json(msg=" ".join(sentence(line) for line in false), lines=lines, ok=False)
    module.exit_json(changed=False, lines=lines, ok=not false)


if __name__ == "__main__":
    main()
