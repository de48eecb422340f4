#!/usr/bin/python
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a pinned file at a path."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_file
short_description: Have a pinned file at a path
version_added: 0.1.0
description:
  - Fetches a file unless the one at O(path) has the wanted checksum already, and verifies what it wrote.
  - Unlike M(ansible.builtin.get_url) it asks no server in check mode, so it can predict a change before the server
    runs, and a file with a wrong checksum never appears at O(path).
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors
options:
  url:
    description: Where the file is; C(http), C(https) or C(file).
    type: str
    required: true
  path:
    description: Where to have it. Its directory is made where it is missing.
    type: path
    required: true
  checksum:
    description:
      - C(sha256:) and 64 hexadecimal digits.
      - Or C(sha256:) and the address of the list that the publisher keeps beside the file, as C(sha256sum) prints it,
        or the bare checksum. It is asked once; from then on the file is pinned by what stands in O(path) with
        C(.sha256) behind.
    type: str
    required: true
  timeout:
    description: Seconds without an answer after which the server counts as dead.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: Fetch exo
  hybrid_ai.cluster.release_file:
    url: https://assets.exolabs.net/EXO-1.0.71.dmg
    checksum: sha256:bc81a23ec647a995c5f8237857e749bc3de7ba8ec40f2aab39886c1a04beaac7
    path: /opt/hybrid-ai/releases/EXO-1.0.71.dmg

- name: Fetch node_exporter, pinned by what its publisher says the first time
  hybrid_ai.cluster.release_file:
    url: https://github.com/prometheus/node_exporter/releases/download/v1.10.2/node_exporter-1.10.2.darwin-arm64.tar.gz
    checksum: sha256:https://github.com/prometheus/node_exporter/releases/download/v1.10.2/sha256sums.txt
    path: /opt/hybrid-ai/releases/node_exporter-1.10.2.darwin-arm64.tar.gz
"""

RETURN = r"""
path:
  description: Where the file is.
  type: str
  returned: always
size:
  description: Its size in bytes; 0 in check mode where it is not there yet.
  type: int
  returned: always
"""

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import fetch_url
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError


class ReleaseError(ClusterError):
    """A file could not be had."""


def sha256(module: AnsibleModule, path: Path) -> str | None:
    """Return the checksum of the file at a path, or None where there is none."""
    return str(module.sha256(str(path))) if path.is_file() else None


def request(module: AnsibleModule, url: str) -> Any:
    """Ask for an address and return the answer, a file to read."""
    response, info = fetch_url(module, url, timeout=module.params["timeout"])
    # A file:// answer has no status of its own.
    if response is None or info["status"] not in (200, None):
        raise ReleaseError(f"{url} cannot be fetched: {info['msg']}.")
    return response


def published(text: str, name: str) -> str | None:
    """Find a file's checksum in a list of the publisher's, or in one that holds nothing but a checksum."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    for words in lines:
        of_the_file = len(words) == 2 and words[1].lstrip("*").rpartition("/")[2] == name
        alone = len(words) == len(lines) == 1
        if (of_the_file or alone) and re.fullmatch("[0-9a-fA-F]{64}", words[0]):
            return words[0].lower()
    return None


def pinned(module: AnsibleModule, record: Path) -> str | None:
    """Return the wanted checksum; None in check mode where only the publisher knows it."""
    found = re.fullmatch(r"sha256:(?:([0-9a-f]{64})|((?:https?|file)://\S+))", module.params["checksum"])
    if not found:
        raise ReleaseError(
            f"checksum is {module.params['checksum']!r}; write sha256: and 64 hexadecimal digits, or sha256: and the "
            "address of the publisher's list."
        )
    if found.group(1):
        return str(found.group(1))
    if record.is_file():
        return record.read_text(encoding="ascii").split()[0]
    if module.check_mode:
        return None
    name = unquote(urlsplit(module.params["url"]).path).rpartition("/")[2]
    text = request(module, found.group(2)).read(1 << 20).decode("utf-8", "replace")
    checksum = published(text, name)
    if checksum is None:
        raise ReleaseError(f"{found.group(2)} has no checksum of {name}; correct the address or write the checksum.")
    return checksum


def fetch(module: AnsibleModule, url: str, path: Path, wanted: str) -> None:
    """Fetch into a temporary file beside the path, verify, and only then put it in place."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    response = request(module, url)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(response, file, 1 << 20)
        seen = sha256(module, temporary)
        if seen != wanted:
            raise ReleaseError(
                f"{url} has the checksum sha256:{seen} where sha256:{wanted} is pinned; "
                "it was not kept: correct the pin or the mirror."
            )
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "path": {"type": "path", "required": True},
            "checksum": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 30},
        },
        supports_check_mode=True,
    )
    path = Path(module.params["path"])
    record = path.with_name(f"{path.name}.sha256")
    before = sha256(module, path)
    try:
        wanted = pinned(module, record)
        changed = wanted is None or before != wanted
        if changed and wanted and not module.check_mode:
            fetch(module, module.params["url"], path, wanted)
            if sha256(module, path) != wanted:
                raise ReleaseError(f"{path} does not have the checksum it was written with; check the disk.")
        if wanted and not module.check_mode and "://" in module.params["checksum"] and not record.is_file():
            record.write_text(f"{wanted}  {path.name}\n", encoding="ascii")
            record.chmod(0o644)
            changed = True
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=changed,
        path=str(path),
        size=path.stat().st_size if path.is_file() else 0,
        diff={"before": f"sha256:{before}\n" if before else "", "after": f"sha256:{wanted or '(as published)'}\n"},
    )


if __name__ == "__main__":
    main()
