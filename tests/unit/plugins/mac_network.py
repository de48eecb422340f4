# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What networksetup and ifconfig print, for the tests of the network module."""

from __future__ import annotations

import plistlib

from tests.unit.plugins.harness import Call, call

NETWORKSETUP = "/usr/sbin/networksetup"
IFCONFIG = "/sbin/ifconfig"

PORTS = [
    ("Ethernet", "en0", "1c:f6:4c:00:00:01"),
    ("Wi-Fi", "en1", "1c:f6:4c:00:00:02"),
    ("Thunderbolt Bridge", "bridge0", "36:e3:5e:f0:6d:80"),
    ("Thunderbolt 1", "en2", "36:e3:5e:f0:6d:80"),
    ("Thunderbolt 2", "en3", "36:e3:5e:f0:6d:84"),
]
NAMES = {device: name for name, device, _ in PORTS}
BRIDGED = [("Ethernet", "en0", True), ("Wi-Fi", "en1", True), ("Thunderbolt Bridge", "bridge0", True)]
UNBRIDGED = [("Ethernet", "en0", True), ("Wi-Fi", "en1", True)]


def setup(*words: str, out: str = "", rc: int = 0) -> Call:
    return call([NETWORKSETUP, *words], out=out, rc=rc)


def ports(*, bridge: bool = True) -> Call:
    blocks = [
        f"\nHardware Port: {name}\nDevice: {device}\nEthernet Address: {address}\n"
        for name, device, address in PORTS
        if bridge or device != "bridge0"
    ]
    return setup("-listallhardwareports", out="".join(blocks) + "\nVLAN Configurations\n===================\n")


def order(services: list[tuple[str, str, bool]]) -> Call:
    lines, number = ["An asterisk (*) denotes that a network service is disabled."], 0
    for name, device, enabled in services:
        number += enabled
        port = NAMES.get(device, "com.wireguard.macos")
        lines += [f"({number if enabled else '*'}) {name}", f"(Hardware Port: {port}, Device: {device})", ""]
    return setup("-listnetworkserviceorder", out="\n".join(lines) + "\n")


def dhcp(service: str, address: str | None = "10.66.1.77", ipv6: str = "Automatic") -> Call:
    lease = f"IP address: {address}\nSubnet mask: 255.255.255.0\nRouter: 10.66.1.1\n" if address else ""
    tail = f"IPv6: {ipv6}\nIPv6 IP address: none\nIPv6 Router: none\nEthernet Address: 1c:f6:4c:00:00:01\n"
    return setup("-getinfo", service, out=f"DHCP Configuration\n{lease}Client ID: \n{tail}")


def manual(service: str, address: str, netmask: str, router: str | None = None, ipv6: str = "Automatic") -> Call:
    return setup(
        "-getinfo",
        service,
        out=f"Manual Configuration\nIP address: {address}\nSubnet mask: {netmask}\nRouter: {router or 'none'}\n"
        f"IPv6: {ipv6}\nEthernet Address: 1c:f6:4c:00:00:01\n",
    )


def no_dns(service: str) -> Call:
    return setup("-getdnsservers", service, out=f"There aren't any DNS Servers set on {service}.\n")


def proxy(verb: str, service: str, server: str = "", port: int = 0, enabled: bool = False) -> Call:
    out = f"Enabled: {'Yes' if enabled else 'No'}\nServer: {server}\nPort: {port}\nAuthenticated Proxy Enabled: 0\n"
    return setup(verb, service, out=out)


def no_routes(service: str) -> Call:
    return setup("-getadditionalroutes", service, out=f"There are no additional IPv4 routes on {service}.\n")


def addresses(**devices: str) -> Call:
    """Answer `ifconfig -a` with an address, or several words of it, for each device."""
    rows = ["lo0: flags=8049<UP,LOOPBACK> mtu 16384\n\tinet 127.0.0.1 netmask 0xff000000\n\tinet6 ::1 prefixlen 128\n"]
    for device, words in devices.items():
        lines = "".join(
            f"\tinet6 {word} prefixlen 64 secured\n" if ":" in word else f"\tinet {word} netmask 0xffffff00\n"
            for word in words.split()
        )
        rows.append(f"{device}: flags=8863<UP,RUNNING> mtu 1500\n\tether 1c:f6:4c:00:00:01\n{lines}\tstatus: active\n")
    return call([IFCONFIG, "-a"], out="".join(rows))


def default_route(device: str | None, *family: str) -> Call:
    argv = ["/sbin/route", "-n", "get", *family, "default"]
    if device is None:
        return call(argv, rc=1, err="route: writing to routing socket: not in table\n")
    return call(argv, out=f"   route to: default\n    gateway: 10.66.1.1\n  interface: {device}\n")


def bridge(*members: str) -> Call:
    rows = "".join(
        f"\tmember: {member} flags=3<LEARNING,DISCOVER>\n\t        ifmaxaddr 0 port 8 priority 0 path cost 0\n"
        for member in members
    )
    text = (
        "bridge0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500\n"
        "\toptions=63<RXCSUM,TXCSUM,TSO4,TSO6>\n\tether 36:e3:5e:f0:6d:80\n\tConfiguration:\n"
        f"\t\tid 0:0:0:0:0:0 priority 0 hellotime 0 fwddelay 0\n{rows}\tAddress cache:\n\tstatus: inactive\n"
    )
    return call([IFCONFIG, "bridge0"], out=text)


NO_BRIDGE = call([IFCONFIG, "bridge0"], rc=1, err="ifconfig: interface bridge0 does not exist\n")


def preferences(*members: str, stored: bool = True) -> dict[str, object]:
    entry = {
        "Interfaces": list(members),
        "Options": {"__AUTO__": "thunderbolt-bridge"},
        "UserDefinedName": "Thunderbolt Bridge",
    }
    bridges = {"bridge0": entry} if stored else {}
    return {"Model": "Mac16,10", "VirtualNetworkInterfaces": {"Bridge": bridges}}


def encode(value: dict[str, object], *, binary: bool = False) -> bytes:
    return plistlib.dumps(value, fmt=plistlib.FMT_BINARY if binary else plistlib.FMT_XML)
