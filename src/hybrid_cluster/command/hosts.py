# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster wake`, `sleep`, `idle`, `hold` and `release`: what people have the gateway do to hosts."""

from __future__ import annotations

import contextlib
import difflib
import time
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits, output
from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.gateway import times
from hybrid_cluster.gateway.times import TimeProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hybrid_cluster.command.gateway import Gateway
    from hybrid_cluster.command.inventory import Cluster

    Look = Callable[[dict[str, Any]], tuple[bool, str]]
    """Takes what the gateway says, and returns whether that is the end, and what is shown meanwhile."""

_EVERY = 0.5
# A gateway that is restarted is back within it.
_AWAY = 15.0
_AWAKE = {"ready", "draining"}
# Beyond what the gateway itself allows a step.
_LATE = 60.0
_SLEEP_WITHIN = 180.0
_LOAD_WITHIN = 900.0


def named(cluster: Cluster, name: str, *, models: bool = False) -> dict[str, str]:
    """Return what a name of the inventory is, a host or a model, as the gateway is asked for it."""
    if name in cluster.hosts:
        return {"host": name}
    names = [one for row in cluster.models for one in (row["name"], *row["aliases"])] if models else []
    if name in names:
        return {"model": name}
    close = difflib.get_close_matches(name, [*cluster.hosts, *names], 1)
    what = "neither a host nor a model" if models else "no host"
    meant = f"; did you mean {close[0]}?" if close else "."
    raise ClusterError(f"{name} is {what} of the inventory{meant}", exits.NO_HOSTS)


def seconds(text: str) -> float:
    """Return the seconds of a time; a number alone is minutes."""
    try:
        return times.seconds(f"{text}m" if text.isdecimal() else text)
    except TimeProblem:
        sentence = f"{text!r} is not a valid time; write minutes, or a number with s, m, h or d, such as 2h."
        raise ClusterError(sentence, exits.USAGE) from None


def wake(cluster: Cluster, gateway: Gateway, name: str, *, wait: bool, as_json: bool) -> int:
    """Wake a host, or the one that would answer a model and the model with it."""
    target = named(cluster, name, models=True)
    began = time.monotonic()
    told = gateway.administer("wake", target)
    if "model" in target:
        return follow_model(cluster, gateway, told["model"], wait=wait, as_json=as_json)
    before = told["group"]
    limit = before["wake_within"] + _LATE

    def look(state: dict[str, Any]) -> tuple[bool, str]:
        group = group_of(state, name)
        ended = group["state"] in _AWAKE or group["wakes_failed"] > before["wakes_failed"]
        return ended, f"{name} is {group['state']}"

    state = _follow(gateway, look, limit, as_json=as_json) if wait else gateway.administer("state")
    group, took = group_of(state, name), time.monotonic() - began
    if wait and group["state"] not in _AWAKE:
        raise ClusterError(f"{name} did not wake within {output.span(took)}.", exits.HOSTS_FAILED)
    already = before["state"] in _AWAKE
    text = (
        f"{name} is awake{'' if already else f', after {output.span(took)}'}." if wait else f"{name} is told to wake."
    )
    return _say({"host": name, "group": group}, text, as_json=as_json)


def sleep(cluster: Cluster, gateway: Gateway, name: str, *, wait: bool, as_json: bool) -> int:
    """Send a host to sleep, unless something speaks against it."""
    group = gateway.administer("sleep", named(cluster, name))["group"]
    others = f", and {output.folded(set(group['hosts']) - {name})} with it" if len(group["hosts"]) > 1 else ""

    def look(state: dict[str, Any]) -> tuple[bool, str]:
        found = group_of(state, name)
        return found["state"] in {"asleep", "ready"}, f"{name} is {found['state']}"

    if wait:
        group = group_of(_follow(gateway, look, _SLEEP_WITHIN, as_json=as_json), name)
        if group["state"] != "asleep":
            why = "; ".join(group["stayed_awake_for"]) or "somebody needed it"
            text = f"{name} stays awake: {why}." if group["state"] == "ready" else f"{name} is {group['state']} still."
            raise ClusterError(text, exits.HOSTS_FAILED)
    text = f"{name} sleeps{others}." if group["state"] == "asleep" else f"{name} is told to sleep{others}."
    return _say({"host": name, "group": group}, text, as_json=as_json)


def idle(cluster: Cluster, gateway: Gateway, words: list[str], *, as_json: bool) -> int:
    """Choose after how long without use hosts sleep: all of them, or the one that is named before the time."""
    if len(words) > 2:
        raise ClusterError("write a host, if it is for one, and a time: cluster idle gpu1 30.", exits.USAGE)
    *hosts, text = words
    after = {"never": "never", "default": "configured"}.get(text)
    target = named(cluster, hosts[0]) if hosts else {}
    groups = gateway.administer("idle", {**target, "after": after or seconds(text)})["groups"]
    lines = [f"{output.folded(group['hosts'])} {_sleeps_after(group)}." for group in groups]
    return _say({"groups": groups}, "\n".join(lines) or "The gateway sends no host to sleep.", as_json=as_json)


def _sleeps_after(group: dict[str, Any]) -> str:
    if group["idle_after"] is None:
        return "never sleeps by itself"
    chosen = "" if group["idle_after_chosen"] else ", as configured"
    unseen = "; not before it was seen to wake" if group["seen_to_wake"] is False else ""
    return f"sleeps after {output.span(group['idle_after'])} without use{chosen}{unseen}"


def hold(cluster: Cluster, gateway: Gateway, name: str, text: str, *, as_json: bool) -> int:
    """Keep a host awake for a time; one that sleeps is not woken for that."""
    group = gateway.administer("hold", {**named(cluster, name), "seconds": seconds(text)})["group"]
    asleep = f" It is {group['state']} now; cluster wake {name} wakes it." if group["state"] not in _AWAKE else ""
    line = f"{output.folded(group['hosts'])} does not sleep for {output.span(seconds(text))}.{asleep}"
    return _say({"host": name, "group": group}, line, as_json=as_json)


def release(cluster: Cluster, gateway: Gateway, name: str, *, as_json: bool) -> int:
    """End such a hold."""
    group = gateway.administer("release", named(cluster, name))["group"]
    line = f"{output.folded(group['hosts'])} is held no more, and {_sleeps_after(group)}."
    return _say({"host": name, "group": group}, line, as_json=as_json)


def group_of(state: dict[str, Any], host: str) -> dict[str, Any]:
    """Return the group of a host."""
    found = next((group for group in state["groups"] if host in group["hosts"]), None)
    if found is None:
        raise ClusterError(f"the gateway does not know {host} any more.", exits.NO_HOSTS)
    return found


def follow_model(cluster: Cluster, gateway: Gateway, model: dict[str, Any], *, wait: bool, as_json: bool) -> int:
    """Wait until the members of a model that load it have ended, and tell how."""
    name = model["name"]
    chosen = {member["address"] for member in model["members"] if _loads(member)}

    def members(state: dict[str, Any]) -> list[dict[str, Any]]:
        known = [member for one in state["models"] if one["name"] == name for member in one["members"]]
        return [member for member in known if member["address"] in chosen]

    def look(state: dict[str, Any]) -> tuple[bool, str]:
        running = [member for member in members(state) if _loads(member)]
        return not running, f"{name} is loaded by {', '.join(place(cluster, member) for member in running)}"

    state = _follow(gateway, look, _LOAD_WITHIN, as_json=as_json) if wait else gateway.administer("state")
    ended = members(state)
    failed = [member for member in ended if member["load"] and member["load"]["result"] == "failed"]
    document = {"model": name, "members": ended}
    if failed:
        why = "; ".join(f"{place(cluster, member)}: {member['load']['why'].rstrip('.')}" for member in failed)
        raise ClusterError(f"{name} does not answer: {why}.", exits.HOSTS_FAILED)
    places = ", ".join(place(cluster, member) for member in ended)
    if wait and any(_loads(member) for member in ended):
        raise ClusterError(f"{name} does not answer yet, after {output.span(_LOAD_WITHIN)}.", exits.HOSTS_FAILED)
    text = f"{name} answers, from {places}." if wait else f"{places} is told to load {name}."
    return _say(document, text, as_json=as_json)


def _loads(member: dict[str, Any]) -> bool:
    return bool(member["load"]) and member["load"]["result"] == "running"


def place(cluster: Cluster, member: dict[str, Any]) -> str:
    """Write where a member is, by the name of its host where the inventory has its address."""
    return f"{member['backend']} on {host_at(cluster, member['address'])}"


def host_at(cluster: Cluster, address: str) -> str:
    """Return the host of an address of a backend; the management node's are on its loopback."""
    from urllib.parse import urlsplit

    where = urlsplit(address).hostname or address
    own = list(cluster.groups.get("management", ()))
    if where == "127.0.0.1" and own and where not in cluster.addresses.values():
        return own[0]
    return next((name for name, known in cluster.addresses.items() if known == where), where)


def _follow(gateway: Gateway, look: Look, limit: float, *, as_json: bool) -> dict[str, Any]:
    """Ask again and again until the end, or until it is late, and return what the gateway says then."""
    console = output.console()
    deadline, heard = time.monotonic() + limit, time.monotonic()
    with contextlib.ExitStack() as stack:
        status = None
        if console.is_terminal and not as_json:
            status = stack.enter_context(console.status(""))
        for state in _states(gateway):
            now = time.monotonic()
            if isinstance(state, ClusterError):
                if now - heard > _AWAY:
                    raise state
            else:
                heard = now
                ended, text = look(state)
                if ended or now >= deadline:
                    return state
                if status is not None:
                    status.update(output.words(f"{text}, {output.span(now - deadline + limit)}"))
            time.sleep(_EVERY)
    raise AssertionError("it is asked for ever")


def _states(gateway: Gateway) -> Iterator[dict[str, Any] | ClusterError]:
    while True:
        try:
            yield gateway.administer("state")
        except ClusterError as error:
            if error.exit_code != exits.GATEWAY:
                raise
            yield error


def _say(document: dict[str, Any], text: str, *, as_json: bool) -> int:
    if as_json:
        output.show_json(document)
    else:
        output.say(text)
    return exits.OK
