# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``configd``: keeps the interfaces at the stored preferences while cables come and go.

At the start it applies everything; then it listens to the kernel's news of links. A port that gets a link receives its
address, one that loses it drops it, and a stored bridge that was destroyed by hand comes back with a new link.
"""

from __future__ import annotations

import os
import select
import socket

from ..network.apply import apply
from ..network.links import observe
from ..network.names import name_kernel
from .sysctl_values import begin_session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/libexec/configd",)
_LINK_NEWS = 1
_QUIET_MILLISECONDS = 200


def main(context: Context) -> int:
    """Apply, then follow the links for ever."""
    if not context.is_root:
        context.err(f"configd: {os.strerror(1)}")
        return 1
    news = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    news.bind((0, _LINK_NEWS))
    begin_session(context)
    name_kernel(context)
    carriers = apply(context)
    while True:
        news.recv(65536)
        _drain(news)
        now = linked(context)
        if now != carriers:
            # What it saw, not what is there by now: a link that came back meanwhile would not be taken for new.
            carriers = apply(context, relinked=now - carriers)


def linked(context: Context) -> set[str]:
    """Return the devices with a link."""
    return observe(context).carriers()


def _drain(news: socket.socket) -> None:
    """Wait until the kernel is quiet: a cable makes several messages."""
    poller = select.poll()
    poller.register(news, select.POLLIN)
    while poller.poll(_QUIET_MILLISECONDS):
        try:
            news.recv(65536)
        except OSError:
            # More news than the buffer holds: what matters is read from the interfaces anyway.
            continue
