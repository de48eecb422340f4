# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where the preferences of a domain are, for the user who asks."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .tool import Context

GLOBAL = ("NSGlobalDomain", "-g", "-globalDomain", "Apple Global Domain")


class Domain:
    """A preference file."""

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self.path = path

    def read(self) -> dict[str, Any] | None:
        """Return the content, or nothing where there is no such file (or it may not be read)."""
        import plistlib

        try:
            with open(self.path, "rb") as file:
                content: dict[str, Any] = plistlib.load(file)
        except (OSError, plistlib.InvalidFileException):
            return None
        return content

    def write(self, content: dict[str, Any] | None) -> bool:
        """Replace or remove the file; false where the user may not."""
        import plistlib

        try:
            if content is None:
                os.unlink(self.path)
                return True
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            scratch = f"{self.path}.{os.getpid()}"
            with open(scratch, "wb") as file:
                plistlib.dump(content, file, fmt=plistlib.FMT_BINARY)
                os.fchmod(file.fileno(), 0o644 if "/Library/Preferences/" in self.path and self._is_shared() else 0o600)
            os.replace(scratch, self.path)
        except OSError:
            return False
        return True

    def _is_shared(self) -> bool:
        return "/Users/" not in self.path and "/private/var/root/" not in self.path


def home(context: Context) -> str:
    """Return the directory of the user, whatever the environment says."""
    if context.is_root:
        return "/private/var/root"
    with open(context.path("/private/etc/passwd"), encoding="utf-8") as file:
        for line in file:
            fields = line.split(":")
            if len(fields) > 5 and fields[2] == str(context.uid):
                return fields[5]
    return "/var/empty"


def find(context: Context, name: str, *, current_host: bool = False) -> Domain:
    """Find a domain by its name or by the path of its file, with or without the ending."""
    if name in GLOBAL:
        return Domain("kCFPreferencesAnyApplication", _user_file(context, ".GlobalPreferences", current_host))
    if name.startswith(("/", "~")) or name.endswith(".plist"):
        path = os.path.abspath(home(context) + name[1:] if name.startswith("~") else name)
        stem = path.removesuffix(".plist")
        return Domain(stem if not name.endswith(".plist") else name, context.path(f"{stem}.plist"))
    return Domain(name, _user_file(context, name, current_host))


def _user_file(context: Context, name: str, current_host: bool) -> str:
    directory = f"{home(context)}/Library/Preferences"
    if current_host:
        return context.path(f"{directory}/ByHost/{name}.{context.profile.host.get('hardware_uuid', 'host')}.plist")
    return context.path(f"{directory}/{name}.plist")


def domains(context: Context) -> list[str]:
    """Return the user's domains."""
    try:
        files = os.listdir(context.path(f"{home(context)}/Library/Preferences"))
    except OSError:
        return []
    names = sorted(file.removesuffix(".plist") for file in files if file.endswith(".plist"))
    return [name for name in names if not name.startswith(".")]


def application_domain(context: Context, name: str) -> str:
    """Return the domain of an application by the identifier in its bundle."""
    import plistlib

    try:
        with open(context.path(f"/Applications/{name.removesuffix('.app')}.app/Contents/Info.plist"), "rb") as file:
            return str(plistlib.load(file)["CFBundleIdentifier"])
    except (OSError, KeyError, plistlib.InvalidFileException):
        return name
