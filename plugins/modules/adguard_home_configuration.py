#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of the same name; nothing of it runs on the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: adguard_home_configuration
short_description: Manage our keys in the file that AdGuard Home keeps rewriting
version_added: 0.1.0
description:
  - AdGuard Home writes its file again at every start and at every change made in its web page. So this manages single
    keys, and entries of lists, and keeps everything else.
  - Before anything is touched, a copy is checked by the program itself, and for what that does not notice - an upstream
    that is not a server, a rewrite without an answer, web page and DNS on one port.
  - A key that the program does not know shows only after a start, when it leaves it out of its file. So
    O(action=commit), called once the program has started, fails where something of ours is gone, and O(action=rollback)
    brings back the file before.
  - The program is stopped before its file is written, and started again.
  - The password stays on the controller. Its bcrypt hash is written only when the one in the file is of another
    password.
requirements:
  - The Python packages bcrypt and PyYAML on the controller
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
attributes:
  check_mode:
    description: Predicts what a run would change. Without the program on the host its own check is left out.
    support: full
  diff_mode:
    description: Shows the keys that differ; of passwords and of O(secret_settings) only that they do.
    support: full
options:
  path:
    description: The file. Its directory is given to the program alone, as the program itself would do.
    type: path
    required: true
  owner:
    description: The user that the program runs as.
    type: str
    required: true
  service:
    description: Name of the service that runs the program, see M(hybrid_ai.cluster.service).
    type: str
    required: true
  program:
    description: The program that checks a copy. Unset, it is not asked.
    type: path
  administrator:
    description: Name of the administrator. Other users are kept. Required with O(action=apply).
    type: str
  password:
    description: The administrator's password. Required with O(action=apply).
    type: str
  settings:
    description: Keys to have, nested as in the file.
    type: dict
    default: {}
  secret_settings:
    description: The same, over those of O(settings). What they hold is never shown, only that it is another one.
    type: dict
    default: {}
  rewrites:
    description: Further names and their answers. Other answers to these names are removed, other names are kept.
    type: list
    elements: dict
    default: []
    suboptions:
      domain:
        description: The name.
        type: str
        required: true
      answer:
        description: The address or name it leads to.
        type: str
        required: true
  records:
    description:
      - Names and reverse records as P(hybrid_ai.cluster.dns_records#filter) returns them.
      - Reverse records become filtering rules, because rewrites do not bring any.
    type: dict
    default: {}
  filters:
    description: Filter lists to use.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What people call it.
        type: str
        required: true
      url:
        description: Where it is.
        type: str
        required: true
  keep_previous:
    description:
      - Keep the file for O(action=rollback) even when nothing changes.
      - To be used with a new version of the program, which may rewrite the file in a form that the old one cannot read.
    type: bool
    default: false
  action:
    description:
      - V(apply) brings the file to what is wanted and keeps the one before.
      - V(rollback) puts that back.
      - V(commit) compares what the program kept at its start with O(settings), O(records), O(rewrites) and O(filters),
        and fails where something is missing; else it removes the file before. A value that the program writes in a form
        of its own is told as a warning once, and is not a change afterwards.
    type: str
    choices: [apply, rollback, commit]
    default: apply
"""

EXAMPLES = r"""
- name: Answer for two names
  hybrid_ai.cluster.adguard_home_configuration:
    path: /opt/hybrid-ai/adguard-home/work/AdGuardHome.yaml
    program: /opt/hybrid-ai/programs/adguard-home/current/AdGuardHome
    owner: _adguard
    service: adguard-home
    administrator: admin
    password: "{{ adguard_home_password }}"
    settings:
      dns: {ratelimit: 0}
    records:
      names: [{name: olab1.olab, address: 10.66.1.11}]
      reverse: [{name: olab1.olab, address: 10.66.1.11}]
    rewrites:
      - {domain: nas.olab, answer: 10.66.1.50}

- name: Keep the file
  hybrid_ai.cluster.adguard_home_configuration:
    path: /opt/hybrid-ai/adguard-home/work/AdGuardHome.yaml
    owner: _adguard
    service: adguard-home
    settings:
      dns: {ratelimit: 0}
    action: commit
"""

RETURN = r"""
changes:
  description: The keys that were not as wanted.
  returned: with O(action=apply)
  type: list
  elements: str
  sample: [dns.ratelimit, filtering.rewrites]
there:
  description: Whether there is a file at the end.
  returned: with O(action=rollback) and O(action=commit)
  type: bool
"""
