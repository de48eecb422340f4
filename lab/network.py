# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lab's network: a namespace that stands for switch, router and cables, and one namespace per host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lab import names, process
from lab.names import LAN_BRIDGE, fabric_namespace, fabric_port, host_namespace

if TYPE_CHECKING:
    from lab.topology import Host, Topology

# Larger than what a host may set: what does not pass is then refused by the hosts' own interfaces, as on real ports.
FABRIC_MTU = 9216
HOST_MTU = 1500
# A packet is charged as at least 60000 bytes on a Thunderbolt port, so the rate also bounds packets per second: a storm
# in a bridge loop (nothing but small packets, for as long as the loop lasts) is held to 830 a second and port. At ten
# times that, four labs with a loop each took both cores of a small machine. Transfers are not held back: the kernel
# passes them on in units of about that size.
_LIMITS = {
    "lan": "rate 1gbit burst 256k limit 256k mpu 6000",
    "thunderbolt": "rate 400mbit burst 640k limit 192k mpu 60000",
}
_BRIDGE_SETTINGS = ("call-iptables", "call-ip6tables", "call-arptables")


def up(lab: str, topology: Topology) -> list[Host]:
    """Create what is missing of the fabric and of the hosts' interfaces, and return the hosts that got new ones."""
    existing = set(names.lab_namespaces(lab))
    fabric = fabric_namespace(lab)
    wanted = [fabric, *(host_namespace(lab, host.name) for host in topology.hosts)]
    process.batch(["ip", "-batch", "-"], [f"netns add {name}" for name in wanted if name not in existing])
    if fabric not in existing:
        _prepare_fabric(fabric)
    ports = _links(fabric)
    process.batch(["ip", "-n", fabric, "-batch", "-"], fabric_commands(topology, exists=LAN_BRIDGE in ports))
    new = [
        host for host in topology.hosts if any(fabric_port(host.name, i.device) not in ports for i in host.interfaces)
    ]
    for host in new:
        # A part of a host's ports is what a killed command left.
        leftover = [port for i in host.interfaces if (port := fabric_port(host.name, i.device)) in ports]
        process.batch(["ip", "-n", fabric, "-batch", "-"], [f"link delete dev {port}" for port in leftover])
    process.batch(["ip", "-batch", "-"], [line for host in new for line in port_commands(lab, host)])
    process.batch(["ip", "-n", fabric, "-batch", "-"], [attach_command(host) for host in topology.hosts])
    process.batch(["tc", "-n", fabric, "-batch", "-"], [line for host in new for line in rate_commands(host)])
    return new


def _prepare_fabric(fabric: str) -> None:
    # The fabric forwards frames for others: no IPv6 of its own, and no packet filter for bridged frames.
    settings = ["net.ipv4.ip_forward=1", "net.ipv6.conf.default.disable_ipv6=1", "net.ipv6.conf.all.disable_ipv6=1"]
    # A host that has just booted answers the second question; the kernel would ask it a second later.
    settings += ["net.ipv4.neigh.default.retrans_time_ms=100"]
    settings += [f"net.bridge.bridge-nf-{name}=0" for name in _BRIDGE_SETTINGS]
    process.run("ip", "netns", "exec", fabric, "sysctl", "--quiet", "--ignore", "--write", *settings, check=False)


def _links(namespace: str) -> set[str]:
    listed = process.run("ip", "-n", namespace, "-json", "link", "show").stdout
    return {link["ifname"] for link in json.loads(listed or "[]")}


def fabric_commands(topology: Topology, *, exists: bool) -> list[str]:
    """Return the `ip` commands inside the fabric that make the LAN."""
    create = f"link add name {LAN_BRIDGE} mtu {FABRIC_MTU} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
    length = topology.network.prefixlen
    return [
        *([] if exists else [create]),
        "link set dev lo up",
        f"link set dev {LAN_BRIDGE} up",
        f"address replace {topology.gateway}/{length} dev {LAN_BRIDGE}",
        f"address replace {topology.artifact_address}/{length} dev {LAN_BRIDGE}",
    ]


def port_commands(lab: str, host: Host) -> list[str]:
    """Return the `ip` commands that make a host's interfaces, all without a carrier."""
    fabric, inside = fabric_namespace(lab), host_namespace(lab, host.name)
    return [
        f"link add name {fabric_port(host.name, interface.device)} netns {fabric} mtu {FABRIC_MTU} type veth "
        f"peer name {interface.device} netns {inside} address {interface.address} mtu {HOST_MTU}"
        for interface in host.interfaces
    ]


def attach_command(host: Host) -> str:
    """Return the `ip` command inside the fabric that connects a host to the LAN's switch."""
    return f"link set dev {fabric_port(host.name, host.interfaces[0].device)} master {LAN_BRIDGE} up"


def link_command(host: Host, *, up: bool) -> str:
    """Return the `ip` command inside the fabric that gives a host's port in the LAN its carrier, or takes it away."""
    port = fabric_port(host.name, host.interfaces[0].device)
    return f"link set dev {port} {'up' if up else 'down'}"


def rate_commands(host: Host) -> list[str]:
    """Return the `tc` commands that limit what the fabric delivers to a host, and prepare its ports for cables."""
    lines = []
    for interface in host.interfaces:
        limits = _LIMITS["thunderbolt" if interface.receptacle else "lan"]
        port = fabric_port(host.name, interface.device)
        lines.append(f"qdisc replace dev {port} root tbf {limits}")
        if interface.receptacle:
            lines.append(f"qdisc add dev {port} ingress")
    return lines


def remove_host(lab: str, host: Host) -> None:
    """Remove a host's namespace; its interfaces go with it."""
    process.run("ip", "netns", "delete", host_namespace(lab, host.name), check=False)
    _delete_ports(lab, host)


def _delete_ports(lab: str, host: Host) -> None:
    # The kernel takes a namespace's interfaces away a moment after its name; waiting for that would race a new host.
    fabric = fabric_namespace(lab)
    for port in [fabric_port(host.name, interface.device) for interface in host.interfaces]:
        process.run("ip", "-n", fabric, "link", "delete", "dev", port, check=False)


def down(lab: str) -> None:
    """Remove every namespace of the lab, found by its name."""
    process.batch(["ip", "-force", "-batch", "-"], [f"netns delete {name}" for name in names.lab_namespaces(lab)])


def reset_commands(ports: list[str], others: list[str]) -> list[str]:
    """Return the `ip` commands inside a host's namespace that leave its ports as they were made, and nothing else."""
    lines = [f"link delete dev {device}" for device in others]
    for device in ports:
        lines += [f"link set dev {device} nomaster", f"link set dev {device} down mtu {HOST_MTU}"]
        lines += [f"address flush dev {device}"]
    return lines
