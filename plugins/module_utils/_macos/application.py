# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""An application from a disk image: copied beside the old one, verified, and switched to by renaming.

A run that dies anywhere leaves either the old or the new application whole, and what else it leaves (a copy that is not
finished, an attached image) is cleared by the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _tree_rules
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd import job
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.disk_image import (
    DiskImages,
    forget_mount_point,
    mount_point,
)

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

DITTO = "/usr/bin/ditto"
CODESIGN = "/usr/bin/codesign"
COPY_SECONDS = 900
VERIFY_SECONDS = 600


class ApplicationError(ClusterError):
    """An application is not what it was asked to be."""


@dataclass(frozen=True)
class Wanted:
    """What one call wants."""

    name: str
    destination: str
    goal: str
    version: str | None = None
    image: str | None = None
    keep_previous: bool = False
    verify_signature: bool = True
    accept_licence: bool = False


@dataclass(frozen=True)
class Current:
    """What is there."""

    present: bool
    version: str | None
    previous: bool
    previous_version: str | None
    unfinished: bool
    attached: bool


def read_version(path: str) -> str | None:
    """Return the version of an application; one that is missing or damaged has none."""
    version = (job.read_plist(f"{path}/Contents/Info.plist") or {}).get("CFBundleShortVersionString")
    return version if isinstance(version, str) else None


def plan(wanted: Wanted, current: Current) -> list[str]:
    """Return the steps from what is there to what is wanted; a pure function."""
    steps = [*(["detach"] if current.attached else []), *(["remove_unfinished"] if current.unfinished else [])]
    if wanted.goal == "absent":
        steps += ["remove"] if current.present else []
        return [*steps, "remove_previous"] if current.previous else steps
    if wanted.goal == "commit":
        return [*steps, "remove_previous"] if current.previous else steps
    if wanted.goal == "rollback":
        return [*steps, "restore"] if current.previous else steps
    if current.version != wanted.version:
        return [
            *steps,
            "attach",
            "copy",
            "verify",
            "detach",
            "switch",
            *([] if wanted.keep_previous else ["remove_previous"]),
        ]
    return steps if wanted.keep_previous or not current.previous else [*steps, "remove_previous"]


class Application:
    """One application of a Mac."""

    def __init__(self, commands: Commands, wanted: Wanted) -> None:
        self._commands = commands
        self._images = DiskImages(commands)
        self._wanted = wanted
        self.path = f"{wanted.destination}/{wanted.name}"
        self._new = f"{wanted.destination}/.{wanted.name}.new"
        self._previous = f"{wanted.destination}/.{wanted.name}.previous"
        self._place = mount_point(wanted.name)

    def read(self) -> Current:
        """Read what is there."""
        return Current(
            present=_files.exists(self.path),
            version=read_version(self.path),
            previous=_files.exists(self._previous),
            previous_version=read_version(self._previous),
            unfinished=_files.exists(self._new),
            attached=self._images.is_attached(self._place),
        )

    def apply(self, steps: list[str]) -> None:
        """Run the steps; an image that this call attached does not stay attached, whatever happens."""
        try:
            for step in steps:
                self._step(step)
        except ClusterError:
            if "attach" in steps:
                self._clear()
            raise

    def verify_result(self) -> Current:
        """Read back; whatever is not as wanted is a failure."""
        found = self.read()
        left = plan(self._wanted, found)
        if left:
            raise ApplicationError(
                f"{self.path} was changed, but is not as wanted: its version is {found.version or 'unknown'} and these"
                f" steps are still to be done: {', '.join(left)}."
            )
        return found

    def _clear(self) -> None:
        _files.remove(self._new)
        if self._images.is_attached(self._place):
            self._images.detach(self._place)
        forget_mount_point(self._place)

    def _step(self, step: str) -> None:
        if step == "detach":
            self._images.detach(self._place)
        elif step == "remove_unfinished":
            _files.remove(self._new)
        elif step == "remove":
            _files.remove(self.path)
        elif step == "remove_previous":
            _files.remove(self._previous)
        elif step == "attach":
            self._images.attach(self._wanted.image or "", self._place, accept_licence=self._wanted.accept_licence)
        elif step == "copy":
            self._copy()
        elif step == "verify":
            self._verify()
        elif step == "switch":
            self._switch()
        elif step == "restore":
            self._restore()

    def _copy(self) -> None:
        """Copy out of the image, which must hold the version that was asked for."""
        wanted, source = self._wanted, f"{self._place}/{self._wanted.name}"
        self._refuse_way_out(source)
        found = read_version(source)
        if found != wanted.version:
            held = f"version {found} of {wanted.name}" if found else f"no usable {wanted.name}"
            raise ApplicationError(f"The disk image {wanted.image} holds {held} instead of version {wanted.version}.")
        self._commands.check_output([DITTO, source, self._new], timeout=COPY_SECONDS)

    def _refuse_way_out(self, source: str) -> None:
        """Refuse an application that would not stay in its own folder: root copies it, links and rights and all."""
        try:
            if _files.exists(source):
                _tree_rules.judge(_tree_rules.entries_of(_files.real(source)))
        except _tree_rules.TreeError as error:
            raise ApplicationError(
                f"The disk image {self._wanted.image} {error}; nothing was copied: correct its address and checksum."
            ) from error

    def _verify(self) -> None:
        """Check the copy before anybody uses it."""
        if read_version(self._new) != self._wanted.version:
            raise ApplicationError(f"The copy of {self._wanted.name} from {self._wanted.image} is not complete.")
        if not self._wanted.verify_signature:
            return
        result = self._commands.run([CODESIGN, "--verify", "--deep", self._new], timeout=VERIFY_SECONDS)
        if result.rc != 0:
            raise ApplicationError(
                f"The code signature of {self._wanted.name} in {self._wanted.image} is not valid: {result.text}"
            )

    def _switch(self) -> None:
        """Put the new one in the old one's place. A kept one survives a switch that was cut off before."""
        if _files.exists(self.path):
            _files.remove(self._previous)
            _files.rename(self.path, self._previous)
        _files.rename(self._new, self.path)

    def _restore(self) -> None:
        """Put the old one back."""
        if _files.exists(self.path):
            _files.rename(self.path, self._new)
        _files.rename(self._previous, self.path)
        _files.remove(self._new)


def describe(current: Current) -> dict[str, Any]:
    """Return an application as a difference shows it."""
    return {
        "version": current.version,
        "present": current.present,
        "previous_version": current.previous_version,
        "previous": current.previous,
        "unfinished_copy": current.unfinished,
        "image_attached": current.attached,
    }


def predict(wanted: Wanted, current: Current, steps: list[str]) -> Current:
    """Return what is there after the steps, without running them."""
    previous = (current.previous, current.previous_version)
    present = (current.present, current.version)
    for step in steps:
        if step == "switch":
            previous = present if current.present else previous
            present = (True, wanted.version)
        elif step == "remove":
            present = (False, None)
        elif step == "remove_previous":
            previous = (False, None)
        elif step == "restore":
            present, previous = previous, (False, None)
    return Current(*present, *previous, unfinished=False, attached=False)
