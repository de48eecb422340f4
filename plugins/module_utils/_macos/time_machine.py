# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Automatic Time Machine backups: the stored switch, and the verb that changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import preferences
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Option, Setting, SettingError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError, UnmanagedError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Change
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

TMUTIL = "/usr/bin/tmutil"
DOMAIN = "/Library/Preferences/com.apple.TimeMachine"
READ = [preferences.DEFAULTS, "read", DOMAIN, "AutoBackup"]
PROTECTED = "/Library/Application Support/com.apple.TCC/TCC.db"
"""Every Mac has it, and only who has Full Disk Access may read it, root included."""
FULL_DISK_ACCESS = (
    "Give remote users Full Disk Access once: System Settings > General > Sharing > Remote Login > (i) > "
    "Allow full disk access for remote users."
)
REFUSED = "requires Full Disk Access privileges"


class TimeMachine(Setting):
    """Whether backups run by themselves."""

    title = "automatic Time Machine backups"
    options = (Option("time_machine", "bool", "Whether Time Machine backs up by itself.", default=False),)
    remedy = FULL_DISK_ACCESS

    def read(self, commands: Commands) -> State:
        """Return whether backups run by themselves."""
        return {self.name: parse_automatic(commands.run(READ))}

    def commands(self, current: State, wanted: State) -> list[list[str]]:  # noqa: ARG002 - one signature
        """Return the command that turns them on or off."""
        return [[TMUTIL, "enable" if wanted[self.name] else "disable"]]

    def apply(self, call: Call, change: Change) -> Change:
        """Turn them on or off, where macOS lets a remote user."""
        try:
            return super().apply(call, change)
        except SettingError as error:
            if REFUSED in str(error):
                raise UnmanagedError(str(error)) from error
            raise


def parse_automatic(result: Result) -> bool:
    """Tell whether backups run by themselves; the key is missing until somebody turned them on.

    What `defaults` says where reading is refused is not known, and may be the same: without the file, or with Full Disk
    Access, there is nothing to refuse.
    """
    value = result.out.strip()
    if result.rc == 0 and value in {"0", "1"}:
        return value == "1"
    if result.rc != 0 and any(text in result.text for text in preferences.ABSENT):
        if _is_absent() or _may_read_all():
            return False
        raise UnknownStateError("defaults", result.text, "whether that is so or may not be read", FULL_DISK_ACCESS)
    raise UnknownStateError("defaults", result.text, "whether Time Machine backs up by itself", FULL_DISK_ACCESS)


def _is_absent() -> bool:
    try:
        return not _files.exists(f"{DOMAIN}.plist")
    except OSError:
        return False


def _may_read_all() -> bool:
    """Tell whether this process has Full Disk Access, by reading what nobody else can."""
    try:
        with _files.real(PROTECTED).open("rb") as file:
            return bool(file.read(1))
    except OSError:
        return False


SETTING = TimeMachine()
