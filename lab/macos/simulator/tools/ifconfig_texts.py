# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How ``ifconfig`` prints an interface."""

from __future__ import annotations

from ..network.addresses import broadcast, netmask_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..network.links import Link, Links
    from ..network.ports import Port

LOOPBACK = "lo0"
MEDIA = ("10baseT/UTP", "100baseTX", "1000baseT", "2500Base-T", "5000Base-T", "10Gbase-T")
"""What the Ethernet ports of Macs agree on, from slow to fast."""
_FLAGS = {
    0x1: "UP",
    0x2: "BROADCAST",
    0x8: "LOOPBACK",
    0x20: "SMART",
    0x40: "RUNNING",
    0x100: "PROMISC",
    0x800: "SIMPLEX",
    0x8000: "MULTICAST",
}
_ETHERNET = 0x8822
_UP = 0x41
_PROMISCUOUS = 0x100
_CONFIGURATION = """\
	Configuration:
		id 0:0:0:0:0:0 priority 0 hellotime 0 fwddelay 0
		maxage 0 holdcnt 0 proto stp maxaddr 100 timeout 1200
		root id 0:0:0:0:0:0 priority 0 ifcost 0 port 0
		ipfilter disabled flags 0x0"""


def describe(link: Link, links: Links, ports: Mapping[str, Port], speed: str, *, alone: bool = False) -> str:
    """Return the text about one interface; one that is asked for alone also shows what a bridge has learnt.

    `speed` is what the Ethernet ports have agreed on, in the words of their drivers, such as 1000baseT.
    """
    if link.name == "lo":
        return "\n".join(_loopback(link))
    if link.is_bridge:
        return "\n".join(_bridge(link, links, alone=alone))
    return "\n".join(_ethernet(link, _media(link, ports.get(link.name), speed)))


def supported(fastest: str) -> str:
    """Return what `-m` adds: the media of an Ethernet port up to its fastest; of any other nothing but autoselect."""
    last = MEDIA.index(fastest) + 1 if fastest in MEDIA else 0
    each = [f"\t\tmedia {name} mediaopt full-duplex" for name in MEDIA[:last]]
    return "\n".join(["\tsupported media:", "\t\tmedia autoselect", *each])


def _media(link: Link, port: Port | None, speed: str) -> str:
    """Only Ethernet tells its speed, and says so where it has no link; Thunderbolt and Wi-Fi choose by themselves."""
    if port is not None and port.kind == "IEEE80211":
        return "autoselect"
    if port is not None and not port.is_thunderbolt:
        return f"autoselect ({speed} <full-duplex>)" if link.carrier else "autoselect (none)"
    return "autoselect <full-duplex>" if link.carrier else "autoselect"


def _head(name: str, value: int, mtu: int) -> str:
    names = [flag for bit, flag in _FLAGS.items() if value & bit]
    # BROADCAST is printed before SMART and RUNNING, SIMPLEX before MULTICAST: the order of the bits.
    return f"{name}: flags={value:x}<{','.join(names)}> mtu {mtu}"


def _loopback(link: Link) -> Iterable[str]:
    yield _head(LOOPBACK, 0x8049, 16384)
    yield "\toptions=1203<RXCSUM,TXCSUM,TXSTATUS,SW_TIMESTAMP>"
    yield "\tinet 127.0.0.1 netmask 0xff000000"
    yield "\tinet6 ::1 prefixlen 128"
    yield "\tinet6 fe80::1%lo0 prefixlen 64 scopeid 0x1"
    for cidr in link.inet:
        if not cidr.startswith("127."):
            address, _, prefix = cidr.partition("/")
            yield f"\tinet {address} netmask 0x{netmask_number(int(prefix)):08x}"
    yield "\tnd6 options=201<PERFORMNUD,DAD>"


def _flags(link: Link) -> int:
    return _ETHERNET | (_UP if link.up else 0) | (_PROMISCUOUS if link.bridge else 0)


def _addresses(link: Link) -> Iterable[str]:
    for cidr in link.inet6:
        address, _, prefix = cidr.partition("/")
        if address.startswith("fe80:"):
            yield f"\tinet6 {address}%{link.name} prefixlen {prefix} secured scopeid 0x{link.index:x}"
        else:
            yield f"\tinet6 {address} prefixlen {prefix} autoconf secured"
    for cidr in link.inet:
        address, _, prefix = cidr.partition("/")
        mask = netmask_number(int(prefix))
        yield f"\tinet {address} netmask 0x{mask:08x} broadcast {broadcast(address, int(prefix))}"


def _ethernet(link: Link, media: str) -> Iterable[str]:
    yield _head(link.name, _flags(link), link.mtu)
    yield "\toptions=460<TSO4,TSO6,CHANNEL_IO>"
    yield f"\tether {link.address}"
    yield from _addresses(link)
    if not link.bridge:
        yield "\tnd6 options=201<PERFORMNUD,DAD>"
    yield f"\tmedia: {media}"
    yield f"\tstatus: {'active' if link.carrier else 'inactive'}"


def _bridge(link: Link, links: Links, *, alone: bool) -> Iterable[str]:
    yield _head(link.name, _flags(link), link.mtu)
    yield "\toptions=63<RXCSUM,TXCSUM,TSO4,TSO6>"
    yield f"\tether {link.address}"
    yield from _addresses(link)
    yield _CONFIGURATION
    for member in links.members(link.name):
        yield f"\tmember: {member} flags=3<LEARNING,DISCOVER>"
        found = links.get(member)
        yield f"\t        ifmaxaddr 0 port {found.index if found else 0} priority 0 path cost 0"
    if alone:
        yield "\tAddress cache:"
    yield "\tnd6 options=201<PERFORMNUD,DAD>"
    yield "\tmedia: <unknown type>"
    yield f"\tstatus: {'active' if link.carrier else 'inactive'}"
