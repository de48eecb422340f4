# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The process that is the network card of a sleeping host: it hears what its switch sends, and wakes the host."""

from __future__ import annotations

import socket
import struct
import sys
import time
from typing import TYPE_CHECKING

from lab import cgroups, names, netns, sleep_state, sleeping, state
from lab.errors import LabError

if TYPE_CHECKING:
    from lab.topology import Host

_ALL_FRAMES = 0x0003
_FRAME_BYTES = 65535
_LOOK_SECONDS = 1.0
# Of <linux/if_packet.h>: without it, the switch's own port shows no frame that is for a single host.
_SOL_PACKET = 263
_ADD_MEMBERSHIP = 1
_PROMISCUOUS = 1


def is_magic(frame: bytes, address: str) -> bool:
    """Tell whether a frame wakes the card with this address; a card does not care what it is wrapped in."""
    return b"\xff" * 6 + bytes.fromhex(address.replace(":", "")) * 16 in frame


def plug_in(lab: str) -> socket.socket:
    """Return what hears every frame of the switch from now on."""
    with netns.inside(names.fabric_namespace(lab)):
        frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        index = socket.if_nametoindex(names.LAN_BRIDGE)
        frames.bind((names.LAN_BRIDGE, _ALL_FRAMES))
    frames.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, struct.pack("iHH8s", index, _PROMISCUOUS, 0, b""))
    frames.settimeout(_LOOK_SECONDS)
    return frames


def listen(frames: socket.socket, lab: str, host: Host) -> bool:
    """Wait for a magic packet; tell whether one came before the host's power went."""
    address = host.interfaces[0].address
    while cgroups.is_frozen(lab, host.name):
        try:
            frame = frames.recv(_FRAME_BYTES)
        except TimeoutError:
            continue
        if is_magic(frame, address):
            return True
    return False


def run(lab: str, host: str, going_down: float, waking: float, *, armed: bool) -> None:
    """Go down, listen, and wake the host."""
    time.sleep(going_down)
    with plug_in(lab) as frames:
        # Who reads this word may send: what is sent now is heard.
        sleep_state.write(lab, host, sleep_state.ASLEEP)
        if not armed or not listen(frames, lab, state.load(lab).topology.host(host)):
            return
    sleep_state.write(lab, host, sleep_state.WAKING)
    time.sleep(waking)
    with state.locked(lab):
        if sleep_state.phase(lab, host) == sleep_state.WAKING and cgroups.is_frozen(lab, host):
            sleeping.wake(lab, state.load(lab).topology.host(host))


def main(argv: list[str]) -> int:
    """Run as a process of its own."""
    lab, host, going_down, waking, armed = argv
    try:
        run(lab, host, float(going_down), float(waking), armed=armed == "1")
    except LabError as error:
        print(error, flush=True)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
