# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One request and its answer, as the log and the figures tell it: nothing of what was said."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hybrid_cluster.gateway.kinds import Dialect
from hybrid_cluster.gateway.metrics import OTHER

if TYPE_CHECKING:
    from hybrid_cluster.gateway.errors import Failure
    from hybrid_cluster.gateway.metrics import Metrics
    from hybrid_cluster.gateway.streams.relay import Relay, Usage

# What a client is said to have got when it left before its answer.
LEFT = 499
_BYTES_OF_A_TOKEN = 4


@dataclass
class Exchange:
    """What is known of a request so far."""

    request_id: str = field(default_factory=lambda: secrets.token_hex(12))
    started: float = field(default_factory=time.monotonic)
    dialect: Dialect = Dialect.OPENAI
    endpoint: str = OTHER
    model: str = OTHER
    key: str | None = None
    backend: str | None = None
    status: int = LEFT
    code: str | None = None
    """A word for what went wrong; sentences of backends may repeat what was asked."""
    wrong: bool = False
    """Whether a member failed that had not to."""
    intended: bool = False
    """Whether it was refused because the configuration wants it so."""
    asked: int = 0
    """Bytes of the request."""
    usage: Usage | None = None
    characters: int = 0
    first_token: float | None = None

    def failed(self, failure: Failure) -> None:
        """Note what went wrong."""
        self.code = failure.code or str(failure.status)
        self.intended = failure.intended and not self.wrong

    def spoke(self) -> None:
        """Note the time of the first token."""
        if self.first_token is None:
            self.first_token = time.monotonic() - self.started

    def heard(self, relay: Relay) -> None:
        """Note what a stream said so far: its client may leave with the next word, and has had this much."""
        if relay.token and self.first_token is None:
            self.spoke()
        self.characters = relay.characters
        self.usage = relay.usage

    @property
    def tokens(self) -> tuple[int, int]:
        """Return what the request cost; estimated where the backend does not say, since not to be told is not free."""
        if self.usage is not None:
            return self.usage.prompt, self.usage.completion
        if self.first_token is None:
            return 0, 0
        return self.asked // _BYTES_OF_A_TOKEN, self.characters // _BYTES_OF_A_TOKEN

    def line(self) -> str:
        """Return its line of the log."""
        prompt, completion = self.tokens
        value = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request": self.request_id,
            "key": self.key,
            "endpoint": self.endpoint,
            "model": self.model,
            "backend": self.backend,
            "status": self.status,
            "error": self.code,
            "seconds": round(time.monotonic() - self.started, 3),
            "first_token_seconds": None if self.first_token is None else round(self.first_token, 3),
            "prompt_tokens": prompt,
            "completion_tokens": completion,
        }
        return json.dumps({name: found for name, found in value.items() if found is not None})

    def count(self, metrics: Metrics) -> None:
        """Count it."""
        prompt, completion = self.tokens
        metrics.add("requests_total", self.model, self.endpoint, str(self.status))
        if self.intended and self.status >= 500:
            metrics.add("refused_quiet_total", self.model)
        if prompt or completion:
            metrics.add("tokens_total", self.model, "prompt", value=prompt)
            metrics.add("tokens_total", self.model, "completion", value=completion)
        if self.first_token is not None:
            metrics.observe("first_token_seconds", self.model, value=self.first_token)
