# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which models there are under which names, and who answers them: the configuration of the gateway."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hybrid_cluster.gateway import fleet
from hybrid_cluster.gateway.fields import Fields, RouteError, wrong
from hybrid_cluster.gateway.kinds import DIRECT, Backend
from hybrid_cluster.gateway.page.settings import PageSettings, read_page
from hybrid_cluster.gateway.requests import DEFAULT_BODIES_BYTES, DEFAULT_BODY_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from hybrid_cluster.gateway.fleet import Login, Sleepers

CAPABILITIES = frozenset({"completion", "tools", "vision", "thinking", "embedding", "rerank", "audio"})


@dataclass(frozen=True)
class Placement:
    """What exo is told to place."""

    sharding: str
    instance_meta: str
    min_nodes: int


@dataclass(frozen=True)
class Member:
    """A backend that answers a model."""

    backend: Backend
    address: str
    """Its scheme, host and port."""
    model: str
    """What the backend calls the model."""
    key: str | None = None
    """What the backend asks for."""
    revision: str | None = None
    group: str | None = None
    """The group of hosts that has to be awake for it; None where it always is."""
    slots: int | None = None
    """How many requests it answers at once before those after it are asked; None for no limit."""
    overflow: bool = False
    """Whether it is the second choice: asked where all others are full or answer nothing."""
    share: int | None = None
    """Which share of the requests it gets, in percent; None for its part of the rest."""
    place: Placement | None = None
    """How an instance of exo's is placed again, where nobody else does so."""
    hosts: tuple[str, ...] = ()
    """The names of the hosts that it needs, in the inventory."""

    @property
    def key_of_model(self) -> str:
        """Return what a proof that it answers is about."""
        return f"{self.name} {self.model}"

    @property
    def name(self) -> str:
        """Return what the log and the figures call it; clients are not told addresses."""
        return f"{self.backend} at {urlsplit(self.address).netloc}"


@dataclass(frozen=True)
class Model:
    """A public name."""

    name: str
    members: tuple[Member, ...]
    aliases: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ("completion",)
    context: int | None = None
    slots: int | None = None
    """How many requests run at once; None for no limit."""
    queue: int = 100
    """How many more wait for a slot."""
    sticky: bool = True
    """Whether a conversation goes to the member that has its beginning in its cache."""
    direct: str | None = None
    """HAProxy's backend for it, where HAProxy may pass requests on by itself."""


@dataclass(frozen=True)
class Address:
    """Where to listen."""

    host: str
    port: int


@dataclass(frozen=True)
class Configuration:
    """What the gateway is told."""

    listen: tuple[Address, ...]
    metrics: Address
    keys: Path
    usage: Path
    models: tuple[Model, ...]
    body_bytes: int = DEFAULT_BODY_BYTES
    bodies_bytes: int = DEFAULT_BODIES_BYTES
    """What the bodies of all requests may take together."""
    silence: float = 600.0
    """After how many seconds without a byte a backend is given up."""
    groups: tuple[Sleepers, ...] = ()
    state: Path | None = None
    """Where the history of groups is kept."""
    login: Login | None = None
    page: PageSettings | None = None
    """The status page; None where nobody has one."""
    front: Path | None = None
    """The socket of the master of the HAProxy before the gateway, which passes requests on by itself."""

    def find(self, name: str, *, tagged: bool = False) -> Model | None:
        """Return the model of a name; Ollama's clients say ":latest" where nothing was said."""
        return self._names.get(name) or (self._names.get(name.removesuffix(":latest")) if tagged else None)

    @property
    def drained(self) -> Path:
        """Return where it is kept who is out of rotation."""
        return self.usage.with_name("drains.json")

    @cached_property
    def _names(self) -> dict[str, Model]:
        return {name: model for model in self.models for name in (model.name, *model.aliases)}


def load(path: Path) -> Configuration:
    """Return the configuration of a file."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RouteError(f"{path}: {error.strerror}.") from error
    except ValueError as error:
        raise RouteError(f"{path}: it is not JSON ({error}).") from error
    return read(value, path.parent)


def read(value: object, folder: Path) -> Configuration:
    """Return a configuration; paths in it are those of a folder where they are relative."""
    known = {"listen", "metrics", "keys", "usage", "models", "body_bytes", "bodies_bytes", "silence"}
    top = Fields("the configuration", value, known | {"groups", "state", "agent", "page", "front"})
    groups = tuple(fleet.read_group(item, number) for number, item in enumerate(top.maybe_list("groups")))
    login = fleet.read_login(top.given("agent"), folder) if top.has("agent") else None
    fleet.check(groups, login)
    models = tuple(_model(item, number, folder) for number, item in enumerate(top.list("models")))
    seen: dict[str, str] = {}
    for model in models:
        for name in (model.name, *model.aliases):
            if name in seen:
                wrong(f"models: {name!r} names both {seen[name]!r} and {model.name!r}; each name stands for one model")
            seen[name] = model.name
    _check_groups(models, groups)
    front = top.maybe_text("front")
    _check_direct(models, front)
    one = top.number("body_bytes", DEFAULT_BODY_BYTES)
    all_of_them = top.number("bodies_bytes", max(one, DEFAULT_BODIES_BYTES))
    if all_of_them < one:
        wrong("the configuration: 'bodies_bytes' is what all bodies may take, so it is no less than 'body_bytes'")
    return Configuration(
        listen=tuple(_address(item, "listen") for item in top.list("listen")),
        metrics=_address(top.given("metrics"), "metrics"),
        keys=folder / top.text("keys"),
        usage=folder / top.text("usage"),
        models=models,
        body_bytes=one,
        bodies_bytes=all_of_them,
        silence=float(top.number("silence", 600)),
        groups=groups,
        state=folder / top.text("state") if groups else None,
        login=login,
        page=read_page(top.given("page"), folder) if top.has("page") else None,
        front=None if front is None else folder / front,
    )


def _address(value: object, place: str) -> Address:
    fields = Fields(place, value, {"host", "port"})
    return Address(fields.text("host"), fields.number("port", 0) or int(fields.given("port")))


def _model(value: object, number: int, folder: Path) -> Model:
    known = {"name", "aliases", "members", "capabilities", "context", "slots", "queue", "sticky", "direct"}
    fields = Fields(f"models[{number}]", value, known)
    name = fields.text("name")
    place = f"the model {name!r}"
    members = tuple(_member(item, place, folder) for item in fields.list("members"))
    capabilities = fields.texts("capabilities", ("completion",))
    unknown = sorted(set(capabilities) - CAPABILITIES)
    if unknown:
        wrong(f"{place}: {unknown[0]!r} is not a capability; there are {', '.join(sorted(CAPABILITIES))}")
    revisions = {member.revision for member in members}
    if "embedding" in capabilities and len(members) > 1 and (None in revisions or len(revisions) > 1):
        # Vectors of two models fit into one index, where they find plausible nonsense.
        wrong(f"{place}: give all of its members the same 'revision', since vectors of two models must not mix")
    if sum(member.share or 0 for member in members) > 100:
        wrong(f"{place}: the shares of its members are more than 100 percent")
    if all(member.overflow for member in members):
        wrong(f"{place}: one of its members must be the first choice, without 'overflow'")
    if any(member.overflow and member.share for member in members):
        wrong(f"{place}: a member is given either 'share' or 'overflow'")
    return Model(
        *(name, members, fields.texts("aliases", ()), capabilities, fields.maybe_number("context")),
        slots=fields.maybe_number("slots"),
        queue=fields.number("queue", 100),
        sticky=fields.flag("sticky", default=True),
        direct=fields.maybe_text("direct"),
    )


def _member(value: object, place: str, folder: Path) -> Member:
    known = {
        "backend",
        "address",
        "model",
        "key",
        "key_file",
        "revision",
        "group",
        "slots",
        "overflow",
        "share",
        "place",
        "hosts",
    }
    fields = Fields(f"a member of {place}", value, known)
    backend = fields.text("backend")
    if backend not in set(Backend):
        wrong(f"{place}: {backend!r} is not a backend; there are {', '.join(sorted(Backend))}")
    address = fields.text("address")
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query or "@" in parts.netloc:
        wrong(f"{place}: write an address like http://192.168.1.20:8080 instead of {address!r}")
    key, key_file = fields.maybe_text("key"), fields.maybe_text("key_file")
    if key is not None and key_file is not None:
        wrong(f"{place}: write 'key' or 'key_file', not both")
    if key_file is not None:
        key = _key(folder / key_file, place)
    return Member(
        *(Backend(backend), address, fields.text("model"), key, fields.maybe_text("revision")),
        *(fields.maybe_text("group"), fields.maybe_number("slots"), fields.flag("overflow")),
        fields.maybe_number("share"),
        _placement(fields.given("place"), place) if fields.has("place") else None,
        fields.texts("hosts", ()),
    )


def _key(path: Path, place: str) -> str:
    """Return the key that a file holds, so that it stands in one place however many members want it."""
    try:
        key = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise RouteError(f"{place}: its key_file {path}: {error.strerror}.") from error
    if not key or not key.isprintable() or not key.isascii():
        wrong(f"{place}: its key_file {path} must hold one line, the key")
    return key


def _placement(value: object, place: str) -> Placement:
    fields = Fields(f"'place' of a member of {place}", value, {"sharding", "instance_meta", "min_nodes"})
    return Placement(fields.text("sharding"), fields.text("instance_meta"), fields.number("min_nodes", 1))


def _check_groups(models: tuple[Model, ...], groups: tuple[Sleepers, ...]) -> None:
    names = {group.name for group in groups}
    for model in models:
        for member in model.members:
            if member.group is not None and member.group not in names:
                known = ", ".join(sorted(names)) or "none"
                wrong(f"the model {model.name!r}: {member.group!r} is not a group; there are {known}")
    for group in groups:
        has = {model.name for model in models for member in model.members if member.group == group.name}
        for name in {name for warm in group.warm for name in warm.models} - has:
            wrong(f"the group {group.name!r}: 'prewarm' names {name!r}, which none of its hosts answers")


def _check_direct(models: tuple[Model, ...], front: str | None) -> None:
    for model in models:
        if model.direct is None:
            continue
        if front is None:
            wrong(
                f"the model {model.name!r}: 'direct' needs 'front', the socket of the HAProxy that passes requests on"
            )
        if len(model.members) != 1 or model.members[0].model != model.name:
            wrong(f"the model {model.name!r}: 'direct' is for one member that calls the model {model.name!r} too")
        if model.members[0].backend not in DIRECT:
            wrong(f"the model {model.name!r}: 'direct' is for {', '.join(sorted(DIRECT))}")
