# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a question is answered with: rewrites first, then rules, then what somebody else says."""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import messages

if TYPE_CHECKING:
    from .messages import Question

_RULE = re.compile(r"\|\|([^\^$]+)\^(?:\$dnsrewrite=([A-Z]+);([A-Z]+);(.*))?")
_UPSTREAM = re.compile(
    r"(?:\[/(?P<domains>[^\]]*)/\])?(?:(?P<scheme>udp|tcp)://)?(?P<host>[^:/\[\]]+)(?::(?P<port>\d+))?"
)
_ENCRYPTED = ("https://", "tls://", "quic://", "h3://", "sdns://")


class UpstreamError(Exception):
    """An upstream is written in a form that nobody can ask."""


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


@dataclass(frozen=True)
class Upstream:
    """One server to ask, for some domains or for all."""

    text: str
    host: str
    port: int
    tcp: bool
    domains: tuple[str, ...]
    encrypted: bool

    @classmethod
    def parse(cls, text: str) -> Upstream:
        """Read one line of the list."""
        if text.startswith(_ENCRYPTED):
            return cls(text, "", 0, tcp=False, domains=(), encrypted=True)
        matched = _UPSTREAM.fullmatch(text)
        if not matched or " " in text or not re.fullmatch(r"[\w.-]+", matched["host"]):
            raise UpstreamError(f"parsing upstream config: bad upstream {text!r}")
        domains = tuple(part for part in (matched["domains"] or "").split("/") if part)
        return cls(text, matched["host"], int(matched["port"] or 53), matched["scheme"] == "tcp", domains, False)

    def serves(self, name: str) -> bool:
        """Tell whether questions for this name go here."""
        return not self.domains or any(name == domain or name.endswith(f".{domain}") for domain in self.domains)

    def ask(self, query: bytes, timeout: float) -> bytes:
        """Ask; a cut answer is asked for again over TCP."""
        if self.encrypted:
            raise OSError("the stand-in speaks plain DNS only")
        if not self.tcp:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(timeout)
                client.connect((self.host, self.port))
                client.send(query)
                while (answer := client.recv(65535))[:2] != query[:2]:
                    pass
            if not answer[2] & 0x02:
                return answer
        with socket.create_connection((self.host, self.port), timeout) as client:
            client.sendall(struct.pack("!H", len(query)) + query)
            return read_framed(client)


def read_framed(stream: socket.socket) -> bytes:
    """Read one message of a TCP connection."""
    (length,) = struct.unpack("!H", read_exactly(stream, 2))
    return read_exactly(stream, length)


def read_exactly(stream: socket.socket, length: int) -> bytes:
    """Read so many bytes."""
    data = b""
    while len(data) < length:
        part = stream.recv(length - len(data))
        if not part:
            raise ConnectionError("the connection ended within a message")
        data += part
    return data


class Resolver:
    """Answers questions from one configuration."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        dns = configuration["dns"]
        self.rewrites: list[dict[str, Any]] = configuration["filtering"]["rewrites"]
        self._enabled = configuration["filtering"]["rewrites_enabled"]
        self._rules = [matched for rule in configuration["user_rules"] if (matched := _RULE.fullmatch(rule))]
        self._upstreams = [Upstream.parse(text) for text in dns["upstream_dns"]]
        self._fallbacks = [Upstream.parse(text) for text in dns["fallback_dns"]]

    def answer(self, question: Question, query: bytes) -> Answer:
        """Answer one question."""
        rewritten = self._rewritten(question, question.name, query, 0)
        if rewritten is not None:
            return rewritten
        ruled = self._ruled(question)
        if ruled is not None:
            return ruled
        if question.kind_name == "PTR" and _is_private(question.name):
            return Answer(messages.reply(question, messages.NXDOMAIN))
        return self._forwarded(question, query)

    def _rewritten(self, question: Question, name: str, query: bytes, depth: int) -> Answer | None:
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
                inner = self._rewritten(question, value.lower(), query, depth + 1)
                return inner or self._forwarded(question, query)
            if kind == question.kind_name:
                records.append((question.name, kind, value))
        return Answer(messages.reply(question, messages.NOERROR, records), "Rewrite")

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
        own = [upstream for upstream in self._upstreams if upstream.domains and upstream.serves(question.name)]
        for upstream in [*(own or [u for u in self._upstreams if not u.domains]), *self._fallbacks]:
            try:
                return Answer(upstream.ask(query, 2.0), upstream=upstream.text)
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
