# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster drain` and `return`: hosts that are taken out of rotation at the gateway, and put back."""

from __future__ import annotations

import contextlib
import getpass
import socket
import time
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits, hosts, output
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hybrid_cluster.command.gateway import Gateway
    from hybrid_cluster.command.inventory import Cluster

_EVERY = 0.5
_ASKED_AGAIN = 2.0
"""Seconds until backends are asked again what they run besides."""
_SETTLED = 1.0
"""For how many seconds an order stands before an empty host is believed to stay so: who passes requests on past the
gateway hears of it a moment later, and backends count those."""
_AWAY = 90.0
"""Within so many seconds a gateway that is restarted is back: what runs may take a minute to end."""
WITHIN = 600.0
"""How many seconds what runs on a host may take to end."""


def person() -> str:
    """Return who this is, for whoever finds a host out of rotation."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "somebody"
    return "".join(filter(str.isprintable, f"{name} at {socket.gethostname()}"))


class Rotation:
    """The hosts of a gateway, as one owner takes them out of rotation."""

    def __init__(self, gateway: Gateway, owner: str) -> None:
        self._gateway = gateway
        self._owner = owner
        self._was_heard = False
        state = self._patiently("state", None)
        if "drains" not in state:
            text = (
                f"the gateway at {gateway.shown} is another version, which takes no host out of rotation; run site.yml "
                "with --tags gateway."
            )
            raise ClusterError(text, exits.GATEWAY)
        self.serving = {
            host for model in state["models"] for member in model["members"] for host in member.get("hosts", ())
        }
        """The hosts that some model is on."""

    def order(self, host: str, seconds: float, *, patiently: bool = True) -> dict[str, Any]:
        """Take a host out for some seconds from now, and return what the gateway says of it."""
        ask = self._patiently if patiently else self._gateway.administer
        return ask("drain", {"host": host, "owner": self._owner, "seconds": seconds})

    def put_back(self, host: str, *, anybodys: bool = False) -> dict[str, Any]:
        """Put a host back that this owner took out, or whoever did."""
        return self._patiently("return", {"host": host} if anybodys else {"host": host, "owner": self._owner})

    def empty(self, names: Iterable[str], seconds: float, within: float, say: Callable[[str], None]) -> list[str]:
        """Take hosts out, wait until nothing runs there, and return the models whose requests wait meanwhile.

        :raises ClusterError: something runs there still when it is late; the hosts are out then
        """
        began, hosts_out = time.monotonic(), list(names)
        told = {host: self.order(host, seconds) for host in hosts_out}
        while True:
            passed = time.monotonic() - began
            left = [host for host in hosts_out if not _is_empty(told[host])]
            if not left and passed >= _SETTLED:
                return sorted({name for answer in told.values() for name in answer.get("held_models", ())})
            if not left:
                time.sleep(_SETTLED - passed)
                told = {host: self.order(host, seconds) for host in hosts_out}
                continue
            what = "; ".join(_what_runs(told[host]) for host in left)
            if passed >= within:
                raise ClusterError(f"{what}, after {output.span(within)}.", exits.HOSTS_FAILED)
            say(f"{what}, {output.span(passed)}")
            time.sleep(min(_EVERY if any(told[host]["in_flight"] for host in left) else _ASKED_AGAIN, within - passed))
            known = {one["host"]: one for one in self._patiently("state", None)["drains"]}
            for host in left:
                # Only who has nothing of the gateway's is asked for more, which is an order anew.
                still = known.get(host)
                told[host] = still if still is not None and still["in_flight"] else self.order(host, seconds)

    def prove(self, model: str, host: str, within: float, say: Callable[[str], None]) -> str:
        """Have a model answer a token on a host, out of rotation or not; return why it does not, or nothing."""
        deadline = time.monotonic() + within
        while True:
            told = self._patiently("load", {"model": model, "host": host})["model"]
            while running := [one for one in _on(told, host) if one["load"] and one["load"]["result"] == "running"]:
                if time.monotonic() >= deadline:
                    return f"it does not answer within {output.span(within)}"
                say(f"{model} is asked for a token on {host} by {running[0]['backend']}")
                time.sleep(_EVERY)
                told = next(one for one in self._patiently("state", None)["models"] if one["name"] == model)
            # One that has no load was asked by a gateway that has been restarted since.
            why = [one["load"]["why"] if one["load"] else "the gateway was restarted" for one in _on(told, host)]
            if not any(why):
                return ""
            if time.monotonic() >= deadline:
                return next(filter(None, why)).rstrip(".")
            time.sleep(_ASKED_AGAIN)

    def _patiently(self, word: str, fields: dict[str, Any] | None) -> dict[str, Any]:
        """Ask the gateway, also while it is restarted."""
        deadline = time.monotonic() + _AWAY
        while True:
            try:
                found = self._gateway.administer(word, fields)
            except ClusterError as error:
                # One that never answered is not waited for.
                if error.exit_code != exits.GATEWAY or not self._was_heard or time.monotonic() >= deadline:
                    raise
                time.sleep(_EVERY)
            else:
                self._was_heard = True
                return found


def _on(model: dict[str, Any], host: str) -> list[dict[str, Any]]:
    return [member for member in model["members"] if host in member["hosts"]]


def _is_empty(told: dict[str, Any]) -> bool:
    return not told["in_flight"] and not told.get("elsewhere")


def _what_runs(told: dict[str, Any]) -> str:
    count = told["in_flight"]
    what = f"{count} {'request' if count == 1 else 'requests'}" if count else "requests that came past the gateway"
    return f"{told['host']} still answers {what}"


def drain(cluster: Cluster, gateway: Gateway, name: str, text: str, *, wait: bool, as_json: bool) -> int:
    """Take a host out of rotation for a time, and wait until nothing runs there."""
    host, seconds = hosts.named(cluster, name)["host"], hosts.seconds(text)
    rotation = Rotation(gateway, person())
    held: list[str] = []
    if wait:
        with waiting(as_json=as_json) as say:
            try:
                held = rotation.empty([host], seconds, min(WITHIN, seconds), say)
            except ClusterError as error:
                if error.exit_code != exits.HOSTS_FAILED:
                    raise
                text = f"{error} It gets no new one; cluster return {host} ends that."
                raise ClusterError(text, exits.HOSTS_FAILED) from error
    told = rotation.order(host, seconds)
    runs = "" if _is_empty(told) else f" {_what_runs(told)}."
    line = f"{host} is out of rotation for {output.span(seconds)}.{runs}{wait_for(held or told['held_models'])}"
    return _say(told, line, as_json=as_json)


def put_back(cluster: Cluster, gateway: Gateway, name: str, *, as_json: bool) -> int:
    """Put a host back in rotation, whoever took it out."""
    host = hosts.named(cluster, name)["host"]
    told = Rotation(gateway, person()).put_back(host, anybodys=True)
    return _say(told, f"{host} {'is back' if told['was_out'] else 'was'} in rotation.", as_json=as_json)


def wait_for(models: list[str]) -> str:
    """Say which models nobody answers meanwhile."""
    return f" Requests for {', '.join(models)} wait until then: no other host serves that." if models else ""


@contextlib.contextmanager
def waiting(*, as_json: bool) -> Any:
    """Show on a terminal what is waited for; yields a function that takes it."""
    console = output.console()
    if as_json or not console.is_terminal:
        yield lambda _text: None
        return
    with console.status("") as status:
        yield lambda text: status.update(output.words(output.shortened(text, console.width - 4)))


def _say(told: dict[str, Any], text: str, *, as_json: bool) -> int:
    if as_json:
        output.show_json(told)
    else:
        output.say(text)
    return exits.OK
