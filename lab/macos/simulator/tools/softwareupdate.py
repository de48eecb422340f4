# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``softwareupdate``: an update server that offers the Command Line Tools to whoever asks in Apple's way."""

from __future__ import annotations

from .. import developer_tools
from . import softwareupdate_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/sbin/softwareupdate",)
AREA = "softwareupdate"
LISTING_SECONDS = 1.0
INSTALLING_SECONDS = 2.0


def main(context: Context) -> int:
    """Run one command."""
    command, words = (context.argv[0], context.argv[1:]) if context.argv else ("", [])
    if command in ("-l", "--list"):
        return _list(context)
    if command in ("-i", "--install"):
        return _install(context, words)
    if command == "--schedule":
        return _schedule(context, words)
    context.out(texts.USAGE)
    return texts.EXIT_USAGE


def _wait(context: Context, seconds: float) -> None:
    """Take as long as a server would; the factor in the state area shortens it for tests."""
    import time

    time.sleep(seconds * float(context.state.read(AREA).get("pace", 1)))


def _list(context: Context) -> int:
    context.out(texts.HEAD)
    context.stdout.flush()
    _wait(context, LISTING_SECONDS)
    updates = developer_tools.offered(context)
    if not updates:
        context.err(texts.NOTHING)
        return 0
    context.out(texts.FOUND)
    for update in updates:
        context.out(texts.ITEM.format(label=update.label, title=update.title, version=update.version, size=texts.SIZE))
    return 0


def _install(context: Context, words: list[str]) -> int:
    if not context.is_root:
        context.out(texts.NOT_ROOT)
        return 1
    everything = "-a" in words or "--all" in words
    labels = [word for word in words if not word.startswith("-")]
    context.out(texts.INSTALL_HEAD)
    _wait(context, LISTING_SECONDS)
    offered = developer_tools.offered(context)
    wanted = [update for update in offered if everything or update.label in labels]
    known = [update.label for update in offered]
    for label in labels:
        if label not in known:
            context.out(texts.NO_SUCH.format(label=label))
    for update in wanted:
        if not _one(context, update):
            return 0
    if wanted:
        context.out(texts.DONE)
    return 0


def _one(context: Context, update: developer_tools.Update) -> bool:
    context.out(texts.DOWNLOADING.format(title=update.title))
    context.stdout.flush()
    _wait(context, INSTALLING_SECONDS)
    with context.state.edit(AREA) as data:
        failures = int(data.get("failures", 0))
        data["failures"] = max(failures - 1, 0)
    if failures:
        context.out(texts.FAILED.format(title=update.title))
        return False
    context.out(texts.DOWNLOADED.format(title=update.title))
    context.out(texts.INSTALLING.format(title=update.title))
    developer_tools.install(context, update)
    context.out(texts.DONE_WITH.format(title=update.title))
    return True


def _schedule(context: Context, words: list[str]) -> int:
    if words:
        if not context.is_root or words[0] not in ("on", "off"):
            context.out(texts.NOT_ROOT if not context.is_root else texts.USAGE)
            return 1
        with context.state.edit(AREA) as data:
            data["schedule"] = words[0]
    context.out(texts.SCHEDULE.format(state=context.state.read(AREA).get("schedule", "on")))
    return 0
