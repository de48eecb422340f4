# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Disk images as this simulator knows them: a tar archive whose first member, ``.volume.json``, names the volume."""

from __future__ import annotations

import errno
import os

from . import mounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .tool import Context

AREA = "images"
DIRECTORY = "/private/var/db/simulator/images"
LABEL = ".volume.json"
# disk0 to disk3 are a Mac's internal ones.
FIRST_DISK = 4


class ImageError(Exception):
    """An image cannot be attached; the message is what ``hdiutil`` says of it."""


def read_label(path: str) -> dict[str, Any]:
    """Return the description of an image's volume."""
    import json
    import tarfile

    if not os.path.isfile(path):
        raise ImageError("No such file or directory")
    try:
        with tarfile.open(path) as archive:
            first = archive.next()
            file = archive.extractfile(first) if first and first.name == LABEL else None
            if file is None:
                raise ImageError("image not recognized")
            label: dict[str, Any] = json.load(file)
            return label
    except tarfile.ReadError as error:
        raise ImageError("image not recognized") from error
    except (EOFError, OSError, ValueError) as error:
        raise ImageError("corrupt image") from error


def _extract(path: str, directory: str) -> None:
    import shutil
    import tarfile

    os.makedirs(directory)
    try:
        with tarfile.open(path) as archive:
            # Volumes hold links to /Applications, which newer Pythons would refuse.
            archive.extraction_filter = lambda member, _path: member
            archive.extractall(directory)  # noqa: S202 - the lab's own images
    except (EOFError, OSError, tarfile.TarError) as error:
        shutil.rmtree(directory)
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        raise ImageError("No space left on device" if full else "corrupt image") from error
    os.unlink(f"{directory}/{LABEL}")


def attached(context: Context) -> list[dict[str, Any]]:
    """Return the attached images; a restart of the Mac detached all of them."""
    found = context.state.read(AREA).get("attached", [])
    present = set(mounts.mounted()) if found else ()
    return [image for image in found if context.path(image["mount_point"]) in present]


def attach(
    context: Context, path: str, label: dict[str, Any], *, place: str = "", browse: bool = True
) -> dict[str, Any]:
    """Attach an image at a place or below /Volumes and return its entry; twice is the same as once."""
    absolute = os.path.abspath(path)
    images = attached(context)
    for image in images:
        if image["path"] == absolute:
            return image
    if not context.is_root:
        # On a Mac everybody may attach an image; here it takes a real mount.
        raise ImageError("Operation not permitted")
    _forget(context, keep=images)
    number = next(n for n in range(FIRST_DISK, 1000) if all(image["disk"] != f"disk{n}" for image in images))
    directory = context.path(f"{DIRECTORY}/{number}")
    mount_point = os.path.realpath(place) if place else _free_name(context, label["volume_name"])
    made = not os.path.isdir(context.path(mount_point))
    try:
        _extract(context.path(absolute), directory)
        os.makedirs(context.path(mount_point), exist_ok=True)
        mounts.bind(directory, context.path(mount_point), read_only=True)
    except OSError as error:
        raise ImageError(error.strerror or "no mountable file systems") from error
    image = {
        "disk": f"disk{number}",
        "path": absolute,
        "mount_point": mount_point,
        "made": made,
        "browse": browse,
        "owner": context.uid,
    }
    with context.state.edit(AREA) as data:
        data["attached"] = [*images, image]
    return image


def find(context: Context, name: str) -> dict[str, Any] | None:
    """Find an attached image by its disk, its partition or its mount point."""
    disk = name.removeprefix("/dev/")
    place = os.path.realpath(name) if name.startswith("/") else ""
    for image in attached(context):
        if disk in (image["disk"], f"{image['disk']}s1") or place == image["mount_point"]:
            return image
    return None


def detach(context: Context, image: dict[str, Any], *, force: bool = False) -> None:
    """Unmount an image and forget it; raises OSError with EBUSY while something on it is in use."""
    mounts.unbind(context.path(image["mount_point"]), force=force)
    if image["made"]:
        os.rmdir(context.path(image["mount_point"]))
    _forget(context, keep=attached(context))


def _forget(context: Context, *, keep: list[dict[str, Any]]) -> None:
    import shutil

    with context.state.edit(AREA) as data:
        data["attached"] = keep
    top = context.path(DIRECTORY)
    for entry in os.listdir(top) if os.path.isdir(top) else ():
        if f"disk{entry}" not in [image["disk"] for image in keep]:
            shutil.rmtree(f"{top}/{entry}", ignore_errors=True)


def _free_name(context: Context, volume: str) -> str:
    place, number = f"/Volumes/{volume}", 0
    while os.path.exists(context.path(place)):
        number += 1
        place = f"/Volumes/{volume} {number}"
    return place
