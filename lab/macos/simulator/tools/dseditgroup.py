# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``dseditgroup``: make, change and delete groups of the local directory."""

from __future__ import annotations

from ..directory import GROUPS, Directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/sbin/dseditgroup",)
WITH_VALUE = "oartdimnuPgscS"
FIRST_GROUP_ID = 501
NOT_FOUND, NOT_A_MEMBER, NO_PERMISSION, USAGE_STATUS = 64, 67, 77, 64
USAGE = "usage: dseditgroup [options] groupname"


def main(context: Context) -> int:
    """Run one operation on a group."""
    options, names = _parse(context.argv)
    operation = options.get("o", "read")
    if len(names) != 1 or operation not in ("read", "create", "delete", "edit", "checkmember"):
        context.err(USAGE)
        return USAGE_STATUS
    directory, name = Directory(context.state), names[0]
    record = directory.record(GROUPS, name)
    if operation in ("create", "delete", "edit") and not context.is_root:
        context.err("Username and password must be provided.")
        return NO_PERMISSION
    if record is None and operation != "create":
        context.err("Group not found.")
        return NOT_FOUND
    if operation == "checkmember":
        return _check_member(context, options, name, (record or {}).get("GroupMembership", []))
    if operation == "read":
        for key, values in sorted((record or {}).items()):
            context.out(f"dsAttrTypeStandard:{key} -\n" + "\n".join(f"\t\t{value}" for value in values))
        return 0
    if operation == "delete":
        directory.remove(GROUPS, name)
        return 0
    record = record or {"RecordName": [name], "PrimaryGroupID": [_free_number(directory)]}
    if "i" in options:
        record["PrimaryGroupID"] = [options["i"]]
    if "r" in options:
        record["RealName"] = [options["r"]]
    members = [member for member in record.get("GroupMembership", []) if member != options.get("d")]
    if "a" in options and options["a"] not in members:
        members.append(options["a"])
    record["GroupMembership"] = members
    directory.store(GROUPS, name, record)
    return 0


def _parse(argv: list[str]) -> tuple[dict[str, str], list[str]]:
    options, names, words = {}, [], list(argv)
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            names.append(word)
        elif word[1:2] in WITH_VALUE and words:
            options[word[1]] = words.pop(0)
    return options, names


def _check_member(context: Context, options: dict[str, str], group: str, members: list[str]) -> int:
    user = options.get("m", "root" if context.is_root else "admin")
    if user in members:
        context.out(f"yes {user} is a member of {group}")
        return 0
    context.out(f"no {user} is NOT a member of {group}")
    return NOT_A_MEMBER


def _free_number(directory: Directory) -> str:
    taken = {
        int(record["PrimaryGroupID"][0]) for record in directory.records(GROUPS).values() if "PrimaryGroupID" in record
    }
    return str(next(number for number in range(FIRST_GROUP_ID, 65536) if number not in taken))
