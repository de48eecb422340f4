# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the program refuses when it starts, and its check of the file takes."""

from __future__ import annotations

from typing import Any

from . import upstream
from .configuration import ConfigurationError
from .names import is_address, is_host_name

_AS_THE_SERVER_SAYS = {"A", "AAAA"}
"""Answers of a rewrite that stand for what an upstream says."""


def refuse(settings: dict[str, Any]) -> None:
    """Fail with what the program says of the first setting that it cannot run with."""
    for number, rewrite in enumerate(settings["filtering"]["rewrites"]):
        answer = str(rewrite["answer"] or "")
        if not (is_address(answer) or answer in _AS_THE_SERVER_SAYS or is_host_name(answer)):
            raise ConfigurationError(f"preparing rewrites: at index {number}: bad answer {answer!r}")
    dns = settings["dns"]
    for key in ("upstream_dns", "fallback_dns", "local_ptr_upstreams"):
        upstream.parse(dns[key])
    for server in upstream.parse(dns["bootstrap_dns"]):
        if server.host and not is_address(server.host):
            raise ConfigurationError(f"parsing bootstrap server {server.text!r}: not an address")
