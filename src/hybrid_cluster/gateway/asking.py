# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A request put to one backend after the other, until one answers."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway import answers, backends, drains, errors, holding, plans, replies, requests, waking
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.streams.collect import Collector
from hybrid_cluster.gateway.streams.relay import About, Usage

if TYPE_CHECKING:
    from aiohttp import web

    from hybrid_cluster.gateway.drains import Drains
    from hybrid_cluster.gateway.endpoints import Endpoint
    from hybrid_cluster.gateway.exchange import Exchange
    from hybrid_cluster.gateway.forms import Form
    from hybrid_cluster.gateway.holding import Patience
    from hybrid_cluster.gateway.metrics import Metrics
    from hybrid_cluster.gateway.plans import Plan
    from hybrid_cluster.gateway.rotation import Rotation
    from hybrid_cluster.gateway.routes import Member
    from hybrid_cluster.gateway.slots import Slots
    from hybrid_cluster.gateway.streams.relay import Relay
    from hybrid_cluster.gateway.waking import Waking

STALLED_SECONDS = 60.0
"""How long a client may take nothing of its stream, which keeps a place at a model and its host awake meanwhile."""
# The answer is a recording.
_BINARY = frozenset({"/v1/audio/speech"})


@dataclass(frozen=True)
class Ask:
    """A request that is allowed and whole."""

    endpoint: Endpoint
    about: About
    members: list[Member]
    """Those that have an answer for the endpoint."""
    fields: dict[str, Any]
    form: Form | None
    """What came instead of fields."""
    exchange: Exchange
    slots: Slots
    conversation: str | None = None
    """What requests have in common that begin alike."""

    @property
    def key(self) -> str:
        """Return the name of the key that asks."""
        return self.exchange.key or ""


class Asker:
    """Puts requests to backends."""

    def __init__(
        self,
        known: backends.Backends,
        rotation: Rotation,
        waking: Waking,
        metrics: Metrics,
        patience: Patience,
        *,
        out: Drains,
    ) -> None:
        self._backends = known
        self._rotation = rotation
        self._waking = waking
        self._drains = out
        self._metrics = metrics
        self._patience = patience
        self._clock = asyncio.get_running_loop().time

    async def answer(self, request: web.BaseRequest, ask: Ask) -> web.StreamResponse:
        """Return the answer of the first member that gives one; only the first word binds the client to a member."""
        if plans.streams(ask.endpoint, ask.fields):
            return await self._stream(request, ask)
        async with ask.slots.taken(ask.key):
            return await self._first(ask)

    async def _first(self, ask: Ask) -> web.Response:
        last: Failure | None = None
        for member in await self._order(ask, None):
            if last is not None and self._drains.has(member):
                # Since the first one was asked.
                continue
            try:
                with self._drains.at(member):
                    return await self._awake(member, ask)
            except Failure as failure:
                self._failed(member, ask, failure)
                if not _another_may(failure):
                    raise
                last = failure
        assert last is not None  # noqa: S101 - the first member answers or fails
        raise last

    async def _order(self, ask: Ask, say: holding.Say | None) -> list[Member]:
        """Return the members that are in rotation; where none is, who waits is told so until one is back."""
        deadline = self._clock() + drains.HELD_WITHIN
        while not (found := [member for member in ask.members if not self._drains.has(member)]):
            await holding.held(self._drains.wait(ask.members, deadline), say, self._patience)
        return self._rotation.order(found, ask.conversation, self._waking.rank)

    async def _awake(self, member: Member, ask: Ask) -> web.Response:
        for again in (True, False):
            try:
                async with self._waking.awake(member):
                    began = self._clock()
                    reply = await self._whole(member, ask)
                    self._answered(member, ask, began)
                    return reply
            except Failure as failure:
                if not (again and self._waking.lost(member, failure)):
                    raise
        raise AssertionError("the second try returns or fails")

    def _answered(self, member: Member, ask: Ask, began: float) -> None:
        # What is only estimated says nothing of a speed.
        tokens = ask.exchange.usage.completion if ask.exchange.usage is not None else 0
        self._rotation.answered(member, ask.conversation, tokens, self._clock() - began)

    async def _whole(self, member: Member, ask: Ask) -> web.Response:
        ask.exchange.backend = member.name
        if ask.form is not None:
            content_type, body = ask.form.write(member.model)
            return await self._as_it_is(member, ask, body, content_type)
        plan = plans.make(ask.endpoint, member, ask.fields, ask.about)
        if ask.endpoint.path in _BINARY:
            return await self._as_it_is(member, ask, requests.encode(plan.fields), "application/json")
        found = await self._collected(member, plan, ask) if plan.relay else await self._parsed(member, plan, ask)
        # Before it is translated, which loses some of it.
        ask.exchange.usage = Usage.read(found.get("usage")) or Usage.read(found)
        answer = plan.read(found)
        ask.exchange.spoke()
        reply = replies.value(answer, ask.exchange)
        ask.exchange.characters = len(reply.body) if isinstance(reply.body, bytes) else 0
        return reply

    async def _parsed(self, member: Member, plan: Plan, ask: Ask) -> dict[str, Any]:
        async with self._backends.ask(member, plan.path, requests.encode(plan.fields)) as response:
            await backends.check_status(response, member)
            return answers.parse(await backends.whole(response, member), _of(ask.about, member))

    async def _collected(self, member: Member, plan: Plan, ask: Ask) -> dict[str, Any]:
        relay = plan.relay
        assert isinstance(relay, Collector)  # noqa: S101 - so plans are made
        async with self._backends.ask(member, plan.path, requests.encode(plan.fields)) as response:
            await backends.check_status(response, member)
            async for chunk in backends.chunks(response, member):
                relay.feed(chunk)
                ask.exchange.heard(relay)
                if relay.ended:
                    break
        relay.finish()
        if relay.failure is not None:
            raise relay.failure
        return relay.answer()

    async def _as_it_is(self, member: Member, ask: Ask, body: bytes, content_type: str) -> web.Response:
        """Return an answer that is a recording, or the text of one in whatever form the client asked for."""
        async with self._backends.ask(member, ask.endpoint.path, body, content_type) as response:
            await backends.check_status(response, member)
            found = await backends.whole(response, member)
            kind = response.headers.get("Content-Type", "application/octet-stream")
        if not found:
            raise backends.broken(member)
        if kind.partition(";")[0].strip() == "application/json":
            answers.parse(found, _of(ask.about, member))
        ask.exchange.spoke()
        return replies.text(found, ask.exchange, content_type=kind)

    async def _stream(self, request: web.BaseRequest, ask: Ask) -> web.StreamResponse:
        assert ask.endpoint.form is not None  # noqa: S101 - endpoints of models have one
        form = ask.endpoint.form
        reply = replies.stream(form, ask.exchange)

        async def say(comment: bytes) -> None:
            await _send(request, reply, comment)

        try:
            async with contextlib.AsyncExitStack() as stack:
                comment = None if form in replies.NDJSON else say
                failure = await self._placed(stack, ask, comment)
                failure = failure or await self._streamed(request, ask, reply, comment)
            if failure is not None and not reply.prepared:
                raise failure
            if failure is not None:
                # It has a good status and comments so far.
                ask.exchange.failed(failure)
                await _send(request, reply, errors.in_stream(failure, form, ask.exchange.request_id))
            await reply.write_eof()
        except ConnectionResetError:
            # The client left while it was written to, or took nothing.
            ask.exchange.code = "client_left"
        return reply

    async def _placed(self, stack: contextlib.AsyncExitStack, ask: Ask, comment: holding.Say | None) -> Failure | None:
        """Wait for a place; return the failure of one who is sent away."""
        try:
            await holding.held(stack.enter_async_context(ask.slots.taken(ask.key)), comment, self._patience)
        except Failure as failure:
            return failure
        return None

    async def _streamed(
        self, request: web.BaseRequest, ask: Ask, reply: web.StreamResponse, say: holding.Say | None
    ) -> Failure | None:
        """Write an answer; return the failure where no member has begun one."""
        last: Failure | None = None
        try:
            order = await self._order(ask, say)
        except Failure as failure:
            return failure
        for member in order:
            if last is not None and self._drains.has(member):
                continue
            with self._drains.at(member):
                last = await self._from(member, request, ask, reply, say)
                if last is not None and self._waking.lost(member, last):
                    last = await self._from(member, request, ask, reply, say)
            self._failed(member, ask, last)
            if last is None or not _another_may(last):
                return last
        return last

    async def _from(
        self, member: Member, request: web.BaseRequest, ask: Ask, reply: web.StreamResponse, say: holding.Say | None
    ) -> Failure | None:
        """Write the answer of a member, whose hosts may have to be woken; return the failure where it began none."""
        ask.exchange.backend = member.name
        async with contextlib.AsyncExitStack() as stack:
            try:
                await holding.held(stack.enter_async_context(self._waking.awake(member)), say, self._patience)
                plan = plans.make(ask.endpoint, member, ask.fields, ask.about)
            except Failure as failure:
                return failure
            relay = plan.relay
            assert relay is not None  # noqa: S101 - so plans of streams are made
            began = self._clock()
            last = await self._relayed(request, ask, reply, (member, plan, relay))
            if relay.failure is None:
                self._answered(member, ask, began)
            elif last is None:
                # It said something before.
                self._metrics.add("backend_failures_total", member.name)
            return last

    async def _relayed(
        self, request: web.BaseRequest, ask: Ask, reply: web.StreamResponse, to: tuple[Member, Plan, Relay]
    ) -> Failure | None:
        """Write what a member sends; return the failure where that was nothing but comments."""
        member, plan, relay = to

        async def write(out: bytes) -> None:
            ask.exchange.heard(relay)
            if relay.failure is not None:
                ask.exchange.failed(relay.failure)
            if out and (relay.began or relay.failure is None):
                await _send(request, reply, out)

        try:
            async with self._backends.ask(member, plan.path, requests.encode(plan.fields)) as response:
                await backends.check_status(response, member)
                async for chunk in backends.chunks(response, member):
                    await write(relay.feed(chunk))
                    if relay.ended:
                        break
            await write(relay.finish())
        except Failure as failure:
            await write(relay.finish(failure))
        return None if relay.began else relay.failure

    def _failed(self, member: Member, ask: Ask, failure: Failure | None) -> None:
        ask.exchange.wrong |= failure is not None and not failure.intended
        if failure is not None and failure.status >= 500 and failure.code not in waking.NOT_ASKED:
            self._metrics.add("backend_failures_total", member.name)
            if failure.status == 501:
                # It says well what it was not started for.
                return
            self._rotation.failed(member, unreachable=failure.code == "backend_unreachable")


async def _send(request: web.BaseRequest, reply: web.StreamResponse, out: bytes) -> None:
    """Write to a client, and leave one that takes nothing."""
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            if not reply.prepared:
                await reply.prepare(request)
            await reply.write(out)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError from None


def _another_may(failure: Failure) -> bool:
    """Return whether another member may answer what one did not."""
    return failure.status >= 500 or failure.status == 429


def _of(about: About, member: Member) -> About:
    return About(about.model, str(member.backend), about.request_id)
