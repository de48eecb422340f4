# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A pinned file of the package index that pip asks on this host.

pip itself would build what it downloads, with tools that nobody has pinned, only to learn what it is called.
"""

from __future__ import annotations

import html
import os
import re
import sys
from typing import TYPE_CHECKING, Callable
from urllib.parse import urljoin

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

_DEFAULT = re.compile(r"--index-url <url>[^(]*\(default\s+(\S+?)\)")
_LINK = re.compile(r"<a\s[^>]*href\s*=\s*[\"']([^\"']+)[\"'][^>]*>\s*([^<]+?)\s*</a>", re.IGNORECASE)


class PackageIndexError(ClusterError):
    """The index has no such file, or nobody knows which index."""


def index_url(commands: Commands) -> str:
    """Return the address of the index that pip asks on this host, by its settings or by itself."""
    python = sys.executable or "/usr/bin/python3"
    said = os.environ.get("PIP_INDEX_URL")
    if said:
        return said
    configured = commands.run([python, "-m", "pip", "config", "get", "global.index-url"])
    if configured.rc == 0 and configured.out.strip():
        return configured.out.strip()
    shown = commands.run([python, "-m", "pip", "download", "--help"])
    match = _DEFAULT.search(" ".join(shown.out.split()))
    if shown.rc != 0 or not match:
        raise PackageIndexError(
            "This host has no pip to say which package index it asks: install python3-pip, or set the index."
        )
    return match[1]


def address(index: str, project: str, file: str, page: Callable[[str], str]) -> str:
    """Return the address of a file of a project, from the page of that project."""
    url = f"{index.rstrip('/')}/{project}/"
    for link, name in _LINK.findall(page(url)):
        if html.unescape(name) == file:
            return urljoin(url, html.unescape(link)).partition("#")[0]
    raise PackageIndexError(f"{url} has no file {file}.")
