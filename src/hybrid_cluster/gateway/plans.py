# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How a request is put to a backend, and how its answer is read."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway import answers
from hybrid_cluster.gateway.dialects import anthropic, embed, ollama
from hybrid_cluster.gateway.endpoints import Treatment
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.kinds import Backend, Dialect, Form
from hybrid_cluster.gateway.streams.chat import ChatRelay, CompletionRelay
from hybrid_cluster.gateway.streams.collect import Collector
from hybrid_cluster.gateway.streams.messages import MessageRelay
from hybrid_cluster.gateway.streams.ollama import OllamaRelay
from hybrid_cluster.gateway.streams.relay import About
from hybrid_cluster.gateway.streams.responses import ResponseRelay

if TYPE_CHECKING:
    from collections.abc import Callable

    from hybrid_cluster.gateway.endpoints import Endpoint
    from hybrid_cluster.gateway.routes import Member
    from hybrid_cluster.gateway.streams.relay import Relay

_CHAT = "/v1/chat/completions"
_EMBEDDINGS = "/v1/embeddings"
_NATIVE_RELAYS: dict[Form, type[Relay]] = {
    Form.CHAT: ChatRelay,
    Form.COMPLETION: CompletionRelay,
    Form.RESPONSES: ResponseRelay,
    Form.MESSAGES: MessageRelay,
    Form.OLLAMA_CHAT: OllamaRelay,
    Form.OLLAMA_GENERATE: OllamaRelay,
}
_TRANSLATED_RELAYS: dict[Form, type[Relay]] = {
    Form.MESSAGES: anthropic.MessageStream,
    Form.OLLAMA_CHAT: ollama.OllamaStream,
    Form.OLLAMA_GENERATE: ollama.GenerateStream,
}
_STREAMED = frozenset(_NATIVE_RELAYS)
_OLLAMAS = {Form.OLLAMA_CHAT, Form.OLLAMA_GENERATE}
# Backends that answer with one choice whatever is asked.
_ONE_CHOICE = {Backend.EXO, Backend.OLLAMA, Backend.MLX_LM}
_UNSTORED = ("previous_response_id", "conversation")


@dataclass(frozen=True)
class Plan:
    """What is sent to a backend, and what becomes of its answer."""

    path: str
    fields: dict[str, Any]
    relay: Relay | None
    """Reads the answer where it comes as a stream."""
    read: Callable[[dict[str, Any]], dict[str, Any]]
    """Makes the client's answer of one that is not a stream."""


def streams(endpoint: Endpoint, fields: dict[str, Any]) -> bool:
    """Return whether the client is to get a stream."""
    if endpoint.form not in _STREAMED:
        return False
    return fields.get("stream") is not False if endpoint.form in _OLLAMAS else fields.get("stream") is True


def refuse_what_nobody_can(endpoint: Endpoint, fields: dict[str, Any]) -> None:
    """Refuse what no backend answers well."""
    if endpoint.form in {Form.CHAT, Form.MESSAGES, Form.COUNT} and not fields.get("messages"):
        # exo's runner ends at this; after five times, so does the instance.
        raise Failure(400, "'messages' is empty.", code="invalid_request", param="messages")
    for key in _UNSTORED if endpoint.form is Form.RESPONSES else ():
        if fields.get(key) is not None:
            sentence = f"Answers are not stored, so {key!r} leads nowhere; send the whole conversation."
            raise Failure(400, sentence, code="invalid_request", param=key)
    if endpoint.form is Form.RESPONSES and fields.get("background"):
        sentence = "Answers are not stored, so they are not made in the background."
        raise Failure(400, sentence, code="invalid_request", param="background")


def make(endpoint: Endpoint, member: Member, fields: dict[str, Any], about: About) -> Plan:
    """Return how a request is put to a member that has an answer for it."""
    assert endpoint.form is not None  # noqa: S101 - endpoints of models have one
    about = About(about.model, str(member.backend), about.request_id, _wants_usage(fields))
    stream = streams(endpoint, fields)
    if endpoint.treatment(member.backend) is Treatment.NATIVE:
        plan = _native(endpoint, member, fields, about, stream=stream)
    else:
        plan = _translated(endpoint.form, member, fields, about, stream=stream)

    def read(answer: dict[str, Any]) -> dict[str, Any]:
        try:
            return plan.read(answer)
        except (AttributeError, KeyError, TypeError, ValueError):
            # A shape that nobody expects is not a valid answer, wherever it is odd.
            raise Failure(
                502, f"{about.backend} sent something that is not a valid answer.", code="backend_error"
            ) from None

    return replace(plan, read=read)


def _native(endpoint: Endpoint, member: Member, given: dict[str, Any], about: About, *, stream: bool) -> Plan:
    form = endpoint.form
    assert form is not None  # noqa: S101 - only endpoints with a form come here
    fields = _adapt(form, member, given, stream=stream)
    encoding = str(given.get("encoding_format") or "float")
    relay = _NATIVE_RELAYS[form](about) if stream else None
    if not stream and member.backend is Backend.MLX_LM and form in {Form.CHAT, Form.COMPLETION}:
        fields |= {"stream": True, "stream_options": {"include_usage": True}}
        relay = Collector(about)

    def read(answer: dict[str, Any]) -> dict[str, Any]:
        return answers.check(form, answer, about, encoding)

    return Plan(endpoint.path, fields, relay, read)


def _translated(form: Form, member: Member, given: dict[str, Any], about: About, *, stream: bool) -> Plan:
    started = time.monotonic_ns()
    if form in {Form.OLLAMA_EMBED, Form.OLLAMA_EMBEDDINGS}:
        fields = _adapt(Form.EMBEDDINGS, member, embed.to_embeddings(given, form), stream=False)

        def read_vectors(answer: dict[str, Any]) -> dict[str, Any]:
            whole = answers.check(Form.EMBEDDINGS, answer, about)
            return embed.from_embeddings(whole, form, about.model, started, time.monotonic_ns())

        return Plan(_EMBEDDINGS, fields, None, read_vectors)
    asked = anthropic.to_chat(given) if form is Form.MESSAGES else ollama.to_chat(given, form)
    collected = not stream and member.backend is Backend.MLX_LM
    fields = _adapt(Form.CHAT, member, {**asked, "stream": stream or collected}, stream=stream or collected)
    relay: Relay | None = _TRANSLATED_RELAYS[form](about) if stream else Collector(about) if collected else None

    def read(answer: dict[str, Any]) -> dict[str, Any]:
        whole = answers.check(Form.CHAT, answer, about)
        if form is Form.MESSAGES:
            return anthropic.from_chat(whole, about)
        return ollama.from_chat(whole, form, about, started)

    return Plan(_CHAT, fields, relay, read)


def _wants_usage(fields: dict[str, Any]) -> bool:
    options = fields.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def _adapt(form: Form, member: Member, given: dict[str, Any], *, stream: bool) -> dict[str, Any]:
    """Return the fields as a backend understands them."""
    backend = member.backend
    fields = {**given, "model": member.model}
    # Others use the model too, so nobody says how long it stays loaded.
    fields.pop("keep_alive", None)
    if form in {Form.CHAT, Form.COMPLETION}:
        many = fields.get("n")
        if many not in (None, 1) and backend in _ONE_CHOICE:
            raise Failure(400, f"{member.backend} gives one answer at a time.", code="invalid_request", param="n")
        fields.pop("stream_options", None)
        if stream:
            fields["stream_options"] = {"include_usage": True}
    if form is Form.CHAT:
        if backend in {Backend.EXO, Backend.OLLAMA} and "max_completion_tokens" in fields:
            # They pass over it and answer without a limit.
            fields.setdefault("max_tokens", fields.pop("max_completion_tokens"))
        if backend is Backend.EXTERNAL:
            fields.pop("chat_template_kwargs", None)
    if form in {Form.OLLAMA_CHAT, Form.OLLAMA_GENERATE, Form.CHAT, Form.COMPLETION, Form.MESSAGES, Form.RESPONSES}:
        fields["stream"] = stream
    return fields


def supports(endpoint: Endpoint, backend: Backend) -> bool:
    """Return whether a backend has an answer for an endpoint."""
    return endpoint.treatment(backend) is not Treatment.REFUSED


def is_load(endpoint: Endpoint, fields: dict[str, Any], model: str) -> dict[str, Any] | None:
    """Return the answer to what Ollama's clients send to load a model, or None for every other request."""
    if endpoint.dialect is Dialect.OLLAMA and endpoint.form in _OLLAMAS:
        return ollama.load_answer(fields, endpoint.form, model)
    return None
