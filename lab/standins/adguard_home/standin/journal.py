# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Statistics and the query log."""

from __future__ import annotations

import collections
import json
import threading
import time
from typing import TYPE_CHECKING, Any

from . import messages

if TYPE_CHECKING:
    from pathlib import Path

    from .messages import Question
    from .resolver import Answer

_HOURS = 24


class Journal:
    """Remembers what was asked since the start."""

    def __init__(self, configuration: dict[str, Any], data: Path) -> None:
        self._log = configuration["querylog"]
        self._path = data / "querylog.json"
        self._lock = threading.Lock()
        self._entries: collections.deque[dict[str, Any]] = collections.deque(maxlen=self._log["size_memory"])
        self._hours: collections.Counter[int] = collections.Counter()
        self._blocked: collections.Counter[int] = collections.Counter()
        self._names: collections.Counter[str] = collections.Counter()
        self._clients: collections.Counter[str] = collections.Counter()
        self._seconds = 0.0

    def note(self, question: Question, answer: Answer, client: str, seconds: float) -> None:
        """Count a question and write it down."""
        hour = int(time.time() // 3600)
        entry = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "client": client,
            "question": {"name": question.name, "type": question.kind_name, "class": "IN"},
            "reason": answer.reason,
            "status": {value: key for key, value in messages.STATUSES.items()}.get(messages.status_of(answer.message)),
            "elapsedMs": f"{seconds * 1000:.6f}",
            "upstream": answer.upstream,
        }
        with self._lock:
            self._hours[hour] += 1
            self._blocked[hour] += answer.blocked
            self._names[question.name] += 1
            self._clients[client] += 1
            self._seconds += seconds
            if self._log["enabled"]:
                self._entries.append(entry)
                if self._log["file_enabled"]:
                    with self._path.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(entry) + "\n")

    def entries(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest entries first."""
        with self._lock:
            return list(reversed(self._entries))[:limit]

    def statistics(self) -> dict[str, Any]:
        """Return the sums and the hours of a day."""
        with self._lock:
            now = int(time.time() // 3600)
            total = sum(self._hours.values())
            return {
                "time_units": "hours",
                "num_dns_queries": total,
                "num_blocked_filtering": sum(self._blocked.values()),
                "num_replaced_safebrowsing": 0,
                "num_replaced_safesearch": 0,
                "num_replaced_parental": 0,
                "avg_processing_time": self._seconds / total if total else 0,
                "dns_queries": [self._hours[now - back] for back in reversed(range(_HOURS))],
                "blocked_filtering": [self._blocked[now - back] for back in reversed(range(_HOURS))],
                "top_queried_domains": [{name: count} for name, count in self._names.most_common(100)],
                "top_clients": [{name: count} for name, count in self._clients.most_common(100)],
                "top_blocked_domains": [],
                "top_upstreams_responses": [],
                "top_upstreams_avg_time": [],
            }
