#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: macos_launchd
short_description: Manage a system daemon of launchd
version_added: 0.1.0
author: The hybrid_ai.cluster contributors (@hybrid-ai)
description:
  - Puts a property list into C(/Library/LaunchDaemons) and brings the job to the wanted state.
  - C(launchctl) is judged by what it prints about the job afterwards, never by its exit status.
  - A job that launchd is to keep alive has to stay running, else the task fails with the end of its log.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
options:
  label:
    description: Label of the job, also the name of its file.
    type: str
    required: true
  plist:
    description:
      - The property list as a dictionary, see C(man launchd.plist). C(Label) is added.
      - Everybody on the host can read it, so it must not hold a secret.
      - Unset leaves an existing file alone.
    type: dict
  state:
    description:
      - V(started) means loaded, allowed at boot, and running where the property list says so.
      - V(restarted) is V(started) with a new process.
      - V(stopped) means unloaded and kept from loading at boot; the file stays.
      - V(absent) removes the job, its file and its disabled mark.
    type: str
    choices: [started, restarted, stopped, absent]
    default: started
  owned_paths:
    description: Files and directories that belong to the job alone. With O(state=absent) they are removed too.
    type: list
    elements: path
    default: []
  domain:
    description: The launchd domain. A Mac without a person in front of it has this one only.
    type: str
    choices: [system]
    default: system
  stable_seconds:
    description: How long a job that launchd keeps alive must run with the same process to count as started.
    type: int
    default: 3
"""

EXAMPLES = r"""
- name: Keep a power meter running
  hybrid_ai.cluster.macos_launchd:
    label: hybrid-ai.power-meter
    plist:
      ProgramArguments: [/opt/hybrid-ai/power-meter/bin/power-meter, --interval, "10"]
      RunAtLoad: true
      KeepAlive: true
      StandardErrorPath: /var/log/hybrid-ai/power-meter.log

- name: Run a clean-up every night at three
  hybrid_ai.cluster.macos_launchd:
    label: hybrid-ai.clean-up
    plist:
      ProgramArguments: [/opt/hybrid-ai/bin/clean-up]
      StartCalendarInterval: {Hour: 3, Minute: 0}

- name: Remove the power meter
  hybrid_ai.cluster.macos_launchd:
    label: hybrid-ai.power-meter
    state: absent
    owned_paths: [/opt/hybrid-ai/power-meter, /var/log/hybrid-ai/power-meter.log]
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode, in this order.
  returned: success
  type: list
  elements: str
  sample: [unload, write, load]
pid:
  description: Process of the job, if it has one.
  returned: when the job is loaded and check mode is off
  type: int
  sample: 4242
path:
  description: The property list.
  returned: success
  type: str
  sample: /Library/LaunchDaemons/hybrid-ai.power-meter.plist
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd import job
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import (
    Launchd,
    LaunchdError,
    stays_running,
)


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read, plan, apply, read back."""
    label, state = module.params["label"], module.params["state"]
    require_root(f"Managing {label}")
    launchd = Launchd(module_commands(module))
    plist = module.params["plist"]
    if plist is not None:
        plist = job.check_plist(label, plist)
    current = job.read(launchd, label)
    path = _names.launchd_plist(label)
    if state in {"started", "restarted"} and plist is None and current.plist is None:
        raise LaunchdError(f"There is no {path} to start: give its content with the option plist.")

    steps = job.plan(label, current, state, plist)
    leftovers = [owned for owned in module.params["owned_paths"] if state == "absent" and _files.exists(owned)]
    result = {
        "changed": bool(steps or leftovers),
        "steps": steps + [f"remove {owned}" for owned in leftovers],
        "path": path,
        "diff": {
            "before": job.describe(current),
            "after": job.describe_after(label, current, steps, plist),
        },
    }
    if module.check_mode:
        return result
    job.apply(launchd, label, steps, plist)
    for owned in leftovers:
        _files.remove(owned)
        if _files.exists(owned):
            raise LaunchdError(f"{owned} is still there after it was removed: remove it by hand.")
    pid = current.job.pid
    expected = plist or current.plist or {}
    if steps and state in {"started", "restarted"}:
        if stays_running(expected):
            log = job.error_log(expected)
            pid = launchd.wait_until_stable(label, module.params["stable_seconds"], log).pid
        else:
            pid = launchd.job(label).pid
    if state in {"started", "restarted"}:
        result["pid"] = pid
    return result


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "label": {"type": "str", "required": True},
            "plist": {"type": "dict"},
            "state": {
                "type": "str",
                "choices": ["started", "restarted", "stopped", "absent"],
                "default": "started",
            },
            "owned_paths": {"type": "list", "elements": "path", "default": []},
            "domain": {"type": "str", "choices": ["system"], "default": "system"},
            "stable_seconds": {"type": "int", "default": 3},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
