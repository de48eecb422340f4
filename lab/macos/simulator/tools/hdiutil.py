# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``hdiutil``: attaches the lab's disk images as read-only volumes, which are real mounts of the host."""

from __future__ import annotations

import errno

from .. import images
from . import hdiutil_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tool import Context

PATHS = ("/usr/bin/hdiutil",)
# Options that take a value; of these only where to mount has a meaning here.
VALUED = ("-mountpoint", "-mountroot", "-mountrandom", "-owners", "-imagekey")


def main(context: Context) -> int:
    """Run one verb."""
    verb, words = (context.argv[0], context.argv[1:]) if context.argv else ("", [])
    options, operands = _parse(words)
    if verb in ("attach", "mount") and operands:
        return _attach(context, options, operands[0])
    if verb in ("detach", "eject", "unmount") and operands:
        return _detach(context, operands[0], force="-force" in options)
    if verb == "info":
        return _info(context, plist="-plist" in options)
    context.err(texts.USAGE)
    return texts.EXIT_FAILED


def _parse(words: list[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    operands = []
    remaining = iter(words)
    for word in remaining:
        if not word.startswith("-"):
            operands.append(word)
        elif word in VALUED:
            options[word] = next(remaining, "")
        else:
            options[word] = ""
    return options, operands


def _fail(context: Context, verb: str, reason: str) -> int:
    context.err(texts.FAILED.format(verb=verb, reason=reason))
    return texts.EXIT_FAILED


def _attach(context: Context, options: dict[str, str], path: str) -> int:
    try:
        label = images.read_label(context.path(path) if path.startswith("/") else path)
        if label.get("eula") and not _agrees(context, label["volume_name"]):
            context.err(texts.CANCELLED)
            return texts.EXIT_FAILED
        place = _place(options, label["volume_name"])
        image = images.attach(context, path, label, place=place, browse="-nobrowse" not in options)
    except images.ImageError as error:
        return _fail(context, "attach", str(error))
    if "-plist" in options:
        _print_plist(context, {"system-entities": _entities(image)})
    elif "-quiet" not in options:
        for entity in _entities(image):
            hint, place = entity["content-hint"], entity.get("mount-point", "")
            context.out(f"{entity['dev-entry']:<20s}\t{hint:<31s}\t{place}")
    return 0


def _place(options: dict[str, str], volume: str) -> str:
    """Return where to mount, or nothing where the default will do."""
    if "-mountroot" in options:
        return f"{options['-mountroot']}/{volume}"
    if "-mountrandom" in options:
        import secrets

        return f"{options['-mountrandom']}/dmg.{secrets.token_hex(3)}"
    return options.get("-mountpoint", "")


def _agrees(context: Context, volume: str) -> bool:
    """Show the licence, which comes before any property list, and read the answer."""
    context.out(texts.LICENCE.format(volume=volume))
    context.out(texts.AGREE, end=" ")
    context.stdout.flush()
    return context.stdin.readline().strip().lower() in ("y", "yes")


def _entities(image: dict[str, Any]) -> list[dict[str, Any]]:
    disk = image["disk"]
    return [
        {
            "content-hint": texts.SCHEME,
            "dev-entry": f"/dev/{disk}",
            "potentially-mountable": False,
            "unmapped-content-hint": texts.SCHEME,
        },
        {
            "content-hint": texts.FILE_SYSTEM,
            "dev-entry": f"/dev/{disk}s1",
            "mount-point": image["mount_point"],
            "potentially-mountable": True,
            "unmapped-content-hint": texts.UNMAPPED_FILE_SYSTEM,
            "volume-kind": "hfs",
        },
    ]


def _print_plist(context: Context, data: dict[str, Any]) -> None:
    import plistlib

    context.out(plistlib.dumps(data).decode(), end="")


def _detach(context: Context, name: str, *, force: bool) -> int:
    image = images.find(context, name)
    if image is None:
        return _fail(context, "detach", "No such file or directory")
    try:
        images.detach(context, image, force=force)
    except OSError as error:
        if error.errno != errno.EBUSY:
            return _fail(context, "detach", error.strerror or str(error))
        context.err(texts.BUSY.format(disk=image["disk"]))
        return texts.EXIT_BUSY
    context.out(texts.EJECTED.format(disk=image["disk"]))
    return 0


def _info(context: Context, *, plist: bool) -> int:
    attached = images.attached(context)
    if plist:
        described = [{"image-path": image["path"], "system-entities": _entities(image)} for image in attached]
        _print_plist(context, {"images": described})
        return 0
    for image in attached:
        context.out(texts.SEPARATOR)
        context.out(f"image-path      : {image['path']}")
        for entity in _entities(image):
            context.out(f"{entity['dev-entry']}\t{entity['content-hint']}\t{entity.get('mount-point', '')}")
    return 0
