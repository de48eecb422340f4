# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``dns-sd``: browses, resolves, registers and looks up by multicast DNS. It never ends by itself."""

from __future__ import annotations

import time

from ..network.links import observe
from ..network.mdns import ANY, PTR, SRV, TXT, A, Bonjour, Record, answer, parse, question, write_name
from ..network.names import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tool import Context

PATHS = ("/usr/bin/dns-sd",)
USAGE = """\
dns-sd -B        <Type> <Domain>                  (Browse for service instances)
dns-sd -L <Name> <Type> <Domain>                  (Resolve (''lookup'') a service instance)
dns-sd -R <Name> <Type> <Domain> <Port> [<TXT>...]             (Register a service)
dns-sd -G v4 <Hostname>              (Get address information for hostname)"""
_ASK_AGAIN = (1.0, 3.0, 9.0, 60.0)
_TTL = 4500
_HOST_TTL = 120


def main(context: Context) -> int:
    """Start one of the operations."""
    words = context.argv
    operations: dict[str, tuple[int, Callable[[Context, list[str]], None]]] = {
        "-B": (2, _browse),
        "-L": (3, _resolve),
        "-R": (5, _register),
        "-G": (3, _get),
    }
    needed, operation = operations.get(words[0] if words else "", (0, None))
    if operation is None or len(words) < needed:
        context.err(USAGE)
        return 255
    operation(context, words[1:])
    return 0


def domain_of(words: list[str], position: int) -> str:
    """Return the domain argument, which may be left out or a dot."""
    given = words[position] if len(words) > position else ""
    return f"{given.strip('.') or 'local'}."


def say(context: Context, text: str, *, stamped: bool = True) -> None:
    """Print a line at once: the reader may end this program at any moment."""
    now = time.time()
    stamp = f"{time.strftime('%H:%M:%S', time.localtime(now))}.{int(now % 1 * 1000):03d}  "
    context.out((stamp if stamped else "") + text)
    context.stdout.flush()


def _start(context: Context, first_line: str) -> Bonjour:
    say(context, first_line, stamped=False)
    say(context, time.strftime("DATE: ---%a %d %b %Y---"), stamped=False)
    say(context, "...STARTING...")
    return Bonjour([cidr.partition("/")[0] for link in observe(context) if link.carrier for cidr in link.inet])


def _listen(bonjour: Bonjour, ask: bytes, hear: Callable[[list[Record], int], None]) -> None:
    """Ask less and less often and hand every answer on, for ever."""
    pauses = list(_ASK_AGAIN)
    while True:
        bonjour.send(ask)
        until = time.monotonic() + (pauses.pop(0) if len(pauses) > 1 else pauses[0])
        while (left := until - time.monotonic()) > 0:
            received = bonjour.receive(left)
            if received:
                hear(parse(received[0])[1], received[1])


def _browse(context: Context, words: list[str]) -> None:
    kind, domain = words[0].strip("."), domain_of(words, 1)
    bonjour = _start(context, f"Browsing for {kind}.{domain.rstrip('.')}")
    say(
        context, "Timestamp     A/R    Flags  if Domain               Service Type         Instance Name", stamped=False
    )
    known: set[tuple[str, int]] = set()
    wanted = f"{kind}.{domain}"

    def hear(records: list[Record], interface: int) -> None:
        for record in records:
            if record.kind == PTR and record.name.lower() == wanted.lower():
                _report(record, interface)

    def _report(record: Record, interface: int) -> None:
        name = record.target().removesuffix(f".{wanted}").replace("\\.", ".")
        entry = (name, interface)
        if (entry in known) == bool(record.ttl):
            return
        known.symmetric_difference_update({entry})
        action = "Add" if record.ttl else "Rmv"
        say(context, f"{action} {2:8X} {interface:3d} {domain:<20} {kind + '.':<20} {name}")

    _listen(bonjour, question(wanted, PTR), hear)


def _resolve(context: Context, words: list[str]) -> None:
    kind, domain = words[1].strip("."), domain_of(words, 2)
    full = f"{escape(words[0])}.{kind}.{domain}"
    bonjour = _start(context, f"Lookup {words[0]}.{kind}.{domain.rstrip('.')}")
    texts: list[str] = []
    told: set[tuple[str, int, int]] = set()

    def hear(records: list[Record], interface: int) -> None:
        ours = [record for record in records if record.name.lower() == full.lower()]
        for record in ours:
            if record.kind == TXT:
                texts[:] = record.texts()
        for record in ours:
            entry = (record.target(), record.port(), interface) if record.kind == SRV else None
            if entry and entry not in told:
                told.add(entry)
                say(context, f"{full} can be reached at {entry[0]}:{entry[1]} (interface {interface})")
                say(context, f" {' '.join(texts)}", stamped=False)

    _listen(bonjour, question(full, ANY), hear)


def _get(context: Context, words: list[str]) -> None:
    name = f"{words[1].rstrip('.')}."
    bonjour = _start(context, "")
    say(context, "Timestamp     A/R  Flags         IF  Hostname                               Address", stamped=False)
    told: set[tuple[bytes, int]] = set()

    def hear(records: list[Record], interface: int) -> None:
        for record in records:
            if record.kind == A and record.name.lower() == name.lower() and (record.data, interface) not in told:
                told.add((record.data, interface))
                address = ".".join(str(byte) for byte in record.data)
                say(context, f"Add  40000002      {interface:2d}  {name:<38} {address:<44} {record.ttl}")

    _listen(bonjour, question(name, A), hear)


def _register(context: Context, words: list[str]) -> None:
    """Announce a service and answer questions about it."""
    name, kind, domain, port = words[0], words[1].strip("."), domain_of(words, 2), int(words[3])
    bonjour = _start(context, f"Registering Service {name}.{kind}.{domain.rstrip('.')} port {port}")
    records = service_records(context, name, f"{kind}.{domain}", port, words[4:])
    message = answer(records)
    bonjour.send(message)
    say(context, f"Got a reply for service {name}.{kind}.{domain}: Name now registered and active")
    ours = {record.name.lower() for record in records}
    while True:
        received = bonjour.receive(3600)
        if received and any(asked.lower() in ours for asked, _ in parse(received[0])[0]):
            bonjour.send(message)


def service_records(context: Context, name: str, service: str, port: int, texts: list[str]) -> list[Record]:
    """Return what Bonjour says of one service of this Mac."""
    host = f"{names(context).get('LocalHostName', 'localhost')}.local."
    full = f"{escape(name)}.{service}"
    strings = b"".join(bytes([len(text.encode())]) + text.encode() for text in texts) or b"\0"
    addresses = [cidr.partition("/")[0] for link in observe(context) if link.name != "lo" for cidr in link.inet]
    return [
        Record(service, PTR, _TTL, write_name(full)),
        Record(full, SRV, _HOST_TTL, bytes(4) + port.to_bytes(2, "big") + write_name(host)),
        Record(full, TXT, _TTL, strings),
        *(Record(host, A, _HOST_TTL, bytes(int(byte) for byte in address.split("."))) for address in addresses),
    ]


def escape(name: str) -> str:
    """Return an instance name as one label of a longer name."""
    return name.replace(".", "\\.")
