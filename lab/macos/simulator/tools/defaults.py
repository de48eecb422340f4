# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``defaults``: preferences, in the files where macOS has them."""

from __future__ import annotations

from .. import console, openstep, preference_files
from . import defaults_texts as texts
from . import defaults_values as values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..preference_files import Domain
    from ..tool import Context

PATHS = ("/usr/bin/defaults",)
TYPES = {
    bool: "boolean",
    int: "integer",
    float: "float",
    str: "string",
    bytes: "data",
    list: "array",
    dict: "dictionary",
}
# Being root does not help: these belong to whoever has Full Disk Access.
READ_PROTECTED = ("/Library/Preferences/com.apple.TimeMachine",)
"""Reading these needs Full Disk Access; what the real one says without it is not known, so here the worst."""
PROTECTED = ("com.apple.universalaccess", "com.apple.Safari", "com.apple.mail")


def main(context: Context) -> int:
    """Run one verb."""
    words, host = list(context.argv), False
    while words and words[0] in ("-currentHost", "-host"):
        host = True
        words = words[1 if words[0] == "-currentHost" else 2 :]
    verbs = {
        "read": (_read, 0, 2),
        "read-type": (_read_type, 2, 2),
        "write": (_write, 2, 0),
        "rename": (_rename, 3, 3),
        "delete": (_delete, 1, 2),
        "remove": (_delete, 1, 2),
        "import": (_import, 2, 2),
        "export": (_export, 2, 2),
    }
    name = words.pop(0) if words else ""
    if name == "domains":
        return _domains(context)
    if words and words[0] == "-app" and len(words) > 1:
        words[:2] = [preference_files.application_domain(context, words[1])]
    verb, least, most = verbs.get(name, (None, 0, 0))
    if verb is None or len(words) < least or (most and len(words) > most) or not words:
        (context.out if name == "help" else context.err)(texts.USAGE)
        return 0 if name == "help" else 255
    domain = preference_files.find(context, words[0], current_host=host)
    status: int = verb(context, domain, words[1:])
    return status


def _missing_pair(context: Context, domain: Domain, key: str) -> int:
    text = texts.NO_PAIR_27 if context.profile.at_least("27.0") else texts.NO_PAIR
    console.log(context, text.format(domain=domain.name, key=key))
    return 1


def _readable(context: Context, domain: Domain) -> dict[str, Any] | None:
    from .. import privacy

    if domain.name in READ_PROTECTED and not privacy.full_disk_access(context):
        return None
    return domain.read()


def _read(context: Context, domain: Domain, words: list[str]) -> int:
    content = _readable(context, domain)
    if words:
        if content is None or words[0] not in content:
            return _missing_pair(context, domain, words[0])
        context.out(openstep.dump(content[words[0]]))
        return 0
    if content is None:
        console.log(context, texts.NO_DOMAIN.format(domain=domain.name))
        return 1
    context.out(openstep.dump(content))
    return 0


def _read_type(context: Context, domain: Domain, words: list[str]) -> int:
    content = domain.read()
    if content is None or words[0] not in content:
        return _missing_pair(context, domain, words[0])
    context.out(f"Type is {TYPES.get(type(content[words[0]]), 'date')}")
    return 0


def _store(context: Context, domain: Domain, content: dict[str, Any] | None) -> int:
    from .. import privacy

    allowed = domain.name not in PROTECTED or privacy.full_disk_access(context)
    if not allowed or not domain.write(content):
        console.log(context, texts.NOT_WRITTEN.format(domain=domain.name))
        return 1
    return 0


def _write(context: Context, domain: Domain, words: list[str]) -> int:
    content = domain.read() or {}
    try:
        if len(words) == 1:
            whole = values.parse(words[0])
            if not isinstance(whole, dict):
                context.err(texts.NOT_A_DOMAIN)
                return 255
            return _store(context, domain, whole)
        content[words[0]] = values.build(words[1:], content.get(words[0]))
    except ValueError as error:
        console.log(context, str(error))
        return 1
    return _store(context, domain, content)


def _rename(context: Context, domain: Domain, words: list[str]) -> int:
    content = domain.read()
    if content is None or words[0] not in content:
        return _missing_pair(context, domain, words[0])
    content[words[1]] = content.pop(words[0])
    return _store(context, domain, content)


def _delete(context: Context, domain: Domain, words: list[str]) -> int:
    content = domain.read()
    if content is None or (words and words[0] not in content):
        console.log(context, texts.NOT_DELETED.format(domain=domain.name))
        return 1
    if not words:
        return _store(context, domain, None)
    del content[words[0]]
    return _store(context, domain, content)


def _import(context: Context, domain: Domain, words: list[str]) -> int:
    import plistlib

    try:
        if words[0] == "-":
            content = plistlib.loads(context.stdin.read().encode())
        else:
            with open(context.path(words[0]), "rb") as file:
                content = plistlib.load(file)
    except (OSError, ValueError, plistlib.InvalidFileException) as error:
        console.log(context, f"Could not parse property list: {error}")
        return 1
    if not isinstance(content, dict):
        context.err(texts.NOT_A_DOMAIN)
        return 255
    return _store(context, domain, {**(domain.read() or {}), **content})


def _export(context: Context, domain: Domain, words: list[str]) -> int:
    import plistlib

    # A domain that does not exist is exported as an empty dictionary.
    content = domain.read() or {}
    if words[0] == "-":
        context.out(plistlib.dumps(content, sort_keys=True).decode(), end="")
        return 0
    with open(context.path(words[0]), "wb") as file:
        plistlib.dump(content, file, fmt=plistlib.FMT_BINARY)
    return 0


def _domains(context: Context) -> int:
    context.out(", ".join(preference_files.domains(context)))
    return 0
