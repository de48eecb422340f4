# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Read a lab's topology from an Ansible inventory."""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab import process
from lab.errors import InventoryError, LabError, MissingPackageError
from lab.topology import Cable, End, Host, Kind, LanPort, Topology

_DEFAULT_MODEL = "Mac16,10"
_DEFAULT_RELEASE = "26.5"
_DEFAULT_MEMORY = 16
_DEFAULT_GPUS = ["0x2702"]
_HOST_NAME_LENGTH = 40


def read(directory: Path) -> Topology:
    """Ask Ansible what an inventory holds, and return the lab it describes."""
    if not directory.exists():
        raise InventoryError(f"There is no inventory {directory}.")
    beside = Path(sys.executable).parent / "ansible-inventory"
    program = str(beside) if beside.exists() else shutil.which("ansible-inventory")
    if program is None:
        raise MissingPackageError("The program ansible-inventory is missing; run `make install` or activate the venv.")
    try:
        listed = process.run(program, "-i", str(directory), "--list").stdout
    except LabError as error:
        raise InventoryError(f"Ansible cannot read the inventory {directory}: {error}") from error
    return parse(json.loads(listed))


def parse(listed: dict[str, Any]) -> Topology:
    """Turn the output of ``ansible-inventory --list`` into a topology."""
    variables: dict[str, dict[str, Any]] = listed.get("_meta", {}).get("hostvars", {})
    kinds: tuple[Kind, ...] = ("macos", "linux")
    gpus, servers = _members(listed, "gpu"), _members(listed, "llama_cpp")
    hosts = [
        replace(_host(name, kind, variables.get(name, {}), has_gpu=name in gpus), has_llama_cpp=name in servers)
        for kind in kinds
        for name in _members(listed, kind)
    ]
    if not hosts:
        raise InventoryError("The inventory has no host in the groups macos and linux.")
    hosts.sort(key=lambda host: ipaddress.IPv4Address(host.address))
    shared = variables.get(hosts[0].name, {})
    subnet = _subnet(shared, [ipaddress.IPv4Address(host.address) for host in hosts])
    topology = Topology(subnet, tuple(hosts), tuple(_cables(shared.get("thunderbolt_links") or [])))
    _check(topology)
    return topology


def _members(listed: dict[str, Any], group: str) -> list[str]:
    entry = listed.get(group, {})
    found = list(entry.get("hosts", []))
    for child in entry.get("children", []):
        found += [name for name in _members(listed, child) if name not in found]
    return found


def _host(name: str, kind: Kind, variables: dict[str, Any], *, has_gpu: bool) -> Host:
    address = variables.get("ansible_host")
    try:
        address = str(ipaddress.IPv4Address(str(address)))
    except ValueError as error:
        raise InventoryError(
            f"The host {name} needs an IPv4 address in ansible_host, for example 10.66.1.11."
        ) from error
    if len(name) > _HOST_NAME_LENGTH or not all(part.isalnum() for part in name.split("-")):
        raise InventoryError(f"The host name {name!r} is not usable in the lab: write letters, digits and hyphens.")
    if kind == "linux":
        gpus = _gpus(name, variables.get("lab_gpus", _DEFAULT_GPUS)) if has_gpu else ""
        return Host(name, kind, address, variables.get("mac_address"), has_gpu=has_gpu, gpus=gpus)
    return Host(
        name,
        kind,
        address,
        variables.get("mac_address"),
        str(variables.get("lab_model", _DEFAULT_MODEL)),
        str(variables.get("lab_macos", _DEFAULT_RELEASE)),
        int(variables.get("lab_memory_gigabytes", _DEFAULT_MEMORY)),
        bool(variables.get("lab_homebrew", False)),
        lan_port=_lan_port(name, variables.get("lab_lan_port", "ethernet")),
    )


def _gpus(name: str, value: Any) -> str:
    if not isinstance(value, list) or not all(re.fullmatch("0x[0-9a-f]{4}", str(one)) for one in value):
        raise InventoryError(f'lab_gpus of {name} is {value!r}: write a list of PCI devices, for example ["0x2702"].')
    return ",".join(map(str, value))


def _lan_port(name: str, value: Any) -> LanPort:
    if value not in ("ethernet", "wifi"):
        raise InventoryError(f"lab_lan_port of {name} is {value!r}: write ethernet or wifi.")
    return "wifi" if value == "wifi" else "ethernet"


def _subnet(variables: dict[str, Any], addresses: list[ipaddress.IPv4Address]) -> str:
    """Return the network of the lab: of several the one that has the hosts, since a lab has no router between two."""
    written = variables.get("cluster_lan_subnet")
    try:
        networks = [ipaddress.IPv4Network(str(one)) for one in (written if isinstance(written, list) else [written])]
    except ValueError as error:
        raise InventoryError("The inventory needs cluster_lan_subnet, for example 10.66.1.0/24.") from error
    if not networks:
        raise InventoryError("The inventory needs cluster_lan_subnet, for example 10.66.1.0/24.")
    whole = (network for network in networks if all(address in network for address in addresses))
    return str(next(whole, networks[0]))


def _cables(links: list[Any]) -> list[Cable]:
    """Return the cables between hosts; the lab has no machine outside of its inventory."""
    cables = []
    for link in links:
        if isinstance(link, dict) and len(link) == 2 and "external" in link:
            continue
        if not isinstance(link, dict) or len(link) != 2 or not all(isinstance(port, int) for port in link.values()):
            raise InventoryError(
                f"The entry {link!r} of thunderbolt_links is not a cable: write {{olab1: 1, olab2: 1}}, "
                "two hosts and the port number at each."
            )
        cables.append(Cable.between(*(End(host, port) for host, port in link.items())))
    return cables


def _check(topology: Topology) -> None:
    network = topology.network
    taken = {topology.gateway: "the lab's gateway", topology.artifact_address: "the lab's artifact server"}
    for host in topology.hosts:
        if ipaddress.IPv4Address(host.address) not in network:
            raise InventoryError(
                f"The address {host.address} of {host.name} is outside cluster_lan_subnet {topology.subnet}."
            )
        if host.address in taken:
            raise InventoryError(f"The address {host.address} of {host.name} is already that of {taken[host.address]}.")
        taken[host.address] = host.name
    used: set[End] = set()
    for cable in topology.cables:
        for end in cable.ends:
            check_end(topology, end)
            if end in used:
                raise InventoryError(f"Two cables of thunderbolt_links are in port {end.receptacle} of {end.host}.")
            used.add(end)


def check_end(topology: Topology, end: End) -> None:
    """Refuse an end of a cable that no host of the lab has."""
    names = [host.name for host in topology.hosts]
    if end.host not in names:
        raise InventoryError(f"A cable goes to {end.host}, which is not a host of the lab; it has {', '.join(names)}.")
    topology.host(end.host).device(end.receptacle)
