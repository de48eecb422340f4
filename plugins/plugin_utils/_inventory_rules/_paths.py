# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about paths: roles make them, own them and remove them."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory

_ON_THE_CONTROLLER = (
    *("ansible_ssh_private_key_file", "bootstrap_cache_directory", "bootstrap_private_key_file"),
    *("bootstrap_ssh_directory", "cluster_downloads_directory", "cluster_secrets_directory"),
)
"""Paths of the machine that Ansible runs on, where `~` is somebody's home and a relative one may be meant."""
_CHECKED_ELSEWHERE = ("cluster_models_directory",)
_FOLDERS = ("_directory", "_home")
"""How the names of folders end that roles make and give to a user; the others are of files and programs."""
_OF_THE_SYSTEM = {
    *("/", "/Applications", "/Library", "/System", "/Users", "/Volumes", "/bin", "/boot", "/dev", "/etc", "/home"),
    *("/lib", "/lib64", "/mnt", "/opt", "/opt/homebrew", "/private", "/private/etc", "/private/var", "/proc", "/root"),
    *("/run", "/sbin", "/srv", "/sys", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin"),
    *("/usr/local/lib", "/usr/local/share", "/usr/sbin", "/usr/share", "/var", "/var/cache", "/var/lib", "/var/log"),
}
"""Folders that belong to no single program."""
_NOBODY_WRITES = ("/System", "/bin", "/boot", "/dev", "/etc", "/lib", "/private/etc", "/proc", "/run", "/sbin", "/sys")
"""What is the system's with all that is below it, for a folder."""
_FORGOTTEN = ("/private/tmp", "/private/var/tmp", "/tmp", "/var/tmp")  # noqa: S108 - none is used
"""What is emptied by itself, for a folder."""
_OF_PEOPLE = re.compile(r"/(home|Users)/[^/]+")


def paths(inventory: Inventory) -> Iterator[Problem]:
    """Check each path by itself, and that no two folders of roles are one."""
    options = inventory.specs.options

    def look(name: str, value: Any) -> list[str]:
        if options[name].get("type") != "path" or name in _CHECKED_ELSEWHERE or not isinstance(value, str):
            return []
        elsewhere = name in _ON_THE_CONTROLLER
        is_folder = name.endswith(_FOLDERS) and not elsewhere
        fault = _path_fault(value, on_the_controller=elsewhere, is_folder=is_folder)
        return [f"{name} is {value!r}, {fault}"] if fault else []

    for host, name, faults in inventory.look(look):
        host.forget(name)
        yield from (Problem(host.name, fault) for fault in faults)
    for host in inventory.hosts.values():
        yield from _shared(host, [name for name in options if name.endswith(_FOLDERS)])


def _shared(host: Host, names: list[str]) -> Iterator[Problem]:
    """Find two variables with one folder: the role that removes its own would take the other's away."""
    given = [name for name in names if name in host.given and name not in _ON_THE_CONTROLLER]
    for name in given:
        path = host.get(name)
        for other in names if isinstance(path, str) else ():
            if other == name or other in _ON_THE_CONTROLLER or (other in given and other < name):
                continue
            theirs = host.get(other)
            if isinstance(theirs, str) and theirs.rstrip("/") == path.rstrip("/"):
                yield Problem(host.name, f"{name} is {path}, which is {other} already; write another folder.")


def _path_fault(path: str, *, on_the_controller: bool, is_folder: bool = False) -> str:
    whole = "write a whole path such as /opt/hybrid-ai"
    if not path.strip():
        return f"which is not a valid path; {whole}, or remove it."
    if "\0" in path or "\n" in path:
        return f"which has a line break in it; {whole}."
    if path.startswith("/") and (fault := folder_fault(path) if is_folder else _system_fault(path)):
        return fault
    if on_the_controller:
        return ""
    if path.startswith("~"):
        return f"and the home of whom that is differs from user to user; {whole}."
    if not path.startswith("/"):
        return f"which is not a whole path; {whole}."
    return f"which leads out of its folder; {whole}." if ".." in path.split("/") else ""


def _system_fault(path: str) -> str:
    whole = posixpath.normpath("/" + path.lstrip("/"))
    return "which is a folder of the system; write one below it, of its own." if whole in _OF_THE_SYSTEM else ""


def folder_fault(path: str) -> str:
    """Say why a whole path cannot be the folder of a program of ours."""
    whole = posixpath.normpath("/" + path.lstrip("/"))
    if fault := _system_fault(path):
        return fault
    if any(whole.startswith(f"{one}/") for one in _NOBODY_WRITES):
        return "which is in a folder of the system; write one of its own, such as /opt/hybrid-ai."
    if whole in _FORGOTTEN:
        return "which is emptied now and then; write one of its own, such as /opt/hybrid-ai."
    return "which is somebody's home; write a folder of its own below it." if _OF_PEOPLE.fullmatch(whole) else ""
