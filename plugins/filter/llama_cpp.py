# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filters: where llama.cpp comes from, and what its router is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _llama_cpp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def llama_cpp_source(
    releases: Mapping[str, Mapping[str, Any]],
    version: str,
    host: Mapping[str, Any],
    wanted: str = "auto",
    cuda_version: str | None = None,
) -> dict[str, Any]:
    """Return where a host gets llama.cpp from."""
    try:
        return _llama_cpp.choose_source(releases, version, _llama_cpp.Host(**host), wanted, cuda_version)
    except _llama_cpp.LlamaCppError as error:
        raise AnsibleFilterError(str(error)) from error


def llama_cpp_preset(
    models: Iterable[Mapping[str, Any]],
    cache_gigabytes: float,
    options: Mapping[str, Any] | None = None,
    stop_seconds: int = _llama_cpp.STOP_SECONDS,
) -> dict[str, Any]:
    """Return what the router is told of its models."""
    try:
        return _llama_cpp.preset(models, cache_gigabytes, options, stop_seconds)
    except _llama_cpp.LlamaCppError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "llama_cpp_source": llama_cpp_source,
            "llama_cpp_preset": llama_cpp_preset,
        }
