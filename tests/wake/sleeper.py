# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A sleeping host: it hears nothing but magic packets for its card, and then lets people in.

It is run in the host's network namespace with the device and the number of packets that it misses at first, and prints
a line of JSON for each packet that it hears.
"""

from __future__ import annotations

import json
import select
import socket
import sys
from pathlib import Path

ALL_FRAMES = 0x0003
ETHERNET_BYTES, IP_BYTES, UDP_BYTES = 14, 20, 8
GREETING = b"SSH-2.0-test\r\n"


def heard(frame: bytes, address: bytes) -> dict[str, str | int] | None:
    """Read a magic packet for this card from a frame."""
    payload = frame[ETHERNET_BYTES + IP_BYTES + UDP_BYTES :]
    magic = b"\xff" * 6 + address * 16
    if not payload.startswith(magic):
        return None
    ip = frame[ETHERNET_BYTES:]
    return {
        "from": socket.inet_ntoa(ip[12:16]),
        "to": socket.inet_ntoa(ip[16:20]),
        "port": int.from_bytes(ip[IP_BYTES + 2 : IP_BYTES + 4], "big"),
        "secure_on": payload[len(magic) :].hex(":"),
    }


def main(device: str, missed: int) -> None:
    """Sleep until woken, and answer from then on."""
    address = bytes.fromhex(Path(f"/sys/class/net/{device}/address").read_text(encoding="ascii").replace(":", ""))
    frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_FRAMES))
    frames.bind((device, 0))
    ears: list[socket.socket] = [frames]
    print(json.dumps({"asleep": True}), flush=True)
    while True:
        for ready in select.select(ears, [], [])[0]:
            if ready is not frames:
                with ready.accept()[0] as caller:
                    caller.sendall(GREETING)
                continue
            packet = heard(frames.recv(2048), address)
            if packet is None:
                continue
            print(json.dumps(packet), flush=True)
            missed -= 1
            if missed < 0 and len(ears) == 1:
                ears.append(socket.create_server(("", 22)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
