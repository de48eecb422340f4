#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_wifi
short_description: Wi-Fi power of a Mac
version_added: 0.1.0
description:
  - Turns the radio on or off. The device is found by its hardware port, whose name is not translated.
  - A Mac without Wi-Fi counts as one whose Wi-Fi is off.
  - Refused where the connection runs over Wi-Fi, found on the host by the address it goes to.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  power:
    description: Whether the radio is on.
    type: bool
    required: true
  connection_address:
    description:
      - The address of this Mac that the connection goes to. One that no port has is reached over the default route.
      - If unset it is taken from the session, where C(sudo) lets it through. If it cannot be known, Wi-Fi is not
        switched off while it has an address.
    type: str
"""

EXAMPLES = r"""
- name: A wired worker needs no radio
  hybrid_ai.cluster.macos_wifi:
    power: false
    connection_address: "{{ ansible_host }}"
"""

RETURN = r"""
power:
  description: Whether the radio is on.
  returned: success
  type: bool
  sample: false
device:
  description: The Wi-Fi device; null where there is none.
  returned: success
  type: str
  sample: en1
"""

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import wifi
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import run_module


def main() -> None:
    """Run the module."""
    run_module(
        "Managing Wi-Fi",
        {"power": {"type": "bool", "required": True}, "connection_address": {"type": "str"}},
        wifi.manage,
    )


if __name__ == "__main__":
    main()
