#!/usr/bin/python
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name; nothing of it runs on the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bootstrap_host
short_description: Bring a bare host under Ansible's management
version_added: 0.1.0
description:
  - Authorizes an SSH key, allows the connecting user to use C(sudo) without a password, and on macOS
    unpacks a relocatable CPython where O(interpreter) says.
  - It needs no Python on the host. A bare Mac has only a stub at C(/usr/bin/python3).
  - Each part is probed before and after; only what is missing is brought.
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
attributes:
  check_mode:
    description: Can run in check mode and predict what would be brought.
    support: full
  diff_mode:
    description: Lists what is brought.
    support: full
options:
  private_key_file:
    description:
      - The private key, on the controller, that the host is to be reached with from now on.
      - Only its public half leaves the controller.
    type: path
    required: true
  interpreter:
    description: Path of the interpreter that Ansible will use on the host. It must end in C(/bin/python3).
    type: path
    required: true
  archive:
    description:
      - Path, on the controller, of the CPython archive for Macs. It holds one folder named C(python).
      - It is verified before it is sent, and not sent if anything in it leads out of that folder.
    type: path
    required: true
  checksum:
    description: C(sha256:) and the 64 hexadecimal digits of the archive.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Bring the host under management
  hybrid_ai.cluster.bootstrap_host:
    private_key_file: ~/.ssh/id_ed25519
    interpreter: /opt/hybrid-ai/python/bin/python3
    archive: ~/.cache/hybrid-ai/cpython-3.12.14-aarch64-apple-darwin.tar.gz
    checksum: sha256:81a359f1cfadd4da11766534c5913791cea55f26e1bb902cacd2a531bb1e4b2b
"""

RETURN = r"""
brought:
  description: What the host lacked, in the order in which it was brought.
  type: list
  elements: str
  returned: always
  sample: [cluster key, passwordless sudo, Python]
wants_archive:
  description: Whether the archive was, or in check mode would be, sent to the host.
  type: bool
  returned: always
"""
