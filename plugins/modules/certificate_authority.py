#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_authority
short_description: Have a certificate authority of our own, and renew it in time
version_added: 0.1.0
description:
  - Makes a private key and a certificate that may sign others, with the C(openssl) program of the host. Unlike
    C(community.crypto) it needs no Python library, which a Mac would have to get first.
  - The key belongs to root alone and is never returned, logged or shown.
  - A certificate that ends soon is made again with the same key and name, so that hosts that trust the one before go
    on working until they have the new one.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos_and_linux
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  private_key:
    description: Where the key is. Its directory must exist.
    type: path
    required: true
  certificate:
    description: Where the certificate is. Its directory must exist.
    type: path
    required: true
  common_name:
    description: What the authority is called.
    type: str
    required: true
  days:
    description: How long a new certificate is valid.
    type: int
    default: 730
  renew_days:
    description: A certificate with fewer days left is renewed.
    type: int
    default: 60
"""

EXAMPLES = r"""
- name: Have the authority of the cache
  hybrid_ai.cluster.certificate_authority:
    private_key: /opt/hybrid-ai/squid/ca/ca.key
    certificate: /opt/hybrid-ai/squid/ca/ca.pem
    common_name: home download cache
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode, in this order.
  returned: success
  type: list
  elements: str
  sample: [make_key, issue]
content:
  description: The certificate; empty in check mode where there is none yet.
  returned: success
  type: str
fingerprint:
  description: Its SHA-256; empty in check mode where it would be made.
  returned: success
  type: str
days_left:
  description: Whole days until it ends.
  returned: when there is one
  type: int
  sample: 729
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _certificate
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read, plan, apply, read back."""
    options = module.params
    if options["renew_days"] >= options["days"]:
        raise _certificate.CertificateError(
            f"renew_days is {options['renew_days']} and days is {options['days']}: a certificate must be valid for"
            " longer than the time before its end in which it is renewed."
        )
    require_root("Managing a certificate authority")
    authority = _certificate.Authority(
        module_commands(module), options["private_key"], options["certificate"], options["common_name"]
    )
    authority.read()
    now = _certificate.utc_now()
    before = authority.current
    steps = authority.plan(options["renew_days"], now)
    if not module.check_mode and steps:
        authority.apply(steps, options["days"])
    after = None if module.check_mode and "issue" in steps else authority.current
    result = {
        "changed": bool(steps),
        "steps": steps,
        "content": after.pem if after else "",
        "fingerprint": after.fingerprint if after else "",
        "diff": {"before": {"ends": str(before.ends) if before else None}, "after": {"steps": steps}} if steps else {},
    }
    if after:
        result["days_left"] = after.days_left(now)
    return result


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "private_key": {"type": "path", "required": True, "no_log": False},
            "certificate": {"type": "path", "required": True},
            "common_name": {"type": "str", "required": True},
            "days": {"type": "int", "default": 730},
            "renew_days": {"type": "int", "default": 60},
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
