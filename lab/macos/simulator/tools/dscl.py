# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``dscl``: the directory's command line, for the local node."""

from __future__ import annotations

from ..directory import GROUPS, USERS, Directory, unique_identifier
from ..tool import Exit
from . import dscl_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..directory import Record
    from ..tool import Context

PATHS = ("/usr/bin/dscl",)
NODES = (".", "/Local/Default", "/Search", "localhost", "localonly")
PREFIXES = ("/Local/Default/", "/Search/")
WRITING = ("create", "delete", "append", "merge", "change", "passwd")
UNKNOWN_NODE, NO_PERMISSION, NOT_FOUND, BAD_TYPE, NO_ATTRIBUTE = -14009, -14120, -14136, -14140, -14134


def main(context: Context) -> int:
    """Run one command on the local node."""
    words = [word for word in context.argv if word not in ("-q", "-raw", "-url")]
    if len(words) < 3:
        context.err(texts.USAGE)
        return 64
    if words[0] not in NODES:
        context.err(texts.BAD_NODE.format(node=words[0]))
        return -UNKNOWN_NODE % 256
    verb = words[1].lstrip("-")
    verbs = {
        "read": _read,
        "create": _create,
        "delete": _delete,
        "append": _append,
        "merge": _append,
        "change": _change,
        "list": _list,
        "search": _search,
        "passwd": _passwd,
    }
    if verb not in verbs:
        context.err(texts.USAGE)
        return 64
    kind, name = _split(context, words[2])
    if verb in WRITING and not context.is_root and not (verb == "passwd" and len(words) > 4):
        if verb == "create" and len(words) > 3:
            context.err(texts.ATTRIBUTE.format(name=texts.ERRORS[NO_PERMISSION]))
        raise _failure(context, NO_PERMISSION)
    return verbs[verb](context, Directory(context.state), kind, name, words[3:])


def _split(context: Context, path: str) -> tuple[str, str]:
    for prefix in PREFIXES:
        path = "/" + path.removeprefix(prefix) if path.startswith(prefix) else path
    kind, _, name = path.strip("/").partition("/")
    if kind not in (USERS, GROUPS):
        raise _failure(context, BAD_TYPE)
    return kind, name


def _failure(context: Context, number: int) -> Exit:
    context.err(texts.ERROR.format(number=number, name=texts.ERRORS[number]))
    return Exit(-number % 256)


def _record(context: Context, directory: Directory, kind: str, name: str) -> Record:
    record = directory.record(kind, name)
    if record is None:
        raise _failure(context, NOT_FOUND)
    return record


def _attribute(key: str, values: list[str]) -> str:
    """Print an attribute: values with spaces follow on lines of their own, indented by one."""
    if any(" " in value or not value for value in values):
        return "\n".join([f"{key}:", *(f" {value}" for value in values)])
    return f"{key}: {' '.join(values)}"


def _read(context: Context, directory: Directory, kind: str, name: str, keys: list[str]) -> int:
    record = _record(context, directory, kind, name)
    record = {
        **record,
        "AppleMetaNodeLocation": ["/Local/Default"],
        "RecordType": [f"dsRecTypeStandard:{kind}"],
    }
    if not keys or "GeneratedUID" in keys:
        record.setdefault("GeneratedUID", [unique_identifier(kind, name)])
    for key in [_plain(key) for key in keys] or sorted(record):
        if key in record:
            context.out(_attribute(key, record[key]))
        else:
            context.err(texts.NO_KEY.format(key=key))
    return 0


def _plain(key: str) -> str:
    return key.removeprefix("dsAttrTypeStandard:").removeprefix("dsAttrTypeNative:")


def _create(_context: Context, directory: Directory, kind: str, name: str, words: list[str]) -> int:
    record = directory.record(kind, name) or {"RecordName": [name]}
    if words:
        key, values = _plain(words[0]), words[1:]
        if key == "RecordName" and values and values[0] != name:
            directory.remove(kind, name)
            name = values[0]
        if key == "Password":
            directory.store(kind, name, record)
            directory.set_password(name, "*")
            return 0
        record[key] = values or [""]
    directory.store(kind, name, record)
    return 0


def _delete(context: Context, directory: Directory, kind: str, name: str, words: list[str]) -> int:
    record = _record(context, directory, kind, name)
    if not words:
        directory.remove(kind, name)
        return 0
    key, values = _plain(words[0]), words[1:]
    if key not in record or any(value not in record[key] for value in values):
        raise _failure(context, NO_ATTRIBUTE)
    left = [value for value in record[key] if value not in values] if values else []
    if left:
        record[key] = left
    else:
        del record[key]
    directory.store(kind, name, record)
    return 0


def _append(context: Context, directory: Directory, kind: str, name: str, words: list[str]) -> int:
    record = _record(context, directory, kind, name)
    if len(words) < 2:
        context.err(texts.USAGE)
        return 64
    present = record.setdefault(_plain(words[0]), [])
    # -merge takes each value once; -append of a member that is there would make the group file invalid.
    present += [value for value in words[1:] if value not in present]
    directory.store(kind, name, record)
    return 0


def _change(context: Context, directory: Directory, kind: str, name: str, words: list[str]) -> int:
    record = _record(context, directory, kind, name)
    if len(words) != 3:
        context.err(texts.USAGE)
        return 64
    key, old, new = _plain(words[0]), words[1], words[2]
    if old not in record.get(key, []):
        raise _failure(context, NO_ATTRIBUTE)
    record[key] = [new if value == old else value for value in record[key]]
    directory.store(kind, name, record)
    return 0


def _list(context: Context, directory: Directory, kind: str, _name: str, words: list[str]) -> int:
    records = directory.records(kind)
    width = max((len(name) for name in records), default=0) + 4
    for name in sorted(records):
        if not words:
            context.out(name)
        elif values := records[name].get(_plain(words[0])):
            context.out(f"{name:<{width}}{' '.join(values)}")
    return 0


def _search(context: Context, directory: Directory, kind: str, _name: str, words: list[str]) -> int:
    if len(words) != 2:
        context.err(texts.USAGE)
        return 64
    key, wanted = _plain(words[0]), words[1]
    for name, record in sorted(directory.records(kind).items()):
        if wanted in record.get(key, []):
            values = ",\n".join(f"    {value}" for value in record[key])
            context.out(f"{name}\t\t{key} = (\n{values}\n)")
    return 0


def _passwd(context: Context, directory: Directory, kind: str, name: str, words: list[str]) -> int:
    from ..passwords import verify

    _record(context, directory, kind, name)
    if len(words) > 1 and not verify(context, name, words[0]):
        context.err("passwd: DS error: eDSAuthFailed\n<dscl_cmd> DS Error: -14090 (eDSAuthFailed)")
        return 14090 % 256
    done = context.run("openssl", "passwd", "-6", "-stdin", stdin=(words[-1] if words else "") + "\n", check=True)
    directory.set_password(name, done.stdout.strip())
    return 0
