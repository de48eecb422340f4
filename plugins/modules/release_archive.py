#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

DOCUMENTATION = r"""
module: release_archive
short_description: Have a version of a program from an archive
version_added: 0.1.0
description:
  - Unpacks an archive beside the versions that are there already, and makes C(current) lead to it.
  - A version is there whole or not at all, and a running program is never overwritten.
  - It needs neither GNU tar nor unzip, and reads no archive in check mode.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors
options:
  directory:
    description: Where the versions are, each in a directory of its own.
    type: path
    required: true
  version:
    description: The version that C(current) is to lead to.
    type: str
  archive:
    description: A tar or zip archive; a single folder in it is left out. Not needed for a version that is there.
    type: path
  checksum:
    description: C(sha256:) and 64 digits. Another archive of the same version is unpacked again.
    type: str
  keep:
    description: Versions that are not removed, besides O(version). Unset, none is removed.
    type: list
    elements: str
  state:
    description: V(absent) removes all versions.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Have the new version and keep the one before
  hybrid_ai.cluster.release_archive:
    archive: /opt/hybrid-ai/releases/AdGuardHome_linux_amd64.tar.gz
    checksum: sha256:c48f4a43000665484c5ec28177de11a004759b620dae8f77b2aabefc9ef3687f
    directory: /opt/hybrid-ai/programs/adguard-home
    version: 0.107.79
  register: program

- name: Remove the version before
  hybrid_ai.cluster.release_archive:
    directory: /opt/hybrid-ai/programs/adguard-home
    version: 0.107.79
    keep: []
"""

RETURN = r"""
previous:
  description: The version that C(current) led to; null if there was none.
  type: str
  returned: with O(state=present)
missing:
  description: Whether the archive is needed.
  type: bool
  returned: with O(state=present)
path:
  description: Where the version is.
  type: str
  returned: with O(state=present)
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _archive
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read, plan, apply."""
    options = module.params
    versions = _archive.Versions(Path(options["directory"]))
    if options["state"] == "absent":
        changed = versions.there()
        if changed and not module.check_mode:
            versions.remove()
        return {"changed": changed}
    version, checksum = options["version"], options["checksum"]
    previous = versions.current()
    missing = not versions.holds(version, checksum)
    superfluous = versions.others([version, *options["keep"]]) if options["keep"] is not None else []
    result = {
        "changed": missing or previous != version or bool(superfluous),
        "previous": previous,
        "missing": missing,
        "path": str(versions.path(version)),
        "diff": {"before": f"{previous or 'nothing'}\n", "after": f"{version}\n"},
    }
    if module.check_mode:
        return result
    if missing:
        if not options["archive"]:
            raise _archive.ArchiveError(f"{versions.path(version)} is not there, and no archive was given to unpack.")
        archive = Path(options["archive"])
        seen = module.sha256(str(archive)) if archive.is_file() else None
        if checksum and f"sha256:{seen}" != checksum:
            raise _archive.ArchiveError(f"{archive} has not the checksum {checksum}; fetch it again.")
        versions.unpack(archive, version, checksum)
    versions.switch(version)
    for name in superfluous:
        versions.discard(name)
    return result


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "version": {"type": "str"},
            "archive": {"type": "path"},
            "checksum": {"type": "str"},
            "keep": {"type": "list", "elements": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ["version"])],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
