# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The gateway's HTTP server."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import time
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aiohttp import web

from hybrid_cluster.gateway import (
    catalogue,
    endpoints,
    forms,
    metrics,
    plans,
    replies,
    requests,
    returns,
    rotation,
    state_file,
)
from hybrid_cluster.gateway.administration import Administration, Parts
from hybrid_cluster.gateway.asking import Ask, Asker
from hybrid_cluster.gateway.backends import Backends
from hybrid_cluster.gateway.drains import Drains
from hybrid_cluster.gateway.endpoints import Kind
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.exchange import Exchange
from hybrid_cluster.gateway.front import Front
from hybrid_cluster.gateway.holding import Patience
from hybrid_cluster.gateway.keys import Key, KeyFile, KeyKind
from hybrid_cluster.gateway.kinds import Dialect
from hybrid_cluster.gateway.loading import Loading
from hybrid_cluster.gateway.meter import Meter
from hybrid_cluster.gateway.metrics import OTHER
from hybrid_cluster.gateway.outside import Outside
from hybrid_cluster.gateway.page.look import Look
from hybrid_cluster.gateway.page.site import Page
from hybrid_cluster.gateway.past import Past
from hybrid_cluster.gateway.room import Room
from hybrid_cluster.gateway.rotation import Rotation
from hybrid_cluster.gateway.slots import Slots
from hybrid_cluster.gateway.streams.relay import About
from hybrid_cluster.gateway.throughput import Throughput
from hybrid_cluster.gateway.waking import Waking

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from hybrid_cluster.gateway.endpoints import Endpoint
    from hybrid_cluster.gateway.page.settings import PageSettings
    from hybrid_cluster.gateway.routes import Configuration, Member

    Answer = Callable[[web.BaseRequest, Exchange], Awaitable[web.StreamResponse]]

# Longer than the pools of clients keep a connection, so that it is not closed while a request is on its way.
_KEPT_OPEN = 620.0
_SHUTDOWN_SECONDS = 60.0
_SAVED_EVERY = 30.0
_KEPT_EVERY = 1.0
_SHORT_BODY = 64 * 1024
# What comes as a form with a file.
_FORMS = frozenset({"/v1/audio/transcriptions", "/v1/audio/translations"})


class Gateway:
    """Answers requests from what it knows, or by a backend."""

    def __init__(
        self,
        configuration: Configuration,
        log: Callable[[str], None],
        patience: Patience | None = None,
        outside: type[Outside] = Outside,
    ) -> None:
        self._configuration = configuration
        self._log = log
        self._patience = patience or Patience()
        self._keys = KeyFile(configuration.keys)
        self._keys.load()
        self._meter = Meter()
        self._metrics = metrics.Metrics()
        self._room = Room(configuration.bodies_bytes)
        self._slots = {model.name: Slots(model.slots, model.queue) for model in configuration.models}
        self._answered: set[str] = set()
        self._stack = contextlib.AsyncExitStack()
        self._asker: Asker
        self._waking: Waking
        self._drains: Drains
        self._administration: Administration
        self._rotation = Rotation(asyncio.get_running_loop().time)
        self._throughput = Throughput(asyncio.get_running_loop().time)
        self._look: Look | None = None
        self._outside = outside
        self._changed = asyncio.Event()
        self.addresses: list[tuple[str, int]] = []
        """Where it listens, once it does; the figures come last."""
        self.page_address: tuple[str, int] | None = None
        """Where its page is, if it has one."""

    async def start(self) -> None:
        """Listen."""
        if self._configuration.usage.exists():
            self._meter.restore(state_file.read(self._configuration.usage))
        self._stack.callback(self._save)
        backends = Backends(self._configuration.silence, self._rotation)
        self._stack.push_async_callback(backends.close)
        self._wake(backends)
        known = (backends, self._rotation, self._waking, self._metrics, self._patience)
        self._asker = Asker(*known, out=self._drains)
        saving = asyncio.create_task(self._save_always())
        self._stack.callback(saving.cancel)
        # Without cancellation a client that leaves would be noticed with the next chunk, and by a silent model never.
        server = functools.partial(web.Server, handler_cancellation=True, access_log=None)
        places = [(server(self.handle, keepalive_timeout=_KEPT_OPEN), at) for at in self._configuration.listen]
        for handler, at in [*places, (server(self._figures), self._configuration.metrics)]:
            self.addresses += await self._listen(handler, at.host, at.port)
        if self._configuration.page is not None:
            await self._show(self._configuration.page, server)
        self._stack.callback(self._waking.refuse_all)
        self._stack.callback(self._drains.refuse_all)

    async def _listen(self, handler: web.Server, host: str, port: int) -> list[tuple[str, int]]:
        runner = web.ServerRunner(handler, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, host, port).start()
        return [address[:2] for address in runner.addresses]

    async def _show(self, settings: PageSettings, server: Callable[..., web.Server]) -> None:
        """Serve the page."""
        from hybrid_cluster.gateway.page.subjects import subjects  # noqa: PLC0415 - of no use without a page

        key = Key(settings.key, "", 0.0)
        path = f"{endpoints.ADMINISTRATION}/state"
        self._look = Look(subjects(settings.content), lambda: self._administration.answer(path, {}, key), self._log)
        page = Page(self._keys, settings.key, self._administration, self._look, self._model)
        handler = server(functools.partial(self._answer_page, page), keepalive_timeout=_KEPT_OPEN)
        (self.page_address,) = await self._listen(handler, settings.host, settings.port)
        # Those who look are let go before anybody waits for them.
        self._stack.push_async_callback(self._look.close)

    async def _answer_page(self, page: Page, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request of the page's; what it asks models is told to the log and the figures like any other."""
        exchange = Exchange()
        try:
            response = await self._safely(page.answer, request, exchange)
            exchange.status = response.status
            return response
        finally:
            if exchange.endpoint != OTHER:
                self._tell(exchange)

    def _wake(self, backends: Backends) -> None:
        outside = self._outside(backends, self._configuration.login, asyncio.get_running_loop().time, self._log)
        self._waking = Waking(self._configuration, outside, self._log)
        self._waking.watched_by(self._metrics)
        self._drains = Drains(self._configuration.drained)
        self._waking.stays_awake = self._drains.any_of
        kept = self._configuration.state
        if kept is not None:
            if kept.exists():
                self._waking.restore(state_file.read(kept))
            self._waking.changed = self._note
            keeping = asyncio.create_task(self._keep(kept))
            self._stack.push_async_callback(_ended, keeping)
        loading = Loading(self._waking, self._rotation, outside)
        self._stack.push_async_callback(loading.close)
        known = (self._configuration, self._keys, self._meter, self._waking, self._rotation)
        self._administration = Administration(
            Parts(*known, loading, self._drains, outside.busy, self._throughput, self._log)
        )
        if self._configuration.front is not None:
            front = Front(self._configuration.front)
            past = Past(front, self._configuration, self._keys, self._may_pass, self._log)
            self._waking.passed_by(past.left)
            self._stack.push_async_callback(_ended, asyncio.create_task(past.run(self._waking, self._metrics)))
        for doing in (self._waking.run(), returns.watch(self._configuration, self._rotation, self._waking, outside)):
            self._stack.push_async_callback(_ended, asyncio.create_task(doing))

    def _may_pass(self, member: Member) -> bool:
        passes = self._waking.passes(member) and not self._rotation.is_out(member)
        return passes and not self._drains.has(member)

    def _note(self) -> None:
        """Take note that a state has changed."""
        self._changed.set()
        if self._look is not None:
            self._look.poke()

    async def _keep(self, path: Path) -> None:
        """Write what groups went through, when that has changed and at the end."""
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                self._write(path, self._waking.snapshot())
                # Once for all that happens at a time.
                await asyncio.sleep(_KEPT_EVERY)
        finally:
            self._write(path, self._waking.snapshot())

    async def stop(self) -> None:
        """Let what runs end, refuse what waits for hosts, and keep what has to be kept."""
        await self._stack.aclose()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, whatever it is, and tell the log and the figures of it."""
        exchange = Exchange()
        try:
            response = await self._safely(self._answer, request, exchange)
            exchange.status = response.status
            return response
        finally:
            self._tell(exchange)

    def _tell(self, exchange: Exchange) -> None:
        exchange.count(self._metrics)
        self._throughput.add(time.monotonic() - exchange.started, exchange.tokens[1])
        self._log(exchange.line())

    async def _safely(self, answer: Answer, request: web.BaseRequest, exchange: Exchange) -> web.StreamResponse:
        try:
            return await answer(request, exchange)
        except Failure as failure:
            return replies.refusal(failure, exchange)
        except Exception as error:
            # The trace names places in this program; the text of the error may hold what was asked.
            trace = traceback.format_tb(error.__traceback__)
            self._log(json.dumps({"request": exchange.request_id, "mistake": type(error).__name__, "trace": trace}))
            return replies.refusal(Failure(500, "The gateway made a mistake; its log says where."), exchange)

    async def _answer(self, request: web.BaseRequest, exchange: Exchange) -> web.StreamResponse:
        path = request.raw_path.partition("?")[0]
        found = endpoints.find(request.method, path)
        exchange.dialect = found.dialect
        endpoint = found.endpoint
        if endpoint is None and found.allowed:
            sentence = f"{path} takes {' and '.join(found.allowed)} only."
            raise Failure(405, sentence, code="method_not_allowed", allow=found.allowed)
        if endpoint is None:
            raise Failure(404, "There is no such endpoint here.", code="unknown_endpoint")
        exchange.endpoint = endpoint.path
        if endpoint.public:
            return _public(endpoint, exchange)
        key = self._keys.find(_secret(request))
        exchange.key = key.name
        if (endpoint.kind is Kind.ADMIN) is not (key.kind is KeyKind.ADMINISTRATOR):
            whose = "a client's" if endpoint.kind is Kind.ADMIN else "an administrator's"
            raise Failure(403, f"The key {key.name!r} is {whose}, which opens other paths.", code="wrong_kind_of_key")
        if endpoint.kind is Kind.ADMIN:
            return await self._administer(request, endpoint, key, exchange)
        if endpoint.kind is Kind.REFUSED:
            raise Failure(403, endpoint.why, code="refused")
        if endpoint.kind is Kind.OURS:
            return await self._ours(request, endpoint, found.name, key, exchange)
        return await self._model(request, endpoint, key, exchange)

    async def _ours(
        self, request: web.BaseRequest, endpoint: Endpoint, name: str, key: Key, exchange: Exchange
    ) -> web.Response:
        known = [model for model in self._configuration.models if key.limits.allows(model.name)]
        if endpoint.path == "/api/tags":
            return replies.value(catalogue.tags(known), exchange)
        if endpoint.path == "/api/ps":
            running = (model for model in known if model.name in self._answered)
            return replies.value(catalogue.running(running), exchange)
        if endpoint.path == "/v1/models":
            return replies.value(catalogue.models(known), exchange)
        if endpoint.path == "/api/show":
            raw = await requests.read(request.content.iter_any(), request.headers, _SHORT_BODY)
            name = requests.parse(raw).model
        # Clients write the slash of a name in a path as %2F; it is looked up here and goes nowhere.
        name = unquote(name)
        model = self._configuration.find(name, tagged=endpoint.dialect is Dialect.OLLAMA)
        if model is None or model not in known:
            raise catalogue.unknown(name)
        show = catalogue.show if endpoint.path == "/api/show" else catalogue.model
        return replies.value(show(model), exchange)

    async def _administer(
        self, request: web.BaseRequest, endpoint: Endpoint, key: Key, exchange: Exchange
    ) -> web.Response:
        fields = {}
        if request.method == "POST":
            raw = await requests.read(request.content.iter_any(), request.headers, _SHORT_BODY)
            fields = requests.read_object(raw)
        found = replies.value(await self._administration.answer(endpoint.path, fields, key), exchange)
        # A secret that is shown once is kept by nobody on the way.
        found.headers["Cache-Control"] = "no-store"
        return found

    async def _model(
        self, request: web.BaseRequest, endpoint: Endpoint, key: Key, exchange: Exchange
    ) -> web.StreamResponse:
        limit = min(self._configuration.body_bytes, key.limits.body_bytes or self._configuration.body_bytes)
        with self._room.share(key.name) as take:
            raw = await requests.read(request.content.iter_any(), request.headers, limit, take)
            return await self._asked(request, endpoint, key, exchange, raw)

    async def _asked(
        self, request: web.BaseRequest, endpoint: Endpoint, key: Key, exchange: Exchange, raw: bytes
    ) -> web.StreamResponse:
        exchange.asked = len(raw)
        form, fields = None, {}
        if endpoint.path in _FORMS:
            form = forms.parse(request.headers.get("Content-Type", ""), raw)
            name = form.model
        else:
            body = requests.parse(raw)
            fields, name = body.fields, body.model
        model = self._configuration.find(name, tagged=endpoint.dialect is Dialect.OLLAMA)
        if model is None or not key.limits.allows(model.name):
            raise catalogue.unknown(name)
        exchange.model = model.name
        members = [member for member in model.members if plans.supports(endpoint, member.backend)]
        if not members:
            raise Failure(404, f"{model.name} has no {endpoint.path}.", code="not_supported", param="model")
        if (loaded := plans.is_load(endpoint, fields, model.name)) is not None:
            return replies.value(loaded, exchange)
        plans.refuse_what_nobody_can(endpoint, fields)
        self._meter.begin(key)
        self._metrics.add("running", model.name)
        try:
            about, slots = About(model.name, "", exchange.request_id), self._slots[model.name]
            begins = rotation.conversation(endpoint, model, fields)
            ask = Ask(endpoint, about, members, fields, form, exchange, slots, begins)
            reply = await self._asker.answer(request, ask)
            if exchange.code is None:
                self._answered.add(model.name)
            return reply
        finally:
            self._metrics.add("running", model.name, value=-1)
            self._meter.end(key.name, sum(exchange.tokens))

    async def _figures(self, request: web.BaseRequest) -> web.Response:
        if request.raw_path != "/metrics" or request.method != "GET":
            return web.Response(status=404, text="There is /metrics only.\n")
        self._metrics.set("keys_readable", value=self._keys.problem is None)
        self._waking.figures(self._metrics)
        for model in self._configuration.models:
            for member in model.members:
                self._metrics.set("out_of_rotation", model.name, member.name, value=self._rotation.is_out(member))
                if (speed := self._rotation.speed(member)) is not None:
                    self._metrics.set("backend_tokens_per_second", model.name, member.name, value=speed)
        return web.Response(body=self._metrics.text().encode(), headers={"Content-Type": metrics.CONTENT_TYPE})

    async def _save_always(self) -> None:
        while True:
            await asyncio.sleep(_SAVED_EVERY)
            self._save()

    def _save(self) -> None:
        self._write(self._configuration.usage, self._meter.snapshot())

    def _write(self, path: Path, value: dict[str, Any]) -> None:
        try:
            state_file.write(path, value)
        except OSError as error:
            # Requests go on; a restart would count the tokens of today anew, or know less of the wakes before.
            self._log(json.dumps({"mistake": f"{path}: {error.strerror}"}))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _public(endpoint: Endpoint, exchange: Exchange) -> web.Response:
    if endpoint.path == "/api/version":
        return replies.value({"version": catalogue.OLLAMA_VERSION}, exchange)
    return replies.text(b"Ollama is running", exchange, content_type="text/plain; charset=utf-8")


def _secret(request: web.BaseRequest) -> str:
    """Return what a client says is its key, in any of the ways of the three APIs."""
    given = request.headers.getall("Authorization", []) + request.headers.getall("x-api-key", [])
    found = {value.partition(" ")[2].strip() if value[:7].lower() == "bearer " else value.strip() for value in given}
    if len(found) > 1:
        raise Failure(401, "Send one key.", code="invalid_key", final=True)
    return found.pop() if found else ""
