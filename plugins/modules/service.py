#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: service
short_description: Run a program as a service, on macOS and Linux alike
version_added: 0.1.0
author: The hybrid_ai.cluster contributors (@hybrid-ai)
description:
  - Makes a system daemon of launchd or a unit of systemd from one description.
  - The launchd label is C(hybrid-ai.NAME), the unit C(hybrid-ai-NAME.service).
  - A changed description restarts the service exactly once. It then has to stay running and to pass its health check,
    else the task fails with the end of its log.
  - A service ends with everything it started.
  - A run that was cut off anywhere is completed by the next one.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos_and_linux
  - hybrid_ai.cluster.optional_environment
  - hybrid_ai.cluster.service_account.option
options:
  name:
    description: Short name of small letters, digits and hyphens.
    type: str
    required: true
  description:
    description: One line for people.
    type: str
  arguments:
    description: The program as an absolute path, and its arguments. Required unless O(state=absent).
    type: list
    elements: str
  environment:
    description:
      - Environment variables, as text. They hold over O(optional_environment).
      - Everybody on the host can read them, so they must not hold a secret.
    type: dict
  secret_environment:
    description:
      - Environment variables that nobody but the service and root can read, over those of O(environment).
      - They lie in a file of mode 0600, C(/opt/hybrid-ai/services/NAME/environment), which is not part of the unit or
        property list. They are never shown; a difference only says whether they have changed.
      - Every character arrives as it is. Of control characters only tabs and line breaks are possible.
    type: dict
  secret_files:
    description:
      - Files, or directories of files, whose words are not repeated where the end of the program's log is shown.
      - Use it for a configuration with passwords, which a program may print when it refuses it.
    type: list
    elements: path
    default: []
  user:
    description: The user it runs as, which must exist.
    type: str
    default: root
  group:
    description: The group it runs as. The user's own if unset.
    type: str
  working_directory:
    description: Where it starts.
    type: path
    default: /
  limits:
    description: Resource limits.
    type: dict
    suboptions:
      open_files:
        description: How many files it may have open.
        type: int
  stop_seconds:
    description:
      - Seconds that it has to end before it is killed, such as a program that lets go of much memory first.
    type: int
    default: 30
  low_ports:
    description:
      - Whether it may listen on ports below 1024 without being root, at every address or at its own.
      - On macOS everybody may, but only at every address at once.
    type: bool
    default: false
  log:
    description:
      - Its log on macOS, C(/var/log/hybrid-ai/NAME/NAME.log), which is rotated while the service runs.
      - On Linux the journal keeps the log, with limits of its own.
    type: dict
    suboptions:
      max_megabytes:
        description: Size after which a new file is begun.
        type: int
        default: 10
      keep:
        description: Number of older files to keep.
        type: int
        default: 3
  restart:
    description: When it is started again after it has ended. V(on_failure) leaves it alone after exit status 0.
    type: str
    choices: [always, on_failure, never]
    default: always
  restart_token:
    description:
      - Any text. When it changes, the service is restarted once.
      - Use the version of the program, whose path may stay the same. The service finds it in its environment as
        C(HYBRID_AI_RESTART_TOKEN).
    type: str
  wait_for_paths:
    description: Files or directories that must be there before the program is started.
    type: list
    elements: path
  replaces:
    description:
      - Units of the distribution that must not run while this service exists, such as C(prometheus.service).
      - They are masked and stopped before it is started, and at every call where somebody has let them run again.
      - Before the unit is installed, mask it yourself, or it runs until this module is called.
      - With O(state=absent) they are left as they are. On macOS there are none.
    type: list
    elements: str
  notifies:
    description:
      - Whether the program tells systemd when it is ready, so that a start lasts until then (C(Type=notify)).
      - On macOS there is nobody to tell.
    type: bool
    default: false
  reload:
    description:
      - How the program takes a new configuration without ending, for one that does so on a signal. Connections that are
        open stay open.
      - The program itself is asked what it serves, each time. Where that is not O(reload.stamp), the configuration is
        checked, the program is sent the signal, and asked until it serves it; else the task fails. A program that
        refuses a configuration goes on with the one before.
      - A changed description is a restart all the same, after which it is asked as well.
    type: dict
    suboptions:
      signal:
        description: The signal, without C(SIG).
        type: str
        choices: [HUP, USR1, USR2]
        required: true
      check:
        description:
          - A program that exits with 0 where the configuration is valid, as an absolute path, and its arguments.
          - It is run before the signal is sent, and by C(systemctl reload).
        type: list
        elements: str
        default: []
      socket:
        description: The program's administrative socket, which answers one line and ends the connection.
        type: path
        required: true
      request:
        description: The line that is asked there.
        type: str
        required: true
      stamp:
        description: A word that the answer has if the program serves the wanted configuration, such as its checksum.
        type: str
        required: true
      timeout:
        description: Seconds until it must serve it.
        type: int
        default: 30
  health:
    description: A request that it must answer, checked at the end of every call with O(state=started).
    type: dict
    suboptions:
      url:
        description: Address to get.
        type: str
        required: true
      status:
        description: Expected HTTP status.
        type: int
        default: 200
      contains:
        description: Text that the answer must contain.
        type: str
      timeout:
        description: Seconds until it must have answered.
        type: int
        default: 60
  state:
    description:
      - V(started) means running now and at every boot.
      - V(stopped) means not running, now and at boot.
      - V(absent) leaves nothing of it, its log included.
    type: str
    choices: [started, stopped, absent]
    default: started
"""

EXAMPLES = r"""
- name: Run exo
  hybrid_ai.cluster.service:
    name: exo
    arguments: [/Applications/EXO.app/Contents/Resources/exo/exo, --api-port, "52415"]
    user: _exo
    environment: {EXO_RUNTIME_DIR: /opt/hybrid-ai/exo}
    secret_environment: {HF_TOKEN: "{{ token_from_a_vault }}"}
    restart_token: 1.0.71
    health: {url: "http://127.0.0.1:52415/node_id"}

- name: Run exo where its user is as wanted
  hybrid_ai.cluster.service:
    name: exo
    arguments: [/Applications/EXO.app/Contents/Resources/exo/exo]
    user: _exo
    account:
      name: _exo
      uid: 450
      description: exo
      home: /opt/hybrid-ai/exo
      shell: /usr/bin/false
      hidden: true
      directories: [/opt/hybrid-ai/exo]
  register: exo

- name: Make its user, and run exo then
  ansible.builtin.include_tasks: user_first.yml
  when: exo.account_missing | length > 0

- name: Run Debian's HAProxy with a configuration of our own
  hybrid_ai.cluster.service:
    name: haproxy
    arguments: [/usr/sbin/haproxy, -Ws, -f, /opt/hybrid-ai/etc/haproxy]
    user: _haproxy
    notifies: true
    replaces: [haproxy.service]
    # The configuration has `stats socket /opt/hybrid-ai/haproxy/socket level user` and `description {{ checksum }}`.
    reload:
      signal: USR2
      check: [/usr/sbin/haproxy, -c, -f, /opt/hybrid-ai/etc/haproxy]
      socket: /opt/hybrid-ai/haproxy/socket
      request: show info
      stamp: "{{ checksum }}"

- name: Remove exo
  hybrid_ai.cluster.service:
    name: exo
    state: absent
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode, in this order.
  returned: success
  type: list
  elements: str
  sample: [unload, write, load]
restarted:
  description: Whether the program was started or restarted.
  returned: success
  type: bool
reloaded:
  description: Whether the program was told to read its configuration again.
  returned: success
  type: bool
account_missing:
  description:
    - What of O(account) is not as wanted, so that nothing was done.
    - Empty where all of it is, and without O(account).
  returned: success
  type: list
  elements: str
  sample: [group, user, /opt/hybrid-ai/exo]
pid:
  description: Its process. On macOS the one that keeps its log.
  returned: when it was started
  type: int
log:
  description: Where its output goes.
  returned: success
  type: str
  sample: /var/log/hybrid-ai/exo/exo.log
"""

import platform
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _optional_environment
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    Commands,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import account as accounts
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import health, proof, reloading
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import (
    ARGUMENTS,
    Description,
    Supervisor,
    make_description,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.launchd import LaunchdService
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.systemd import SystemdService

STARTS = {"load", "restart", "start"}
SHORTEST_SECRET = 6


def make_supervisor(commands: Commands, description: Description) -> Supervisor:
    """Return the supervisor of this platform."""
    if platform.system() == "Darwin":
        return LaunchdService(commands, description)
    return SystemdService(commands, description)


def hide_secrets(module: AnsibleModule) -> None:
    """Leave of the secret environment its names, and let a value such as `1` or `true` stay in other sentences."""
    module.params["secret_environment"] = sorted(module.params["secret_environment"] or {})
    module.no_log_values = {value for value in module.no_log_values if len(value) >= SHORTEST_SECRET}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read, plan, apply, read back."""
    state = module.params["state"]
    optional = _optional_environment.variables(module.params["optional_environment"])
    if optional:
        module.params["environment"] = {**optional, **(module.params["environment"] or {})}
    description = make_description(module.params)
    hide_secrets(module)
    require_root(f"Managing the service {description.name}")
    commands = module_commands(module)
    service = make_supervisor(commands, description)
    account = module.params["account"] if state != "absent" else None
    missing = accounts.missing(commands, account) if account else []
    if missing:
        return {
            "changed": False,
            "steps": [],
            "restarted": False,
            "reloaded": False,
            "log": service.log,
            "account_missing": missing,
        }
    service.read()
    steps = service.plan(state)
    result = {
        "changed": bool(steps),
        "steps": steps,
        "restarted": bool(STARTS & set(steps)),
        "reloaded": reloading.STEP in steps,
        "log": service.log,
        "account_missing": [],
        "diff": service.differences(steps),
    }
    if module.check_mode:
        return result
    if result["reloaded"]:
        proof.check_configuration(commands, description)
    service.apply(steps)
    if result["restarted"]:
        result["pid"] = service.wait_until_stable()
    if state == "started" and steps:
        proof.prove_configuration(service, description)
    if result["reloaded"] and not service.kept_process():
        module.warn(
            f"The service {description.name} ended when it was to read its configuration again, and was started anew:"
            f" what was open has been cut off. Read {service.log}."
        )
        result["restarted"] = True
    if state == "started" and module.params["health"]:
        proof.prove_health(service, description, health.Check(**module.params["health"]))
    return result


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
