# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which machines there are: those of the inventory, those that announce themselves, and those that a person names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_cluster.command import exits
from hybrid_cluster.command.errors import ClusterError, reason
from hybrid_cluster.command.init import asking, finding, naming, questions
from hybrid_cluster.command.init.finding import Place
from hybrid_cluster.command.init.questions import Question
from hybrid_cluster.command.init.texts import NewHost

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hybrid_cluster.command.init.asking import Answers, Login
    from hybrid_cluster.command.init.existing import Existing
    from hybrid_cluster.command.init.machine import Machine
    from hybrid_cluster.command.init.questions import Questions

_PLACE = re.compile(r"(?:(?P<name>[^=]+)=)?(?P<address>\d+(?:\.\d+){3})(?::(?P<port>\d{1,5}))?")
_PORTS = range(1, 65536)
KEY = ".ssh/id_ed25519"
KNOWN_HOSTS = ".ssh/known_hosts"
"""Where the example's inventory has bootstrap keep them."""


@dataclass
class Known:
    """What is known of all machines."""

    machines: dict[str, Machine] = field(default_factory=dict)
    """By the names of hosts, old and new."""
    new: dict[str, NewHost] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)
    """Hosts and addresses that said nothing, and why."""
    is_complete: bool = True
    """Whether all new machines said what they are."""
    notes: list[str] = field(default_factory=list)


def places(existing: Existing, given: Sequence[str], seconds: float, asked: Questions) -> list[Place]:
    """Find machines, have a person choose among them, and return those that the inventory does not have.

    :raises ClusterError: what an option names is no machine
    """
    taken = set(existing.addresses.values())
    named = [_place(text) for text in given]
    found = finding.places(finding.browse(seconds)) if seconds else []
    known = {*taken, *(place.address for place in named)}
    # The machine that a person sits at joins only where it is named.
    around = [one for one in found if one.address not in known and not finding.is_here(one.address)]
    heard = ", ".join(f"{one.own_name} at {_written(one)}" for one in around) or "nobody"
    answer = asked.put(
        Question(
            "machines",
            "Machines to ask",
            f"Remote Login is announced here, of what the inventory does not have, by: {heard}. Take out what is not"
            " yours, since each is offered your password; add others by address, also as NAME=ADDRESS.",
            questions.written([*given, *(_written(one) for one in around)]),
            _places_fault,
        )
    )
    chosen = [_place(word) for word in questions.chosen(answer)]
    return [
        one for place, one in enumerate(chosen) if one.address not in {*taken, *(o.address for o in chosen[:place])}
    ]


def _written(place: Place) -> str:
    return place.address if place.port == finding.SSH_PORT else f"{place.address}:{place.port}"


def _places_fault(answer: str) -> str | None:
    for word in questions.chosen(answer):
        try:
            _place(word)
        except ClusterError as error:
            return str(error)
    return None


def _place(text: str) -> Place:
    match = _PLACE.fullmatch(text)
    port = int(match["port"] or finding.SSH_PORT) if match else 0
    if match is None or naming.address_fault(match["address"]) or port not in _PORTS:
        raise ClusterError(f"{text} is no machine; write its address, or NAME=ADDRESS.", exits.USAGE)
    return Place(match["address"], port, match["name"])


def login(existing: Existing, password_file: str | None, asked: Questions, folder: Path) -> Login:
    """Ask how to log in. The password comes from a terminal or from a file that others cannot read."""
    user = asked.put(
        Question(
            "user",
            "Administrator on the machines",
            "The user who logs in to every machine and may use sudo there.",
            existing.user,
        )
    )
    own = existing.folder / KEY
    password = (
        _read_password(Path(password_file).expanduser())
        if password_file
        else asked.put_secret(
            f"Password of {user} (empty: your SSH keys)",
            "It is handed to ssh and kept nowhere. Machines that a key opens need none.",
        )
    )
    known_hosts = folder / "known_hosts"
    pinned = existing.folder / KNOWN_HOSTS
    if pinned.is_file():
        known_hosts.write_bytes(pinned.read_bytes())
    return asking.Login(user, known_hosts, own.absolute() if own.is_file() else None, password)


def _read_password(file: Path) -> str:
    try:
        if file.stat().st_mode & 0o077:
            raise ClusterError(f"others can read {file}; run `chmod 600` on it.", exits.USAGE)
        text = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ClusterError(f"{file} cannot be read: {reason(error)}.", exits.USAGE) from error
    if not text:
        raise ClusterError(f"{file} is empty; write the password in it.", exits.USAGE)
    return text


def name_all(existing: Existing, where: Sequence[Place], answers: Answers, asked: Questions) -> Known:
    """Give each new machine a name, and leave out those that are another one's second address."""
    known = Known()
    old = existing.addresses
    known.machines.update({name: answers.machines[name] for name in old if name in answers.machines})
    known.silent.update({name: answers.silent[name] for name in old if name in answers.silent})
    taken = {*old, *(existing.cluster.groups if existing.cluster else ()), *reserved()}
    for number, place in enumerate(where):
        machine = answers.machines.get(f"new{number}")
        if machine is None:
            known.silent[place.address] = answers.silent[f"new{number}"]
            known.is_complete = False
            continue
        if same := next((name for name, other in known.machines.items() if _is_same(machine, other)), None):
            known.notes.append(f"{place.address} is another address of {same}, so it is no host of its own.")
            continue
        if machine.name and (label := naming.label(machine.name)) in old and label not in known.machines:
            known.notes.append(
                f"{place.address} calls itself {label}, which the inventory has at {old[label]} and which does"
                " not answer there: see what `cluster doctor` says before it becomes a second host."
            )
            continue
        name = _name(place, machine, taken, asked)
        taken.add(name)
        known.machines[name] = machine
        known.new[name] = NewHost(
            place.address,
            machine.is_mac,
            place.port,
            finding.is_here(place.address),
            machine.mac_address,
            machine.memory_gigabytes,
        )
    return known


def _name(place: Place, machine: Machine, taken: Collection[str], asked: Questions) -> str:
    if place.name:
        if fault := naming.name_fault(place.name, taken):
            raise ClusterError(f"{place.name}={place.address}: {fault}", exits.USAGE)
        return place.name
    return asked.put(
        Question(
            "name",
            f"Name of {place.address} ({machine.shown})",
            "What the host is called in the inventory, and in the cluster's domain.",
            naming.free(naming.label(machine.name or "host"), taken),
            lambda answer: naming.name_fault(answer, taken),
        )
    )


def reserved() -> set[str]:
    """Return names that no host may have: of groups, of services, and of every machine itself."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import load_defaults

    services = load_defaults()["cluster_services"].values()
    return {
        "all",
        "ungrouped",
        "localhost",
        *registry().groups,
        *(str(one["dns"]) for one in services if one.get("dns")),
    }


def _is_same(one: Machine, other: Machine) -> bool:
    """Tell whether two are one machine, by what nobody shares."""
    cards = {one.mac_address, other.mac_address} - {None}
    domains = [{port.domain_uuid for port in machine.ports or () if port.domain_uuid} for machine in (one, other)]
    return (len(cards) == 1 and bool(one.mac_address and other.mac_address)) or bool(domains[0] & domains[1])
