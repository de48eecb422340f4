# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Apple's Command Line Tools through `softwareupdate`, without the dialog of `xcode-select --install`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

SOFTWAREUPDATE = "/usr/sbin/softwareupdate"
READ_DIRECTORY = ["/usr/bin/xcode-select", "-p"]
READ_RECEIPT = ["/usr/sbin/pkgutil", "--pkg-info=com.apple.pkg.CLTools_Executables"]
LIST = [SOFTWAREUPDATE, "-l"]
FLAG = "/private/tmp/.com.apple.dt.CommandLineTools.installondemand.in-progress"
"""While this file exists, `softwareupdate -l` lists the tools."""

DIRECTORY = "/Library/Developer/CommandLineTools"
RETRY_SECONDS = 30.0
LIST_TIMEOUT = 300

_LABEL = re.compile(r"^\s*\* Label: (?P<label>Command Line Tools.*\S)\s*(?:\n\s+Title: (?P<title>.*))?$", re.MULTILINE)
_TITLE_VERSION = re.compile(r"Version: ([\d.]+)")


_NO_DIRECTORY = ("unable to get active developer directory", "no developer tools were found")


class CommandLineToolsError(ClusterError):
    """The Command Line Tools could not be installed."""


@dataclass(frozen=True)
class Tools:
    """What is installed."""

    directory: str | None
    version: str | None

    @property
    def present(self) -> bool:
        """Tell whether developer tools can be used: the stand-alone ones with their receipt, or a whole Xcode."""
        if self.directory is None:
            return False
        return self.version is not None if self.directory == DIRECTORY else True


def read(commands: Commands) -> Tools:
    """Look at what is installed; nothing here ever opens a dialog."""
    directory = commands.run(READ_DIRECTORY)
    if directory.rc != 0 and not any(text in directory.text.lower() for text in _NO_DIRECTORY):
        raise UnknownStateError("xcode-select", directory.text, "whether there are Command Line Tools")
    receipt = commands.run(READ_RECEIPT)
    version = re.search(r"^version: (\S+)", receipt.out, re.MULTILINE) if receipt.rc == 0 else None
    if version is None and "No receipt for" not in receipt.text:
        raise UnknownStateError("pkgutil", receipt.text, "whether there are Command Line Tools")
    return Tools(
        directory=directory.out.strip() or None if directory.rc == 0 else None,
        version=version.group(1) if version else None,
    )


def newest_label(text: str) -> str | None:
    """Return the label of the newest release of the tools in the output of `softwareupdate -l`; betas do not count."""
    offers: list[tuple[tuple[int, ...], str]] = []
    for match in _LABEL.finditer(text):
        label = match["label"]
        if "beta" in label.lower():
            continue
        version = _TITLE_VERSION.search(match["title"] or "") or re.search(r"([\d.]+)$", label)
        numbers = tuple(int(part) for part in version.group(1).split(".") if part) if version else ()
        offers.append((numbers, label))
    return max(offers)[1] if offers else None


def install(commands: Commands, attempts: int, timeout: int) -> Tools:
    """Install the newest tools; a failed download is tried again."""
    _files.write(FLAG, b"")
    try:
        said = ""
        for attempt in range(attempts):
            if attempt:
                _wait.sleep(RETRY_SECONDS)
            said, again = _try_once(commands, timeout)
            tools = read(commands)
            if tools.present:
                return tools
            if not again:
                break
    finally:
        _files.remove(FLAG)
    raise CommandLineToolsError(f"The Command Line Tools are not installed: {said}")


def _try_once(commands: Commands, timeout: int) -> tuple[str, bool]:
    """Find and install the tools once; return what was said, and whether it makes sense to try again.

    `softwareupdate` hangs now and then, and answers the next time.
    """
    try:
        return _find_and_install(commands, timeout)
    except CommandError as error:
        return str(error), True


def _find_and_install(commands: Commands, timeout: int) -> tuple[str, bool]:
    offered = commands.run(LIST, timeout=LIST_TIMEOUT)
    label = newest_label(offered.out)
    if label is None:
        return f"Apple offers none ({offered.text or 'softwareupdate printed nothing'}). Is the Mac online?", True
    result = commands.run([SOFTWAREUPDATE, "-i", label], timeout=timeout)
    said = f"`softwareupdate -i '{label}'` ended with status {result.rc}: {result.text or 'it printed nothing'}"
    return said, "PKDownloadError" in result.text
