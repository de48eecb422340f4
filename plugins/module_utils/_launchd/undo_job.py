# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Taking a change back unless it is confirmed in time.

A launchd job waits and then runs what takes the change back. It is not a child of the session, so it survives the end
of the connection, and it starts again at boot, so it survives a power cut too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd import job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Launchd


class UndoJob:
    """The job of one kind of change."""

    def __init__(self, name: str) -> None:
        self.label = _names.launchd_label(name)
        self.script = f"{_names.STATE_DIRECTORY}/{name}"
        self._plist = _names.launchd_plist(self.label)

    def text(self, what: str, seconds: int, lines: Sequence[str]) -> str:
        """Return the program that waits, takes the change back with some lines of shell, and removes itself."""
        return "\n".join(
            [
                "#!/bin/sh",
                f"# {what}",
                f"/bin/sleep {seconds}",
                *lines,
                f"/bin/rm -f {self._plist} {self.script}",
                f"/bin/launchctl bootout system/{self.label}",
                "",
            ]
        )

    def arm(self, launchd: Launchd, text: str) -> None:
        """Start the job; one from an earlier call ends, since we are here and the host can be reached."""
        self.disarm(launchd)
        _files.make_directory(_names.STATE_DIRECTORY, 0o700)
        _files.write(self.script, text.encode(), 0o700)
        description = {
            "Label": self.label,
            "ProgramArguments": ["/bin/sh", self.script],
            "RunAtLoad": True,
            "ProcessType": "Interactive",
        }
        job.write_plist(self._plist, description)
        launchd.load(self.label, self._plist)

    def is_pending(self) -> bool:
        """Tell whether a change waits for its confirmation."""
        return _files.exists(self.script)

    def disarm(self, launchd: Launchd) -> bool:
        """Keep the change; tell whether one waited.

        The property list goes first, so that no later boot takes anything back should this be cut off; the program
        goes last, because its absence says that nothing is pending.
        """
        pending = self.is_pending()
        _files.remove(self._plist)
        if launchd.job(self.label).loaded:
            launchd.unload(self.label)
        _files.remove(self.script)
        return pending
