# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# Generated from plugins/module_utils/_names.py by `make generate`; change it there.
"""Names and places that every part of the collection agrees on."""

from __future__ import annotations

LABEL_PREFIX = "hybrid-ai."
"""launchd labels of ours start with it."""

UNIT_PREFIX = "hybrid-ai-"
"""systemd units of ours start with it."""

CLUSTER_DIRECTORY = "/opt/hybrid-ai"
"""Programs of ours, owned by root."""

SERVICE_DIRECTORY = f"{CLUSTER_DIRECTORY}/services"
"""What runs a service on macOS, and secrets for its environment; one directory per service, owned by root."""

LOG_DIRECTORY = "/var/log/hybrid-ai"
"""Services on macOS write here, one directory per service."""

LAUNCH_DAEMONS = "/Library/LaunchDaemons"
SYSTEMD_UNITS = "/etc/systemd/system"

STATE_DIRECTORY = "/var/db/hybrid-ai"
"""What a module has to remember between runs on a Mac."""

LINUX_STATE_DIRECTORY = "/var/lib/hybrid-ai"
"""The same on Linux."""

RESTART_TOKEN = "HYBRID_AI_RESTART_TOKEN"  # noqa: S105 - a name in the environment, no secret
"""Environment variable that carries a service's restart token, so that a new token is a changed service."""


def launchd_label(name: str) -> str:
    """Return the launchd label of a service of ours."""
    return f"{LABEL_PREFIX}{name}"


def launchd_plist(label: str) -> str:
    """Return where the property list of a system daemon lies."""
    return f"{LAUNCH_DAEMONS}/{label}.plist"


def log_directory(name: str) -> str:
    """Return where a service on macOS writes what it prints."""
    return f"{LOG_DIRECTORY}/{name}"


def service_log(name: str) -> str:
    """Return the log of a service on macOS, which is there once it was started."""
    return f"{log_directory(name)}/{name}.log"


def launchd_log(name: str) -> str:
    """Return where launchd writes what came before that log was opened.

    Not in the service's own directory: launchd may open it as root.
    """
    return f"{LOG_DIRECTORY}/{name}.launchd.log"


def service_environment(name: str) -> str:
    """Return where the secret part of a service's environment lies."""
    return f"{SERVICE_DIRECTORY}/{name}/environment"


def systemd_unit(name: str) -> str:
    """Return the systemd unit of a service of ours."""
    return f"{UNIT_PREFIX}{name}.service"
