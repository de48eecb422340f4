# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which endpoints there are, and what becomes of each with each backend."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from hybrid_cluster.gateway.kinds import Backend, Dialect, Form


class Treatment(StrEnum):
    """What the gateway does with a request for a backend."""

    NATIVE = "native"
    """The backend has the endpoint."""
    TRANSLATED = "translated"
    """The backend is asked through its chat or embeddings endpoint, and its answer translated."""
    REFUSED = "refused"
    """The backend has nothing like it."""


class Kind(StrEnum):
    """Who answers an endpoint."""

    MODEL = "model"
    """A backend."""
    OURS = "ours"
    """The gateway, from what it knows: such a request wakes nobody."""
    ADMIN = "admin"
    """The gateway, for administrators: hosts that sleep, models and keys."""
    REFUSED = "refused"
    """Nobody: it would change or end what others use."""


@dataclass(frozen=True)
class Endpoint:
    """A method and a path."""

    method: str
    path: str
    """{name} stands for one segment and {name+} for several."""
    dialect: Dialect
    kind: Kind
    form: Form | None = None
    native: frozenset[Backend] = frozenset()
    translated: frozenset[Backend] = frozenset()
    why: str = ""
    """Why it is refused."""
    public: bool = False
    """Whether it is answered without a key."""

    def treatment(self, backend: Backend) -> Treatment:
        """Return what becomes of a request for a backend."""
        if backend in self.native:
            return Treatment.NATIVE
        return Treatment.TRANSLATED if backend in self.translated else Treatment.REFUSED

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return what its paths look like."""
        text = re.escape(self.path)
        text = re.sub(r"\\{\w+\\\+\\}", "(.+)", text)
        return re.compile(re.sub(r"\\{\w+\\}", "([^/]+)", text))


ADMINISTRATION = "/admin/v1"
"""What every path for administrators begins with, and no other."""
_EVERY = frozenset(Backend)
_OPENAI_LIKE = _EVERY - {Backend.EXO}


def _model(
    path: str, dialect: Dialect, form: Form, native: set[Backend] | frozenset[Backend], *, rest: bool = False
) -> Endpoint:
    translated = _EVERY - native if rest else frozenset[Backend]()
    return Endpoint("POST", path, dialect, Kind.MODEL, form, frozenset(native), translated)


def _ours(method: str, path: str, dialect: Dialect, *, public: bool = False) -> Endpoint:
    return Endpoint(method, path, dialect, Kind.OURS, public=public)


def _refused(dialect: Dialect, why: str, *endpoints: str) -> list[Endpoint]:
    found = [line.split() for line in endpoints]
    return [Endpoint(method, path, dialect, Kind.REFUSED, why=why) for method, path in found]


def _admin(method: str, name: str) -> Endpoint:
    return Endpoint(method, f"{ADMINISTRATION}/{name}", Dialect.OPENAI, Kind.ADMIN)


_AUDIO = {Backend.LLAMA_CPP, Backend.OLLAMA, Backend.VLLM, Backend.EXTERNAL}
_EMBED = {Backend.LLAMA_CPP, Backend.OLLAMA, Backend.VLLM, Backend.EXTERNAL}
_EMBED_TRANSLATED = frozenset(_EMBED - {Backend.OLLAMA})

ENDPOINTS: tuple[Endpoint, ...] = (
    _model("/v1/chat/completions", Dialect.OPENAI, Form.CHAT, _EVERY),
    _model("/v1/completions", Dialect.OPENAI, Form.COMPLETION, _OPENAI_LIKE),
    _model("/v1/embeddings", Dialect.OPENAI, Form.EMBEDDINGS, _EMBED),
    # exo has it, and ends a failed answer there as a whole one; mlx_lm has not.
    _model("/v1/responses", Dialect.OPENAI, Form.RESPONSES, _OPENAI_LIKE - {Backend.MLX_LM}),
    _model("/v1/rerank", Dialect.OPENAI, Form.RERANK, {Backend.LLAMA_CPP, Backend.VLLM, Backend.EXTERNAL}),
    _model("/v1/audio/transcriptions", Dialect.OPENAI, Form.AUDIO, _AUDIO),
    _model("/v1/audio/translations", Dialect.OPENAI, Form.AUDIO, {Backend.VLLM, Backend.EXTERNAL}),
    _model("/v1/audio/speech", Dialect.OPENAI, Form.AUDIO, {Backend.EXTERNAL}),
    # exo has it, and ends a failed answer there without a word: its chat endpoint reports it.
    _model(
        "/v1/messages", Dialect.ANTHROPIC, Form.MESSAGES, {Backend.LLAMA_CPP, Backend.OLLAMA, Backend.VLLM}, rest=True
    ),
    _model("/v1/messages/count_tokens", Dialect.ANTHROPIC, Form.COUNT, {Backend.LLAMA_CPP, Backend.VLLM}),
    _model("/api/chat", Dialect.OLLAMA, Form.OLLAMA_CHAT, {Backend.OLLAMA}, rest=True),
    _model("/api/generate", Dialect.OLLAMA, Form.OLLAMA_GENERATE, {Backend.OLLAMA}, rest=True),
    Endpoint(
        *("POST", "/api/embed", Dialect.OLLAMA, Kind.MODEL, Form.OLLAMA_EMBED),
        *(frozenset({Backend.OLLAMA}), _EMBED_TRANSLATED),
    ),
    Endpoint(
        *("POST", "/api/embeddings", Dialect.OLLAMA, Kind.MODEL, Form.OLLAMA_EMBEDDINGS),
        *(frozenset({Backend.OLLAMA}), _EMBED_TRANSLATED),
    ),
    _ours("GET", "/v1/models", Dialect.OPENAI),
    _ours("GET", "/v1/models/{name+}", Dialect.OPENAI),
    _ours("GET", "/api/tags", Dialect.OLLAMA),
    _ours("GET", "/api/ps", Dialect.OLLAMA),
    _ours("POST", "/api/show", Dialect.OLLAMA),
    _ours("GET", "/api/version", Dialect.OLLAMA, public=True),
    _ours("GET", "/", Dialect.OLLAMA, public=True),
    _ours("HEAD", "/", Dialect.OLLAMA, public=True),
    # These two are answered from memory: to look wakes nobody.
    _admin("GET", "state"),
    _admin("GET", "keys"),
    *(
        _admin("POST", name)
        for name in ("wake", "sleep", "idle", "hold", "release", "drain", "return", "load", "unload")
    ),
    *(_admin("POST", f"keys/{name}") for name in ("create", "rotate", "limit", "revoke")),
    *_refused(
        Dialect.OLLAMA,
        "Models are added and removed in the inventory's cluster_models, not through the gateway.",
        *("DELETE /api/delete", "POST /api/create", "POST /api/copy", "POST /api/pull", "POST /api/push"),
        *("HEAD /api/blobs/{digest}", "POST /api/blobs/{digest}"),
    ),
    *_refused(
        Dialect.OPENAI,
        "Models are loaded and unloaded by the backend's own service, not through the gateway.",
        *("POST /models", "DELETE /models", "POST /models/load", "POST /models/unload", "GET /models/sse"),
        *("DELETE /v1/models/{name+}", "POST /slots/{number}", "POST /props", "POST /lora-adapters"),
        *("POST /v1/load_lora_adapter", "POST /v1/unload_lora_adapter", "POST /sleep", "POST /wake_up"),
        *("POST /reset_prefix_cache", "POST /collective_rpc"),
    ),
    *_refused(
        Dialect.OPENAI,
        "Instances of exo are placed and ended by its own service, not through the gateway.",
        *("POST /instance", "POST /place_instance", "DELETE /instance/{id}", "POST /download/start"),
        *("POST /download/cancel", "DELETE /download/{node}/{model+}", "POST /models/add"),
        *("DELETE /models/custom/{model+}", "POST /v1/cancel/{id}", "POST /bench/chat/completions"),
    ),
    *_refused(
        Dialect.OPENAI,
        "No backend makes images; asked for one, exo ends the instance of the model.",
        *("POST /v1/images/generations", "POST /v1/images/edits"),
    ),
    *_refused(
        Dialect.OPENAI,
        "Answers are not stored; send the whole conversation with each request.",
        *("GET /v1/responses/{id}", "DELETE /v1/responses/{id}", "POST /v1/responses/{id}/cancel"),
    ),
)


@dataclass(frozen=True)
class Found:
    """What a method and a path lead to."""

    endpoint: Endpoint | None
    dialect: Dialect
    """The one to answer in, also where there is no such endpoint."""
    allowed: tuple[str, ...] = ()
    """The methods that the path has, where the method is wrong."""
    name: str = ""
    """What stands for the last placeholder of the path."""


def find(method: str, path: str) -> Found:
    """Return the endpoint of a path exactly as it was sent: nothing is decoded, joined or cut off."""
    fits = [(endpoint, match) for endpoint in ENDPOINTS if (match := endpoint.pattern.fullmatch(path))]
    plain = ".." not in path and "//" not in path and "\\" not in path and path.isascii() and path.isprintable()
    if not plain or not fits:
        return Found(None, _dialect(path))
    for endpoint, match in fits:
        if endpoint.method == method:
            return Found(endpoint, endpoint.dialect, name=match.groups()[-1] if match.groups() else "")
    return Found(None, fits[0][0].dialect, tuple(sorted({endpoint.method for endpoint, _ in fits})))


def _dialect(path: str) -> Dialect:
    if path.startswith("/api/") or path == "/":
        return Dialect.OLLAMA
    return Dialect.ANTHROPIC if path.startswith("/v1/messages") else Dialect.OPENAI
