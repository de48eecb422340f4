# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about what is given by half: a version without checksum, an entry for a table, a user without password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.power import (
    BOOLEANS,
    FIRST,
    REFUSED,
    value_of,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import SettingError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import (
    INVENTORY,
    Problem,
    closest,
    did_you_mean,
    enumerate_names,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import written as shown
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._secret_names import is_secret_name, members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory

_FROM_THE_DISTRIBUTION = ("alertmanager", "node_exporter", "prometheus")
"""What a Linux machine takes from its distribution, in the version that this has."""
_BUILT_OR_BREWED = ("llama_cpp",)
"""What a Mac takes from Homebrew where no release is for it."""
_CHECKED_ELSEWHERE = ("exo",)
_FIELDS = ("url", "checksum")
_KEYRINGS = "nvidia_driver_keyrings"
_OTHER_FILES = {_KEYRINGS: ("checksum",), "nvidia_driver_container_key": _FIELDS}
"""Files that are downloaded beside releases, and what an entry of each needs."""
_SERVICES, _OVERRIDES, _POWER = "cluster_services", "cluster_service_overrides", "macos_headless_power"
_BATTERY = "macos_headless_power_on_battery"
_KEYS = BOOLEANS | {*FIRST, "hibernatemode", "highstandbythreshold", "standbydelayhigh", "standbydelaylow"}
_FILEVAULT = ("macos_headless_filevault_user", "macos_headless_filevault_password")


def releases(inventory: Inventory) -> Iterator[Problem]:
    """Check that a version that is asked for has an address and a checksum, on each host that its role is for."""
    names = [name.removesuffix("_releases") for name in inventory.specs.options if name.endswith("_releases")]
    for host in inventory.hosts.values():
        for program in names:
            table = host.given.get(f"{program}_releases")
            faults = list(_entry_faults(f"{program}_releases", table))
            yield from (Problem(host.name, fault) for fault in faults)
            if program == "llama_cpp" and "llama_cpp_cuda_version" in host.given and not faults:
                yield from _cuda_faults(host)
            if faults:
                host.forget(f"{program}_releases")
            elif program not in _CHECKED_ELSEWHERE and _is_needed(host, program):
                yield from _version_faults(host, program)


def _cuda_faults(host: Host) -> Iterator[Problem]:
    version, known = host.get("llama_cpp_cuda_version"), host.get("llama_cpp_releases")
    if version is not None and isinstance(known, Mapping) and version not in known:
        listed = enumerate_names(map(str, known))
        yield Problem(
            host.name,
            f"llama_cpp_cuda_version is {version}, which llama_cpp_releases does not pin; write one of {listed}, or add"
            " its url and checksum there.",
        )


def files(inventory: Inventory) -> Iterator[Problem]:
    """Check that what is downloaded beside releases has its checksum."""
    for host in inventory.hosts.values():
        for name, needed in _OTHER_FILES.items():
            value = host.given.get(name)
            entries = value.items() if name == _KEYRINGS and isinstance(value, Mapping) else [("", value)]
            for key, entry in entries:
                if isinstance(entry, Mapping):
                    where = f"{name}.{key}" if key else name
                    missing = [field for field in needed if not entry.get(field)]
                    yield from (Problem(host.name, f"{where} has no {field}; add it.") for field in missing)


def _is_needed(host: Host, program: str) -> bool:
    """Tell whether a release of the program would be used on such a host."""
    return program not in (_BUILT_OR_BREWED if host.is_mac else ())


def _runs_a_release(host: Host, program: str) -> bool:
    """Tell whether the program runs on the host, and is not its distribution's."""
    capability = registry().capabilities.get(program)
    runs = capability is not None and (capability.where == "all" or capability.where in host.groups)
    return runs and (host.is_mac or program not in _FROM_THE_DISTRIBUTION)


def _version_faults(host: Host, program: str) -> Iterator[Problem]:
    variable, table_name = f"{program}_version", f"{program}_releases"
    if not {variable, table_name} & host.given.keys():
        return
    version, table = host.get(variable), host.get(table_name)
    if version is None or not isinstance(table, Mapping):
        return
    known = enumerate_names(map(str, table))
    if version not in table and variable in host.given:
        yield Problem(
            host.name,
            f"{variable} is {version}, which {table_name} does not pin; write one of {known}, or add its url and"
            " checksum there.",
        )
    elif version not in table:
        yield Problem(
            host.name,
            f"{table_name} has {known or 'nothing'} and replaces the whole table, without {version}, which {variable}"
            f" asks for; write {variable} too, or add {version} to {table_name}.",
        )
    elif table_name in host.given and _runs_a_release(host, program):
        wanted = "darwin" if host.is_mac else "linux"
        platforms = table[version]
        if not any(str(name).startswith((wanted, "source")) for name in platforms):
            yield Problem(
                host.name,
                f"{table_name}.{version} has {enumerate_names(map(str, platforms)) or 'nothing'}, and nothing for"
                f" {wanted}; add its url and checksum.",
            )


def _entry_faults(path: str, table: Any) -> Iterator[str]:
    """Find entries that name a file without its checksum, or the other way round."""
    if not isinstance(table, Mapping):
        return
    for version, entry in table.items():
        yield from _file_faults(f"{path}.{version}", entry)


def _file_faults(path: str, entry: Any) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield (
            f"{path} is {entry!r}; write a mapping with url and checksum."
            if isinstance(entry, str)
            else (f"{path} is not a mapping; write one with url and checksum.")
        )
        return
    nested = {name: member for name, member in entry.items() if isinstance(member, Mapping)}
    for name, member in nested.items():
        yield from _file_faults(f"{path}.{name}", member)
    if nested and not set(_FIELDS) & entry.keys():
        return
    for field in _FIELDS:
        other = "file" if field == "url" else field
        written = entry.get(field) or entry.get(other)
        misspelt = closest(field, [str(name) for name in entry if name not in _FIELDS])
        if misspelt and not written:
            yield f"{path} has {misspelt}, which means nothing there; did you mean {field}?"
        elif not written:
            yield f"{path} has no {field}; add it."
        elif not isinstance(written, str):
            yield f"{path}.{field} is {shown(written)}; write text; put it in quotes."


def tables(inventory: Inventory) -> Iterator[Problem]:
    """Find one entry in the place of a whole table, which would take all others away."""
    defaults = inventory.defaults.get(_SERVICES) or {}
    for host in inventory.hosts.values():
        services = host.given.get(_SERVICES)
        if isinstance(services, Mapping) and (gone := [name for name in defaults if name not in services]):
            host.forget(_SERVICES)
            yield Problem(
                host.name,
                f"{_SERVICES} replaces the whole table, and has no {gone[0]}, for one; write what differs in"
                f" {_OVERRIDES}.",
            )
        yield from _power_faults(host)


def _power_faults(host: Host) -> Iterator[Problem]:
    yield from _key_faults(host, _BATTERY)
    power = host.given.get(_POWER)
    if not isinstance(power, Mapping) or not power:
        return
    faults = list(_key_faults(host, _POWER))
    yield from faults
    # A misspelt key may be this one; a host that is to be woken hears of its own needs.
    if any("did you mean" in fault.text for fault in faults):
        return
    if "sleep" not in power and not host.get("cluster_wake") and host.get("macos_headless_profile") == "server":
        yield Problem(
            host.name,
            f"{_POWER} replaces the whole table, and has no sleep, so that the Mac goes to sleep as it did before; add"
            " sleep: 0.",
        )


def _key_faults(host: Host, variable: str) -> Iterator[Problem]:
    """Check the keys of pmset in one variable; of several that it does not know, the first is told."""
    power = host.given.get(variable)
    for name, value in power.items() if isinstance(power, Mapping) else ():
        guess = closest(str(name), _KEYS, 0.7)
        if name not in _KEYS and name not in REFUSED and guess:
            yield Problem(host.name, f"{variable} has {name}, which pmset does not know; did you mean {guess}?")
            return
        if name in REFUSED:
            yield Problem(host.name, f"{variable} has {name}: {REFUSED[name]}.")
            continue
        try:
            value_of(str(name), value)
        except SettingError:
            yield Problem(host.name, f"{variable}.{name} is {shown(value)}; write a whole number, 0 for never.")


def overrides(inventory: Inventory) -> Iterator[Problem]:
    """Check that a service is put on hosts that there are."""
    written = inventory.shared(_OVERRIDES)
    for name, entry in written.items() if isinstance(written, Mapping) else ():
        group = entry.get("group") if isinstance(entry, Mapping) else None
        if isinstance(group, str) and group not in inventory.groups:
            yield Problem(
                INVENTORY,
                f"{_OVERRIDES}.{name}.group is {group!r}, which is not a group; "
                f"{did_you_mean(str(group), inventory.groups)}",
            )


def logins(inventory: Inventory) -> Iterator[Problem]:
    """Find a user without password, and a password without user."""
    for host in inventory.hosts.values():
        user, password = (name in host.names and host.get(name) is not None for name in _FILEVAULT)
        if user != password:
            there, absent = _FILEVAULT if user else _FILEVAULT[::-1]
            if absent in host.names and absent not in host.values:
                continue  # its value is reported
            yield Problem(host.name, f"{there} is set, but {absent} is not; write both, or none.")
        for name in ("prometheus_remote_write", "prometheus_extra_scrape_configs"):
            for place, entry in enumerate(host.get(name) or ()):
                login = entry.get("basic_auth") if isinstance(entry, Mapping) else None
                if login is not None and not isinstance(login, Mapping):
                    yield Problem(host.name, f"the basic_auth of {name}[{place}] is not a mapping; write one.")
                elif isinstance(login, Mapping) and not login.get("username") and _has_password(login):
                    yield Problem(
                        host.name, f"the basic_auth of {name}[{place}] has a password without a username; add it."
                    )
                elif isinstance(login, Mapping) and login.get("username") and not _has_password(login):
                    yield Problem(
                        host.name, f"the basic_auth of {name}[{place}] has a username without a password; add its file."
                    )


def _has_password(login: Mapping[str, Any]) -> bool:
    return bool(login.get("password") or login.get("password_file"))


def empty_secrets(inventory: Inventory) -> Iterator[Problem]:
    """Find secrets that are given and empty, as from a variable of the environment that is not set."""
    options = inventory.specs.options

    def look(name: str, value: Any) -> list[str]:
        secret = bool(options[name].get("no_log"))
        if secret and isinstance(value, str) and not value.strip():
            return [f"{name} is empty; write it, or remove the line."]
        if isinstance(value, str):
            return []
        empty = [key for key, one in members(value) if isinstance(one, str) and not one.strip()]
        # In a list of secrets each is one; in a mapping its name says so.
        named = [key for key in empty if is_secret_name(key) or (secret and isinstance(value, (list, tuple)))]
        what = f"the {named[0]}" if named and named[0] else "an entry"
        return [f"{what} of {name} is empty; write it, or remove the line."] if named else []

    for host, name, faults in inventory.look(look):
        host.forget(name)
        yield from (Problem(host.name, fault) for fault in faults)
