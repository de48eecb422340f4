# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The local directory: users and groups as records of attributes, kept in the real /etc/passwd and /etc/group.

What those files have no place for (IsHidden, GeneratedUID …) is state. A record without a number is no account yet: it
is state alone until it has one.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .state import State

    Record = dict[str, list[str]]

USERS, GROUPS = "Users", "Groups"
AREA = "directory"
FILES = {USERS: "/private/etc/passwd", GROUPS: "/private/etc/group"}
SHADOW = "/private/etc/shadow"
NUMBER = {USERS: "UniqueID", GROUPS: "PrimaryGroupID"}
# Attribute of each field of a line; the password has its own file.
FIELDS = {
    USERS: ("RecordName", "", "UniqueID", "PrimaryGroupID", "RealName", "NFSHomeDirectory", "UserShell"),
    GROUPS: ("RecordName", "", "PrimaryGroupID", "GroupMembership"),
}
# nobody is -2 on a Mac; the files hold unsigned numbers.
UNSIGNED = 1 << 32
NO_GROUP = "-2"


class Directory:
    """Users and groups of one Mac."""

    def __init__(self, state: State) -> None:
        self._state = state

    def names(self, kind: str) -> list[str]:
        """Return the names of all records."""
        return sorted(self._read(kind))

    def records(self, kind: str) -> dict[str, Record]:
        """Return all records by name."""
        return self._read(kind)

    def record(self, kind: str, name: str) -> Record | None:
        """Return one record, or nothing."""
        return self._read(kind).get(name)

    def store(self, kind: str, name: str, record: Record) -> None:
        """Make or replace a record."""
        with self._state.edit(AREA) as extras:
            complete = NUMBER[kind] in record
            elsewhere = {"RecordName", "Password", *(FIELDS[kind] if complete else ())}
            extras.setdefault(kind, {})[name] = {key: record[key] for key in record if key not in elsewhere}
            line = _line(kind, name, record) if complete else None
            self._replace_line(FILES[kind], name, line)
            if kind == USERS and line and not self._has_line(SHADOW, name):
                self._replace_line(SHADOW, name, f"{name}:*:20000:0:99999:7:::")

    def remove(self, kind: str, name: str) -> None:
        """Delete a record."""
        with self._state.edit(AREA) as extras:
            extras.setdefault(kind, {}).pop(name, None)
            self._replace_line(FILES[kind], name, None)
            if kind == USERS:
                self._replace_line(SHADOW, name, None)

    def set_password(self, name: str, hashed: str) -> None:
        """Store the hash of a user's password."""
        with self._state.edit(AREA):
            self._replace_line(SHADOW, name, f"{name}:{hashed}:20000:0:99999:7:::")

    def _read(self, kind: str) -> dict[str, Record]:
        found: dict[str, Record] = {}
        extras = self._state.read(AREA).get(kind, {})
        for line in self._lines(FILES[kind]):
            values = line.split(":")
            if len(values) < len(FIELDS[kind]):
                continue
            record = {"RecordName": [values[0]], "Password": ["********" if values[1] == "x" else "*"]}
            for field, value in zip(FIELDS[kind], values, strict=False):
                if field and field != "RecordName" and value:
                    record[field] = _split(field, value)
            found[values[0]] = record
        for name, attributes in extras.items():
            found.setdefault(name, {"RecordName": [name]}).update(attributes)
        return found

    def _lines(self, path: str) -> list[str]:
        try:
            with open(self._state.path(path), encoding="utf-8") as file:
                return [line for line in file.read().splitlines() if line and not line.startswith("#")]
        except FileNotFoundError:
            return []

    def _has_line(self, path: str, name: str) -> bool:
        return any(line.split(":")[0] == name for line in self._lines(path))

    def _replace_line(self, path: str, name: str, new: str | None) -> None:
        """Replace a line in its place, append it, or remove it."""
        real = self._state.path(path)
        with open(real, encoding="utf-8") as file:
            lines = file.read().splitlines()
        places = [number for number, line in enumerate(lines) if line.split(":")[0] == name]
        if places and new is not None:
            lines[places[0]] = new
        elif places:
            del lines[places[0]]
        elif new is not None:
            lines.append(new)
        else:
            return
        scratch = f"{real}.{os.getpid()}"
        with open(scratch, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
            os.fchmod(file.fileno(), os.stat(real).st_mode & 0o777)
        os.replace(scratch, real)


def _line(kind: str, name: str, record: Record) -> str:
    if kind == USERS:
        defaults = {"PrimaryGroupID": NO_GROUP, "NFSHomeDirectory": "/var/empty", "UserShell": "/usr/bin/false"}
        values = {field: (record.get(field) or [defaults.get(field, "")])[0] for field in FIELDS[USERS] if field}
        numbers = [_unsigned(values["UniqueID"]), _unsigned(values["PrimaryGroupID"])]
        rest = [values["RealName"].replace(":", " "), values["NFSHomeDirectory"], values["UserShell"]]
        return ":".join([name, "x", *numbers, *rest])
    return ":".join([name, "*", _unsigned(record["PrimaryGroupID"][0]), ",".join(record.get("GroupMembership", []))])


def _split(field: str, value: str) -> list[str]:
    if field == "GroupMembership":
        return value.split(",")
    if field in NUMBER.values() and int(value) >= UNSIGNED // 2:
        return [str(int(value) - UNSIGNED)]
    return [value]


def _unsigned(value: str) -> str:
    return str(int(value) % UNSIGNED)


def unique_identifier(kind: str, name: str) -> str:
    """Return the GeneratedUID of a record that was not given one."""
    import uuid

    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}/{name}")).upper()
