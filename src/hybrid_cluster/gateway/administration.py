# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What administrators see and do: hosts that sleep, models and keys. To look wakes nobody and changes nothing."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway.draining import Draining
from hybrid_cluster.gateway.endpoints import ADMINISTRATION
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.fields import Fields, RouteError
from hybrid_cluster.gateway.keys import Key, KeyFile, KeyKind, KeyProblem, Limits
from hybrid_cluster.gateway.state_file import StateError
from hybrid_cluster.gateway.states import CannotSleep, Group, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hybrid_cluster.gateway.draining import Busy
    from hybrid_cluster.gateway.drains import Drains
    from hybrid_cluster.gateway.loading import Loading
    from hybrid_cluster.gateway.meter import Meter
    from hybrid_cluster.gateway.rotation import Rotation
    from hybrid_cluster.gateway.routes import Configuration, Member, Model
    from hybrid_cluster.gateway.throughput import Throughput
    from hybrid_cluster.gateway.waking import Waking

LONGEST = 366 * 86400.0
"""How long hosts may be held, or idle, or a key that was rotated be good still; in seconds."""
_THE_REQUEST = "the request"
_WHO = {"host", "model"}
_LIMITS = set(Limits.__dataclass_fields__)


@dataclass(frozen=True)
class Parts:
    """What of the gateway administrators see and change."""

    configuration: Configuration
    keys: KeyFile
    meter: Meter
    waking: Waking
    rotation: Rotation
    loading: Loading
    drains: Drains
    busy: Busy
    throughput: Throughput
    log: Callable[[str], None]


class Administration:
    """Answers what stands below ADMINISTRATION."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = asyncio.get_running_loop().time
        self._draining = Draining(parts.configuration, parts.drains, parts.waking, parts.busy)
        self._hosts = {host.name: group.name for group in parts.configuration.groups for host in group.hosts}

    async def answer(self, path: str, fields: dict[str, Any], by: Key) -> dict[str, Any]:
        """Do what a path of the table of endpoints says, for the key of an administrator."""
        name = path.removeprefix(f"{ADMINISTRATION}/").replace("/", "_")
        try:
            found = await getattr(self, f"_{name}")(fields)
        except RouteError as error:
            raise Failure(400, str(error), code="invalid_request") from error
        except CannotSleep as error:
            raise Failure(409, str(error), code="cannot_sleep", final=True) from error
        except KeyProblem as error:
            raise Failure(409, str(error), code="key_problem", final=True) from error
        except (StateError, OSError) as error:
            self._parts.log(json.dumps({"mistake": f"{path}: {error}"}))
            raise Failure(500, "The file of keys cannot be used; the gateway's log says why.") from error
        if fields:
            # What was done, by whom; none of these fields is a secret.
            self._parts.log(json.dumps({"administrator": by.name, "does": name, **fields}))
        return found

    # What there is.

    async def _state(self, _fields: dict[str, Any]) -> dict[str, Any]:
        """Return hosts that sleep and models, with moments in seconds of Unix time and None for what is unknown."""
        return {
            "time": time.time(),
            "may_sleep": self._parts.waking.may_sleep,
            "tokens_per_second": self._parts.throughput.tokens_per_second,
            "groups": [self._group(name) for name in self._parts.waking.groups],
            "models": [self._model(model) for model in self._parts.configuration.models],
            "drains": self._parts.drains.all(),
        }

    def _group(self, name: str) -> dict[str, Any]:
        group, now = self._parts.waking.groups[name], time.time()
        sleeps_in, woken_ago = self._parts.waking.sleeps_in(name), group.woken_ago
        return {
            "name": name,
            "hosts": list(group.members),
            "state": str(group.state),
            "since": now - (self._clock() - group.since),
            "in_flight": group.in_flight,
            "waiting": group.waiting,
            "idle_for": max(0.0, group.idle_for) if group.state is State.READY else None,
            "idle_after": group.rules.idle_after,
            "idle_after_chosen": group.idle_chosen,
            "sleeps_at": None if sleeps_in is None else now + sleeps_in,
            "held_until": now + group.held_for if group.held_for else None,
            "last_wake": None if woken_ago is None else now - woken_ago,
            "last_wake_seconds": group.last_wake,
            "wakes_failed": group.wakes_failed,
            "wakes": [{"time": now - ago, "seconds": took} for ago, took in group.history],
            "wake_within": group.rules.wake_within,
            "seen_to_wake": group.proved,
            "quiet": group.quiet,
            "stayed_awake_for": list(group.vetoes),
        }

    def _model(self, model: Model) -> dict[str, Any]:
        return {
            "name": model.name,
            "aliases": list(model.aliases),
            "members": [self._member(member) for member in model.members],
        }

    def _member(self, member: Member) -> dict[str, Any]:
        load = self._parts.loading.loads.get(member.key_of_model)
        group = self._parts.waking.groups[member.group] if member.group is not None else None
        return {
            "backend": str(member.backend),
            "address": member.address,
            "group": member.group,
            "hosts": list(member.hosts),
            "drained": self._parts.drains.has(member),
            "in_flight": self._parts.rotation.running(member),
            "tokens_per_second": self._parts.rotation.speed(member),
            "answers": None if group is None else group.answers(member.key_of_model),
            "out": self._parts.rotation.is_out(member),
            "load": None if load is None else {"result": str(load.result), "why": load.why},
        }

    # Hosts.

    async def _wake(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Wake a host; or the one that would answer a model's next request, until the model answers."""
        read = Fields(_THE_REQUEST, fields, _WHO)
        if read.has("model"):
            model = self._model_of(read)
            member = self._parts.loading.first(model)
            self._parts.loading.begin(member, model)
            return {"group": self._group(member.group) if member.group else None, "model": self._model(model)}
        group = self._group_of(read)
        self._parts.waking.told(group.name, group.wake())
        return {"group": self._group(group.name), "model": None}

    async def _sleep(self, fields: dict[str, Any]) -> dict[str, Any]:
        group = self._group_of(Fields(_THE_REQUEST, fields, {"host"}))
        self._need_agent()
        # What sleeps, or is about to, needs no order.
        if group.state not in {State.ASLEEP, State.DRAINING, State.SUSPENDING}:
            self._parts.waking.told(group.name, group.sleep())
        return {"group": self._group(group.name)}

    async def _idle(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Choose when a host, or each one, sleeps: "seconds", "never" or "configured"."""
        read = Fields(_THE_REQUEST, fields, {"host", "after"})
        after = read.given("after")
        if after not in ("never", "configured"):
            after = _seconds(read, "after")
            self._need_agent()
        groups = [self._group_of(read)] if read.has("host") else list(self._parts.waking.groups.values())
        for group in groups:
            if after == "configured":
                found = group.idle_as_configured()
            else:
                found = group.idle(None if after == "never" else float(after))
            self._parts.waking.told(group.name, found)
        return {"groups": [self._group(group.name) for group in groups]}

    async def _hold(self, fields: dict[str, Any]) -> dict[str, Any]:
        read = Fields(_THE_REQUEST, fields, {"host", "seconds"})
        group = self._group_of(read)
        self._parts.waking.told(group.name, group.hold(self._clock() + _seconds(read, "seconds")))
        return {"group": self._group(group.name)}

    async def _release(self, fields: dict[str, Any]) -> dict[str, Any]:
        group = self._group_of(Fields(_THE_REQUEST, fields, {"host"}))
        self._parts.waking.told(group.name, group.release())
        return {"group": self._group(group.name)}

    async def _drain(self, fields: dict[str, Any]) -> dict[str, Any]:
        read = Fields(_THE_REQUEST, fields, {"host", "owner", "seconds"})
        return await self._draining.drain(read.text("host"), read.text("owner"), _seconds(read, "seconds"))

    async def _return(self, fields: dict[str, Any]) -> dict[str, Any]:
        read = Fields(_THE_REQUEST, fields, {"host", "owner"})
        return self._draining.put_back(read.text("host"), read.maybe_text("owner"))

    def _group_of(self, read: Fields) -> Group:
        host = read.text("host")
        if host not in self._hosts:
            known = f"; it wakes {', '.join(sorted(self._hosts))}" if self._hosts else ", and no other one"
            raise Failure(404, f"The gateway wakes no host {host[:100]!r}{known}.", code="host_not_found")
        return self._parts.waking.groups[self._hosts[host]]

    def _need_agent(self) -> None:
        if not self._parts.waking.may_sleep:
            sentence = "This gateway wakes hosts and sends none to sleep: its configuration has no 'agent' to ask them."
            raise Failure(409, sentence, code="cannot_sleep", final=True)

    # Models.

    async def _load(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Have every member of a model load it; with a host those on it, which have to answer anew."""
        read = Fields(_THE_REQUEST, fields, _WHO)
        model, host = self._model_of(read), read.maybe_text("host")
        members = [member for member in model.members if host is None or host in member.hosts]
        if not members:
            raise Failure(404, f"{model.name} is not on a host {host!r:.100}.", code="host_not_found")
        for member in members:
            self._parts.loading.begin(member, model, anew=host is not None)
        return {"model": self._model(model)}

    async def _unload(self, fields: dict[str, Any]) -> dict[str, Any]:
        model = self._model_of(Fields(_THE_REQUEST, fields, {"model"}))
        whys = await asyncio.gather(*(self._parts.loading.unload(member) for member in model.members))
        return {
            "members": [
                {**self._member(member), "unloaded": not why, "why": why}
                for member, why in zip(model.members, whys, strict=True)
            ]
        }

    def _model_of(self, read: Fields) -> Model:
        name = read.text("model")
        model = self._parts.configuration.find(name)
        if model is None:
            raise Failure(404, f"model {name[:100]!r} not found", code="model_not_found", param="model")
        return model

    # Keys: those of clients only. Whoever has one of an administrator's can make no other one with it.

    async def _keys(self, _fields: dict[str, Any]) -> dict[str, Any]:
        self._parts.keys.load()
        return {"keys": [self._key(key) for key in self._parts.keys.all()]}

    async def _keys_create(self, fields: dict[str, Any]) -> dict[str, Any]:
        read = Fields(_THE_REQUEST, fields, {"name", "expires", *_LIMITS})
        name = read.text("name")
        secret = self._parts.keys.create(name, _limits(read, Limits()), _moment(read))
        return {"secret": secret, "key": self._found(name)}

    async def _keys_rotate(self, fields: dict[str, Any]) -> dict[str, Any]:
        read = Fields(_THE_REQUEST, fields, {"name", "grace"})
        name, grace = read.text("name"), _seconds(read, "grace") if read.has("grace") else 0.0
        secret = self._parts.keys.rotate(name, grace, KeyKind.CLIENT)
        return {"secret": secret, "key": self._found(name)}

    async def _keys_limit(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Change what is given, and nothing else; null ends a limit, and the time when the key ends."""
        read = Fields(_THE_REQUEST, fields, {"name", "expires", *_LIMITS})
        name, keys = read.text("name"), self._parts.keys
        keys.load()
        before = next((key for key in keys.all() if key.name == name), None)
        limits = _limits(read, before.limits if before else Limits(), fields)
        expires = _moment(read) if "expires" in fields else before.expires if before else None
        keys.limit(name, limits, expires, KeyKind.CLIENT)
        return {"key": self._found(name)}

    async def _keys_revoke(self, fields: dict[str, Any]) -> dict[str, Any]:
        name = Fields(_THE_REQUEST, fields, {"name"}).text("name")
        self._parts.keys.revoke(name, KeyKind.CLIENT)
        return {"revoked": name}

    def _found(self, name: str) -> dict[str, Any]:
        return next(self._key(key) for key in self._parts.keys.all() if key.name == name)

    def _key(self, key: Key) -> dict[str, Any]:
        return {
            "name": key.name,
            "kind": str(key.kind),
            "created": key.created,
            "expires": key.expires,
            "previous_until": key.previous_until if key.previous else None,
            "limits": asdict(key.limits),
            "tokens_today": self._parts.meter.tokens(key.name),
        }


def _seconds(read: Fields, key: str) -> float:
    read.given(key)
    found = read.seconds(key, 0.0)
    if found > LONGEST:
        raise RouteError(f"{_THE_REQUEST}: {key!r} must be {LONGEST:.0f} seconds at most.")
    return found


def _moment(read: Fields) -> float | None:
    return read.seconds("expires", 0.0) if read.has("expires") else None


def _limits(read: Fields, before: Limits, given: Iterable[str] | None = None) -> Limits:
    """Return the limits before, but for those that are given."""
    found = asdict(before)
    for name in _LIMITS if given is None else _LIMITS.intersection(given):
        if name == "models":
            found[name] = read.texts(name, ()) if read.has(name) else None
        else:
            found[name] = read.maybe_number(name)
    return Limits(**found)
