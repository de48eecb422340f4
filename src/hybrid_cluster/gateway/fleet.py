# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The hosts that sleep and wake, as the configuration names them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hybrid_cluster.gateway import hours
from hybrid_cluster.gateway.fields import Fields, wrong
from hybrid_cluster.gateway.states import Rules
from hybrid_cluster.shared._wake import packet
from hybrid_cluster.shared._wake.packet import WakeError

if TYPE_CHECKING:
    from pathlib import Path

    from hybrid_cluster.gateway.hours import Hours

_SSH = 22
_GREETING = "SSH-"
_HOURS = {"from", "to", "days"}
_TIMES = ("awake_at_least", "wake_within", "model_within", "veto_within", "gone_within", "again_after", "ask_every")


@dataclass(frozen=True)
class Host:
    """A machine that may sleep."""

    name: str
    address: str
    """Its IPv4 address."""
    mac_address: str
    port: int = _SSH
    """Where somebody answers as soon as it is awake, whatever becomes of its backends."""
    greeting: str = _GREETING
    """What is said there first of all."""
    interface: str | None = None
    """Where packets leave; None for every interface in the host's network. So with the next two."""
    source: str | None = None
    broadcast: str | None = None
    secure_on: str | None = None
    """The password that its card wants."""

    @property
    def magic(self) -> bytes:
        """Return the packet that wakes it."""
        secret = packet.password(self.secure_on) if self.secure_on else b""
        return packet.magic_packet(packet.hardware_address(self.mac_address), secret)


@dataclass(frozen=True)
class Warm:
    """Hours in which a group is awake, with models that answer from their beginning."""

    hours: Hours
    models: tuple[str, ...]
    """Public names; nothing for all of those that the group has."""


@dataclass(frozen=True)
class Sleepers:
    """Hosts that sleep and wake as one."""

    name: str
    hosts: tuple[Host, ...]
    rules: Rules
    quiet: tuple[Hours, ...] = ()
    """When requests do not wake them."""
    warm: tuple[Warm, ...] = ()


@dataclass(frozen=True)
class Login:
    """How the program on the hosts is reached."""

    user: str
    key: Path
    known_hosts: Path


def read_login(value: object, folder: Path) -> Login:
    """Read how the program on the hosts is reached."""
    fields = Fields("agent", value, {"user", "key", "known_hosts"})
    return Login(fields.text("user"), folder / fields.text("key"), folder / fields.text("known_hosts"))


def read_group(value: object, number: int) -> Sleepers:
    """Read a group."""
    known = {"name", "hosts", "idle_after", "quiet", "prewarm", *_TIMES}
    fields = Fields(f"groups[{number}]", value, known)
    name = fields.text("name")
    place = f"the group {name!r}"
    fields = Fields(place, value, known)
    times = {key: fields.seconds(key, getattr(Rules, key)) for key in _TIMES}
    idle_after = fields.seconds("idle_after", -1)
    return Sleepers(
        name,
        tuple(_host(item, place) for item in fields.list("hosts")),
        Rules(idle_after=None if idle_after < 0 else idle_after, **times),
        tuple(hours.read(Fields(f"{place}: quiet", item, _HOURS), place) for item in fields.maybe_list("quiet")),
        tuple(_warm(item, place) for item in fields.maybe_list("prewarm")),
    )


def check(groups: tuple[Sleepers, ...], login: Login | None) -> None:
    """Refuse what contradicts itself."""
    owners: dict[str, str] = {}
    names: set[str] = set()
    for group in groups:
        if group.name in names:
            wrong(f"groups: two are named {group.name!r}")
        names.add(group.name)
        if group.rules.idle_after is not None and login is None:
            wrong(f"the group {group.name!r}: 'idle_after' needs 'agent', for hosts are asked before they are to sleep")
        for host in group.hosts:
            for mark in (host.name, host.address, host.mac_address.lower()):
                if mark in owners:
                    wrong(f"groups: {mark} is in {owners[mark]!r} and in {group.name!r}, or twice; a host is in one")
            owners.update(dict.fromkeys((host.name, host.address, host.mac_address.lower()), group.name))


def _host(value: object, place: str) -> Host:
    known = {*("name", "address", "mac_address", "port", "greeting", "interface", "source", "broadcast", "secure_on")}
    fields = Fields(f"a host of {place}", value, known)
    host = Host(
        *(fields.text("name"), fields.text("address"), fields.text("mac_address"), fields.number("port", _SSH)),
        fields.maybe_text("greeting") or _GREETING,
        *(fields.maybe_text("interface"), fields.maybe_text("source"), fields.maybe_text("broadcast")),
        fields.maybe_text("secure_on"),
    )
    try:
        ipaddress.IPv4Address(host.address)
    except ValueError:
        wrong(f"{place}: the address of {host.name} is {host.address!r}; write an IPv4 address such as 10.66.1.11")
    try:
        host.magic  # noqa: B018 - both addresses are read for it
    except WakeError as error:
        wrong(f"{place}: {host.name}: {str(error).rstrip('.')}")
    return host


def _warm(value: object, place: str) -> Warm:
    where = f"{place}: prewarm"
    fields = Fields(where, value, {*_HOURS, "models"})
    return Warm(hours.read(fields, place), fields.texts("models", ()))
