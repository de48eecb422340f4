# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``ifconfig``: shows and changes the host's real interfaces. Its changes last until the next start."""

from __future__ import annotations

import itertools
import os

from ..network import bridge
from ..network.addresses import is_address, prefix_length, text
from ..network.apply import apply
from ..network.lag import look
from ..network.links import observe
from ..network.ports import device_number, physical_ports
from .ifconfig_texts import LOOPBACK, describe, supported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..network.links import Link, Links
    from ..tool import Context

PATHS = ("/sbin/ifconfig",)
USAGE = "usage: ifconfig interface address_family [address [dest_address]] [parameters]"
_SHOWN = ("lo", "en", "bridge")
_ADD = {"alias", "add"}
_REMOVE = {"-alias", "delete", "remove"}
_ADDRESS_WORDS = {"inet", "inet6", "up", *_ADD, *_REMOVE}
_MEMBERS = {"addm": "BRDGADD", "deletem": "BRDGDEL"}


class Failed(Exception):  # noqa: N818 - an answer of the tool
    """What the kernel refused."""


def main(context: Context) -> int:
    """Show interfaces or change one."""
    argv = context.argv
    look(context)
    try:
        if not argv or argv[0] in {"-a", "-l", "-au", "-ad"}:
            return _show_all(context, argv[0] if argv else "-a")
        if argv[0] == "-m" and len(argv) == 2:
            return _show_supported(context, argv[1])
        if argv[0].startswith("-"):
            context.err(USAGE)
            return 1
        if len(argv) == 1 or argv[1:] in (["inet"], ["inet6"], ["ether"]):
            return _show_one(context, argv[0])
        _change(context, argv[0], argv[1:])
    except Failed as failed:
        context.err(f"ifconfig: {failed}")
        return 1
    return 0


def _listed(links: Links) -> list[Link]:
    shown = [link for link in links if link.name.rstrip("0123456789") in _SHOWN]
    rank = {name: position for position, name in enumerate(_SHOWN)}
    return sorted(shown, key=lambda link: (rank[device_number(link.name)[0]], device_number(link.name)))


def _show_all(context: Context, option: str) -> int:
    links = observe(context)
    found = [link for link in _listed(links) if option not in {"-au", "-ad"} or link.up == (option == "-au")]
    if option == "-l":
        context.out(" ".join(_mac_name(link.name) for link in found))
        return 0
    for link in found:
        context.out(_text(context, link, links))
    return 0


def _show_one(context: Context, device: str) -> int:
    links = observe(context)
    context.out(_text(context, _existing(links, device), links, alone=True))
    return 0


def _show_supported(context: Context, device: str) -> int:
    """Show a port with the media that it could use: of Ethernet every one up to its fastest."""
    _show_one(context, device)
    port = {port.device: port for port in physical_ports(context.profile)}.get(device)
    wired = port is not None and not port.is_thunderbolt and port.kind != "IEEE80211"
    context.out(supported(str(context.profile.hardware.get("ethernet", "1000baseT")) if wired else ""))
    return 0


def _text(context: Context, link: Link, links: Links, *, alone: bool = False) -> str:
    ports = {port.device: port for port in physical_ports(context.profile)}
    return describe(link, links, ports, context.profile.ethernet, alone=alone)


def _mac_name(name: str) -> str:
    return LOOPBACK if name == "lo" else name


def _existing(links: Links, device: str) -> Link:
    link = links.get("lo" if device == LOOPBACK else device)
    if link is None or device_number(link.name)[0] not in _SHOWN:
        raise Failed(f"interface {device} does not exist")
    return link


def _change(context: Context, device: str, parameters: list[str]) -> None:
    links = observe(context)
    if parameters[0] == "create":
        _create(context, links, device)
        return
    link = _existing(links, device)
    if parameters[0] == "destroy":
        _destroy(context, link)
        return
    words = list(parameters)
    while words:
        _step(context, links, link, words)
    if parameters[0] in _MEMBERS:
        # A port that left a bridge is configured by its own service from now on, and the other way round.
        apply(context)


def _create(context: Context, links: Links, device: str) -> None:
    if not context.is_root:
        raise Failed("SIOCIFCREATE2: Operation not permitted")
    if links.get(device):
        raise Failed("SIOCIFCREATE2: File exists")
    if device_number(device)[0] != "bridge" or not bridge.create(context, device):
        raise Failed("SIOCIFCREATE2: Invalid argument")


def _destroy(context: Context, link: Link) -> None:
    if not context.is_root:
        raise Failed("SIOCIFDESTROY: Operation not permitted")
    if not link.is_bridge:
        raise Failed("SIOCIFDESTROY: Invalid argument")
    bridge.destroy(context, link.name)
    apply(context)


def _step(context: Context, links: Links, link: Link, words: list[str]) -> None:
    """Carry out the first parameter with its values and take them off the list."""
    word = words.pop(0)
    device = link.name
    if word in _MEMBERS:
        _change_member(context, links, link, word, _value(words))
    elif word in {"up", "down"}:
        _ip(context, "SIOCSIFFLAGS", "link", "set", device, word)
    elif word == "mtu":
        _ip(context, "SIOCSIFMTU", "link", "set", device, "mtu", _value(words))
    elif word in _ADDRESS_WORDS or is_address(word.partition("/")[0]):
        _change_address(context, link, [word, *words])
        words.clear()
    else:
        raise Failed(f"{word}: bad value")


def _value(words: list[str]) -> str:
    if not words:
        raise Failed("'value' argument is missing")
    return words.pop(0)


def _ip(context: Context, request: str, *argv: str) -> None:
    if not context.is_root:
        raise Failed(f"ioctl ({request}): Operation not permitted")
    completed = context.run("ip", *argv)
    if completed.returncode:
        reason = completed.stderr.strip().rpartition(": ")[2] or os.strerror(22)
        raise Failed(f"ioctl ({request}): {reason.rstrip('.')}")


def _change_member(context: Context, links: Links, link: Link, word: str, member: str) -> None:
    if not context.is_root:
        raise Failed(f"{_MEMBERS[word]} {member}: Operation not permitted")
    port = links.get(member)
    if word == "addm":
        if port is None or port.bridge:
            raise Failed(f"BRDGADD {member}: {os.strerror(2 if port is None else 16)}")
        bridge.add_member(context, link.name, member)
        return
    if port is None or port.bridge != link.name:
        raise Failed(f"BRDGDEL {member}: No such file or directory")
    bridge.delete_member(context, member)


def _change_address(context: Context, link: Link, words: list[str]) -> None:
    """Add, replace or remove an address: ``[inet] [alias] 10.0.0.1 [netmask 255.255.255.0] [alias|-alias]``."""
    family = "inet6" if "inet6" in words else "inet"
    present = link.inet if family == "inet" else link.inet6
    values = [word for word in words if word not in _ADDRESS_WORDS]
    address, _, length = _value(values).partition("/")
    prefix = length or str(_prefix(values, family))
    if _REMOVE & set(words):
        held = [cidr for cidr in present if cidr.startswith(f"{address}/")]
        if not held:
            raise Failed("ioctl (SIOCDIFADDR): Can't assign requested address")
        _ip(context, "SIOCDIFADDR", "addr", "delete", held[0], "dev", link.name)
        return
    if not _ADD & set(words) and family == "inet":
        # Without "alias" the first address of the interface is replaced.
        for cidr in present[:1]:
            _ip(context, "SIOCDIFADDR", "addr", "delete", cidr, "dev", link.name)
    broadcast = ("broadcast", "+") if family == "inet" else ()
    _ip(context, "SIOCAIFADDR", "addr", "replace", f"{address}/{prefix}", *broadcast, "dev", link.name)


def _prefix(values: list[str], family: str) -> int:
    """Return the length of the subnet, which may follow its word or stand behind the address."""
    options = dict(itertools.pairwise(values))
    if family == "inet6":
        return int(options.get("prefixlen", "64"))
    behind = values[0] if values and values[0] != "netmask" else "255.0.0.0"
    mask = options.get("netmask", behind)
    try:
        return prefix_length(text(int(mask, 16)) if mask.startswith("0x") else mask)
    except ValueError:
        raise Failed(f"{mask}: bad value") from None
