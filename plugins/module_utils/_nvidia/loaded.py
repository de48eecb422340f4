# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The driver that the kernel has loaded, as it says itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files

LOADED = "/proc/driver/nvidia/version"
VERSION = "/sys/module/nvidia/version"
_KINDS = {
    "open": re.compile(r"NVRM version: NVIDIA UNIX Open Kernel Module for \S+ +(\d+(?:\.\d+)+)(?: |$)"),
    "proprietary": re.compile(r"NVRM version: NVIDIA UNIX \S+ Kernel Module +(\d+(?:\.\d+)+)(?: |$)"),
}


@dataclass(frozen=True)
class Module:
    """A kernel module of NVIDIA's."""

    version: str
    flavour: str


def loaded_module() -> Module | None:
    """Return the module that is loaded; one that says something unknown of itself is None."""
    return parse_loaded(_text(LOADED))


def loaded_version() -> str | None:
    """Return the version of the module that is loaded, whatever it says besides."""
    module = loaded_module()
    return _text(VERSION).strip() or (module.version if module else None)


def parse_loaded(text: str) -> Module | None:
    """Read the first line of /proc/driver/nvidia/version."""
    line = text.partition("\n")[0]
    for flavour, pattern in _KINDS.items():
        found = pattern.match(line)
        if found:
            return Module(found[1], flavour)
    return None


def _text(path: str) -> str:
    try:
        return _files.real(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
