# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Everything a Mac needs to run and to come back without a screen: all of it is read before any of it is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import (
    automatic_updates,
    boot_args,
    computer_name,
    filevault,
    power,
    restoration,
    spotlight,
    system_setup,
    time_machine,
    wifi,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnmanagedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._serve import Request

    Options = Mapping[str, Any]


def _name(options: Options) -> Options | None:
    return {"name": options["name"]} if options["name"] is not None else None


def _power(options: Options) -> Options | None:
    settings, restart = options["power"] or {}, options["restart_after_power_failure"]
    if not settings and restart is None:
        return None
    return {"settings": settings, "restart_after_power_failure": restart}


def _system_setup(options: Options) -> Options | None:
    wanted = {name: options.get(name) for name in system_setup.SETTINGS}
    return wanted if any(value is not None for value in wanted.values()) else None


def _spotlight(options: Options) -> Options | None:
    return {"volumes": ["/"], "indexing": options["spotlight"]} if options["spotlight"] is not None else None


def _time_machine(options: Options) -> Options | None:
    return {"automatic": options["time_machine"]} if options["time_machine"] is not None else None


def _wifi_power(options: Options) -> Options | None:
    if options["wifi"] is None:
        return None
    return {"power": options["wifi"], "connection_address": options["connection_address"]}


def _updates(options: Options) -> Options | None:
    return {"automatic": options["automatic_updates"]} if options["automatic_updates"] is not None else None


def _boot_arguments(options: Options) -> Options | None:
    wanted = options["boot_arguments"] or {}
    present, absent = wanted.get("present") or [], wanted.get("absent") or []
    return {"present": present, "absent": absent, "fail_on_refusal": False} if present or absent else None


def _filevault(options: Options) -> Options | None:
    if options["filevault"] is None:
        return None
    user, password = options["filevault_user"], options["filevault_password"]
    return {"user": user, "password": password, "timeout": filevault.DECRYPTION_SECONDS}


AREAS: dict[str, tuple[Callable[[Options], Options | None], Callable[[Request], dict[str, Any]]]] = {
    "name": (_name, computer_name.manage),
    "power": (_power, power.manage),
    "system_setup": (_system_setup, system_setup.manage),
    "spotlight": (_spotlight, spotlight.manage),
    "time_machine": (_time_machine, time_machine.manage),
    "wifi": (_wifi_power, wifi.manage),
    "automatic_updates": (_updates, automatic_updates.manage),
    "boot_arguments": (_boot_arguments, boot_args.manage),
    "filevault": (_filevault, filevault.manage),
}
"""What an area takes of the options, or None where it is not managed; and what manages it. FileVault may take long."""


def manage(request: Request) -> dict[str, Any]:
    """Bring every managed area to what the options say, or back to what it was before."""
    record = request.options["record"]
    if request.options["state"] == "restored":
        return restoration.restore(request, record)
    requests = {}
    for area, (take, _) in AREAS.items():
        options = take(request.options)
        if options is not None:
            requests[area] = replace(request, options=options)
    # A mistake in one area, such as a missing password, leaves all as they are; what cannot be told, that area only.
    found = {area: _predict(area, wanted) for area, wanted in requests.items()}
    if not request.check_mode:
        due = {area: result for area, result in found.items() if isinstance(result, dict) and _differs(result)}
        if record and due:
            restoration.remember(record, due)
        found.update((area, _apply(area, requests[area])) for area in due)
    results = {area: result for area, result in found.items() if not isinstance(result, ClusterError)}
    unknown = {area: str(error) for area, error in found.items() if isinstance(error, UnmanagedError)}
    failed = [str(error) for area, error in found.items() if isinstance(error, ClusterError) and area not in unknown]
    for area, reason in unknown.items():
        request.warn(f"{area} is unmanaged: {reason}")
    failure = {"failed": True, "msg": " ".join(failed)} if failed else {}
    return {**_summary(results), "unknown_areas": unknown, **failure}


def _predict(area: str, request: Request) -> dict[str, Any] | ClusterError:
    try:
        return AREAS[area][1](replace(request, check_mode=True))
    except UnmanagedError as error:
        return error
    except CommandError as error:
        # A program that reads is missing, or comes to no end.
        return UnmanagedError(str(error))


def _apply(area: str, request: Request) -> dict[str, Any] | ClusterError:
    try:
        return AREAS[area][1](request)
    except ClusterError as error:
        return error


def _differs(result: dict[str, Any]) -> bool:
    return bool(result["diff"]["before"] != result["diff"]["after"])


def _summary(results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    differences = {area: result.pop("diff") for area, result in results.items()}
    changed = [area for area, result in results.items() if result.pop("changed")]
    return {
        "changed": bool(changed),
        "changed_areas": changed,
        "diff": {side: {area: shown[side] for area, shown in differences.items()} for side in ("before", "after")},
        "areas": results,
    }
