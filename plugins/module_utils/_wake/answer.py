# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether a host is awake: it is when somebody on it answers, on a connection made for the question.

The kernel of a host that goes to sleep may still accept a connection that nobody serves, so an open port is the least
that can be asked for.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http

CONNECT_SECONDS = 0.5
# Long: a machine that wakes has much to do, and those who give up at once keep it from answering any.
ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Question:
    """What is asked of a host."""

    address: str
    port: int
    greeting: str | None = None
    """What the program at the port says first of all."""
    path: str | None = None
    """What is asked for by HTTP."""

    def __str__(self) -> str:
        """Return it as a person reads it."""
        if self.path is not None:
            return f"{self._url} with status 200"
        return f"port {self.port}" + (f" with {self.greeting!r}" if self.greeting else "")

    @property
    def _url(self) -> str:
        return f"http://{self.address}:{self.port}{self.path}"

    def complaint(self) -> str | None:
        """Ask, and return what is missing; nothing when the host is awake."""
        try:
            with socket.create_connection((self.address, self.port), timeout=CONNECT_SECONDS) as connection:
                return self._greeting(connection) if self.greeting else self._page()
        except OSError as error:
            return (error.strerror or str(error)).lower()

    def _greeting(self, connection: socket.socket) -> str | None:
        wanted = (self.greeting or "").encode()
        connection.settimeout(ANSWER_SECONDS)
        said = b""
        while len(said) < len(wanted):
            more = connection.recv(len(wanted) - len(said))
            if not more:
                break
            said += more
        return None if said == wanted else f"it says {said.decode('utf-8', 'replace')!r}"

    def _page(self) -> str | None:
        if self.path is None:
            return None
        try:
            answer = _http.fetch(self._url, ANSWER_SECONDS)
        except _http.HttpError as error:
            return str(error)
        return None if answer.status == 200 else f"it answers with status {answer.status}"
