# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a question is answered with: rewrites first, then rules, then what somebody else says."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import messages, upstream

if TYPE_CHECKING:
    from .messages import Question

_RULE = re.compile(r"\|\|([^\^$]+)\^(?:\$dnsrewrite=([A-Z]+);([A-Z]+);(.*))?")


@dataclass(frozen=True)
class Answer:
    """An answer and what it comes from."""

    message: bytes
    reason: str = "NotFilteredNotFound"
    upstream: str = ""

    @property
    def blocked(self) -> bool:
        """Tell whether a rule kept the real answer away."""
        return self.reason == "FilteredBlackList"


class Resolver:
    """Answers questions from one configuration."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        dns = configuration["dns"]
        self.rewrites: list[dict[str, Any]] = configuration["filtering"]["rewrites"]
        self._enabled = configuration["filtering"]["rewrites_enabled"]
        self._rules = [matched for rule in configuration["user_rules"] if (matched := _RULE.fullmatch(rule))]
        self._upstreams = upstream.parse(dns["upstream_dns"])
        self._fallbacks = upstream.parse(dns["fallback_dns"])

    def answer(self, question: Question, query: bytes) -> Answer:
        """Answer one question."""
        if question.kind == messages.ANY:
            return Answer(messages.reply(question, messages.NOTIMP))
        rewritten = self._rewritten(question, 0)
        if rewritten is not None:
            return rewritten
        ruled = self._ruled(question)
        if ruled is not None:
            return ruled
        if question.kind_name == "PTR" and _is_private(question.name):
            return Answer(messages.reply(question, messages.NXDOMAIN))
        return self._forwarded(question, query)

    def _rewritten(self, question: Question, depth: int) -> Answer | None:
        name = question.name
        found = [entry for entry in self.rewrites if entry.get("enabled", True)] if self._enabled else []
        exact = [str(entry["answer"]) for entry in found if str(entry["domain"]).lower() == name]
        wildcard = [str(entry["answer"]) for entry in found if _covers(str(entry["domain"]).lower(), name)]
        answers = exact or wildcard
        if not answers or depth > 4:
            return None
        records = []
        for value in answers:
            kind = _kind(value)
            if kind is None:
                return self._renamed(question, value, depth)
            if kind == question.kind_name:
                records.append((question.asked, kind, value))
        return Answer(messages.reply(question, messages.NOERROR, records), "Rewrite")

    def _renamed(self, question: Question, target: str, depth: int) -> Answer:
        """Answer with another name and what that has: our own address of it, or else what its upstream says."""
        other = messages.ask_for(question, target)
        inner = self._rewritten(other.question, depth + 1)
        if inner is None or not messages.has_answers(inner.message):
            inner = self._forwarded(other.question, other.query)
        return Answer(messages.behind_alias(question, target, inner.message), "Rewrite", inner.upstream)

    def _ruled(self, question: Question) -> Answer | None:
        matching = [rule for rule in self._rules if _under(rule[1].lower(), question.name)]
        if not matching:
            return None
        if any(rule[2] is None for rule in matching):
            empty = {"A": "0.0.0.0", "AAAA": "::"}.get(question.kind_name)  # noqa: S104 - an answer
            records = [(question.name, question.kind_name, empty)] if empty else []
            return Answer(messages.reply(question, messages.NOERROR, records), "FilteredBlackList")
        records = [(question.name, rule[3], rule[4]) for rule in matching if rule[3] == question.kind_name]
        status = messages.STATUSES.get(matching[0][2], messages.SERVFAIL)
        return Answer(messages.reply(question, status, records), "RewriteRule")

    def _forwarded(self, question: Question, query: bytes) -> Answer:
        own = [server for server in self._upstreams if server.domains and server.serves(question.name)]
        for server in [*(own or [u for u in self._upstreams if not u.domains]), *self._fallbacks]:
            try:
                return Answer(server.ask(query, 2.0), upstream=server.text)
            except OSError:
                continue
        return Answer(messages.reply(question, messages.SERVFAIL))


def _covers(pattern: str, name: str) -> bool:
    return pattern.startswith("*.") and name.endswith(pattern[1:])


def _under(domain: str, name: str) -> bool:
    return name == domain or name.endswith(f".{domain}")


def _kind(value: str) -> str | None:
    try:
        return "A" if ipaddress.ip_address(value).version == 4 else "AAAA"
    except ValueError:
        return None


def _is_private(name: str) -> bool:
    numbers = name.removesuffix(".in-addr.arpa").split(".")
    try:
        return ipaddress.ip_address(".".join(reversed(numbers))).is_private
    except ValueError:
        return False
