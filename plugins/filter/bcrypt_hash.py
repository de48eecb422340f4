# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: the bcrypt hash of a password that a run made."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    import bcrypt

    HAS_BCRYPT = True
except ImportError:
    HAS_BCRYPT = False

DOCUMENTATION = r"""
name: bcrypt_hash
short_description: The bcrypt hash of a password that a run made
version_added: 0.1.0
description:
  - Returns the same hash for the same password, so that a file that holds it does not change with every run.
  - Only for long random passwords. The salt follows from the password, and the hash is made at the lowest cost, because
    nobody can go through all such passwords however little each costs.
options:
  _input:
    description: A password of 20 to 72 bytes.
    type: str
    required: true
notes:
  - Needs the Python package bcrypt on the controller.
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show what Alertmanager gets instead of the password
  ansible.builtin.debug:
    msg: "{{ made_password | hybrid_ai.cluster.bcrypt_hash }}"
"""

RETURN = r"""
_value:
  description: The hash.
  type: str
"""

LEAST_BYTES = 20
MOST_BYTES = 72
COST = 4


def bcrypt_hash(password: str) -> str:
    """Hash a random password."""
    if not HAS_BCRYPT:
        raise AnsibleFilterError("the controller has no Python package bcrypt; pip install bcrypt brings it.")
    secret = password.encode()
    if not LEAST_BYTES <= len(secret) <= MOST_BYTES:
        raise AnsibleFilterError(
            f"a password for bcrypt_hash must have {LEAST_BYTES} to {MOST_BYTES} bytes; remove the file that holds it, "
            "and the next run makes a new one."
        )
    # 22 letters of bcrypt's own alphabet, of the last of which only two bits count.
    salt = f"$2b${COST:02}${hashlib.sha256(secret).hexdigest()[:21]}O"
    return bcrypt.hashpw(secret, salt.encode()).decode()


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"bcrypt_hash": bcrypt_hash}
