#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: apt_ready
short_description: Wait until apt is free, and finish what an interrupted run left
version_added: 0.1.0
description:
  - Waits while another program holds apt or dpkg, such as the upgrades of a host's first boot, up to a limit; then it
    fails and names the program.
  - Finishes packages that are unpacked and not configured, as an interrupted run leaves them. Packages that cannot be
    finished are one sentence with the reason that dpkg gives.
  - In check mode it waits, finishes nothing, and says what it would finish.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
attributes:
  diff_mode:
    support: none
options:
  timeout:
    description:
      - Seconds to wait for the other program.
      - V(0) waits not at all and fails not either; RV(held_by) says who it is.
    type: int
    default: 900
"""

EXAMPLES = r"""
- name: Wait until nobody else changes packages
  hybrid_ai.cluster.apt_ready:
    timeout: 600
"""

RETURN = r"""
held_by:
  description: The program that holds apt, and its process, at the time of the call; V(null) where nobody does.
  returned: success
  type: str
  sample: unattended-upgrade (pid 311)
finished:
  description: The packages that were half-configured, or that would be finished in check mode.
  returned: success
  type: list
  elements: str
  sample: [linux-image-6.8.0-85-generic]
"""

from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _apt, _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call, run_module


def manage(call: Call) -> dict[str, Any]:
    """Wait, then finish."""
    timeout = call.options["timeout"]
    first = _apt.holder()
    held_by = None if first is None else str(first)
    if timeout == 0 and first:
        return {"changed": False, "held_by": held_by, "finished": []}
    if not _wait.wait_until(lambda: _apt.holder() is None, timeout, interval=2.0):
        raise _apt.AptError(
            f"apt is held by {_apt.holder() or held_by} for more than {timeout} seconds: look what it does, and run"
            " this again when it has ended."
        )
    left = _apt.unsettled(call.commands)
    if not left and not _apt.interrupted():
        return {"changed": False, "held_by": held_by, "finished": []}
    if not call.check_mode:
        _finish(call)
    return {"changed": True, "held_by": held_by, "finished": left}


def _finish(call: Call) -> None:
    answer = call.commands.run(_apt.CONFIGURE, timeout=_apt.SECONDS)
    still = _apt.unsettled(call.commands)
    if still:
        # What is missing is one of their dependencies.
        planned = _apt.simulate(call.commands, ["--fix-broken", "install"])
        if planned.removes:
            raise _apt.AptError(
                f"{enumerate_names(still)} cannot be configured, and apt would remove"
                f" {enumerate_names(planned.removes)} to mend that: decide it on the host, with `sudo apt-get"
                " --fix-broken install`."
            )
        answer = call.commands.run([*_apt.GET, "--fix-broken", "install"], timeout=_apt.SECONDS)
        still = _apt.unsettled(call.commands)
    if still or _apt.interrupted():
        raise _apt.AptError(
            f"{enumerate_names(still) or 'The database of dpkg'} is left half-done by an earlier run and cannot be"
            f" finished: {_apt.reason(answer)} Mend that on the host, until `sudo dpkg --configure -a` succeeds."
        )


def main() -> None:
    """Run the module."""
    run_module("Finishing packages", {"timeout": {"type": "int", "default": 900}}, manage)


if __name__ == "__main__":
    main()
