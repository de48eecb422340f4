#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_power
short_description: Power settings of a Mac
version_added: 0.1.0
description:
  - Sets power settings with C(pmset) and reads them back from C(pmset -g custom), section C(AC Power).
  - A setting that this Mac does not have is never written, because C(pmset) would store it without any effect. It is
    named in a warning and in RV(unsupported).
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  settings:
    description:
      - Names and values as C(pmset) knows them, such as V(sleep) in minutes (V(0) is never) or V(womp) as a boolean.
      - C(disablesleep) is refused because it is undocumented, C(Sleep On Power Button) because C(pmset) only shows it.
    type: dict
    default: {}
  restart_after_power_failure:
    description:
      - What the Mac does when power comes back; unset means not managed.
      - V(after_failure) starts it after a power failure, V(always) whenever power is connected, also after a shutdown.
      - V(always) needs macOS 26.5 and a Mac of 2024 or later. Elsewhere V(after_failure) is used, with a warning.
    type: str
    choices: [never, after_failure, always]
"""

EXAMPLES = r"""
- name: Never sleep, and wake for network access
  hybrid_ai.cluster.macos_power:
    settings:
      sleep: 0
      displaysleep: 0
      disksleep: 0
      womp: true

- name: Come back by itself when power does
  hybrid_ai.cluster.macos_power:
    restart_after_power_failure: always
"""

RETURN = r"""
settings:
  description: All power settings of the mains profile, read back.
  returned: success
  type: dict
  sample: {"sleep": 0, "womp": 1}
restart_after_power_failure:
  description: What the Mac does when power comes back; null where it has no such setting.
  returned: success
  type: str
  sample: always
unsupported:
  description: Wanted settings that this Mac does not have.
  returned: success
  type: list
  elements: str
  sample: [lowpowermode]
"""

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import power
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import run_module


def main() -> None:
    """Run the module."""
    run_module(
        "Managing power settings",
        {
            "settings": {"type": "dict", "default": {}},
            "restart_after_power_failure": {"type": "str", "choices": ["never", "after_failure", "always"]},
        },
        power.manage,
    )


if __name__ == "__main__":
    main()
