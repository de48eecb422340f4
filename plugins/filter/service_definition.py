# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filters: what modules are told of a service that a role describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SAME_NAMES = (
    *("name", "description", "state", "arguments", "environment", "secret_environment", "secret_files", "limits"),
    *("low_ports", "log", "restart", "restart_token", "replaces", "health", "stop_seconds", "notifies", "reload"),
)


def service_account(definition: Mapping[str, Any], on_macos: bool) -> dict[str, Any]:
    """Return the service's own user as service_user_info wants it."""
    return {
        "name": definition["user"],
        # Linux gives a number of its own.
        "uid": definition["uid"] if on_macos else None,
        "description": definition["description"],
        "home": definition["home"],
        "shell": "/usr/bin/false" if on_macos else "/usr/sbin/nologin",
        "hidden": on_macos,
        "directories": [definition["home"], *definition.get("directories", ())],
        "files": definition.get("files", []),
    }


def service_arguments(
    definition: Mapping[str, Any], on_macos: bool, download_environment: Mapping[str, Any], *, look_at_account: bool
) -> dict[str, Any]:
    """Return the options of the module service."""
    options = {name: definition[name] for name in _SAME_NAMES if name in definition}
    # A program that becomes its own user by itself is started as somebody else, with that one's groups.
    own = {"user": definition["user"], "group": definition["user"]}
    options |= {"user": definition["run_as"]} if "run_as" in definition else own
    options["working_directory"] = definition["home"]
    if definition.get("downloads"):
        options["optional_environment"] = download_environment
    if look_at_account:
        options["account"] = service_account(definition, on_macos)
    return options


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"service_account": service_account, "service_arguments": service_arguments}
