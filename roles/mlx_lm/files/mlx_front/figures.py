# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is counted, for Prometheus and for the health check."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .exposition import Metrics


@dataclass
class Figures:
    """Counters of one worker; times are in seconds."""

    model: str
    revision: str
    limit: int
    started: float = field(default_factory=time.time)
    loaded: bool = False
    proved: bool = False
    load_seconds: float = 0.0
    running: int = 0
    cancelled: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    request_seconds: float = 0.0
    first_token_seconds: float = 0.0
    first_tokens: int = 0
    progressed: float = field(default_factory=time.monotonic)
    statuses: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, limit: int) -> bool:
        """Count a request in, unless as many as may wait are there."""
        with self.lock:
            if self.running >= limit:
                return False
            if not self.running:
                self.progressed = time.monotonic()
            self.running += 1
            return True

    def end(self, seconds: float) -> None:
        """Count a request out."""
        with self.lock:
            self.running -= 1
            self.request_seconds += seconds

    def answered(self, status: int) -> None:
        """Count an answer."""
        with self.lock:
            self.statuses[str(status)] = self.statuses.get(str(status), 0) + 1

    def progress(self) -> None:
        """Note that the engine did something."""
        self.progressed = time.monotonic()

    def prompt(self, tokens: int, cached: int) -> None:
        """Count a prompt."""
        with self.lock:
            self.prompt_tokens += tokens
            self.cached_tokens += max(cached, 0)

    def first_token(self, seconds: float) -> None:
        """Count the time to a first token."""
        with self.lock:
            self.first_token_seconds += seconds
            self.first_tokens += 1

    def generated(self, tokens: int) -> None:
        """Count generated tokens, once for each answer."""
        with self.lock:
            self.generated_tokens += tokens

    def left(self) -> None:
        """Count a client that did not wait for its answer."""
        with self.lock:
            self.cancelled += 1

    def still(self) -> float:
        """Return for how many seconds requests have been running without a token or a step of a prompt."""
        return time.monotonic() - self.progressed if self.running else 0.0

    def add(self, metrics: Metrics) -> None:
        """Add everything to a page."""
        model = {"model": self.model}
        gauges = (
            ("mlx_lm_model_loaded", "Whether the model is in memory.", self.loaded),
            ("mlx_lm_proved", "Whether a token was generated since the start.", self.proved),
            ("mlx_lm_load_seconds", "How long loading took.", self.load_seconds),
            ("mlx_lm_requests_running", "Requests that are being answered or wait.", self.running),
            ("mlx_lm_requests_limit", "Requests that are answered at once; more wait.", self.limit),
            ("mlx_lm_stalled_seconds", "How long running requests have seen no progress.", self.still()),
            ("mlx_lm_worker_start_time_seconds", "When the worker started.", self.started),
        )
        for name, text, value in gauges:
            metrics.add(name, text, value, **model)
        counters = (
            ("mlx_lm_requests_cancelled_total", "Requests whose client left.", self.cancelled),
            ("mlx_lm_prompt_tokens_total", "Tokens of prompts.", self.prompt_tokens),
            ("mlx_lm_cached_tokens_total", "Tokens of prompts that were in the prompt cache.", self.cached_tokens),
            ("mlx_lm_generated_tokens_total", "Generated tokens.", self.generated_tokens),
            ("mlx_lm_request_seconds_total", "Time spent on requests.", self.request_seconds),
            ("mlx_lm_first_token_seconds_total", "Time until first tokens.", self.first_token_seconds),
            ("mlx_lm_first_tokens_total", "Answers that had a first token.", self.first_tokens),
        )
        for name, text, value in counters:
            metrics.add(name, text, value, counter=True, **model)
        metrics.add("mlx_lm_model_info", "The revision that is served.", 1, revision=self.revision, **model)
        for status, number in sorted(self.statuses.items()):
            text = "Requests by the status of their answer."
            metrics.add("mlx_lm_requests_total", text, number, counter=True, status=status, **model)
