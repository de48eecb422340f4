# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The hosts from outside: their power, and their cards, which hear magic packets while the rest sleeps."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import netns

if TYPE_CHECKING:
    from tests.chain.network import Network

PROGRAM = str(Path(__file__).with_name("host.py"))
IP_FRAMES = 0x0800
BOOT_SECONDS = 1.0


@dataclass
class Sleeper:
    """A host: its process, which sleeps stopped, and its link."""

    name: str
    network: Network
    process: subprocess.Popen[str] | None = None
    packets: int = 0
    """How many magic packets came for it."""
    wakes: int = 0
    said: list[dict[str, Any]] = field(default_factory=list)
    _booting: threading.Timer | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def address(self) -> str:
        return self.network.hosts[self.name]

    @property
    def mac_address(self) -> str:
        shown = self.network.argv(self.name, "cat", "/sys/class/net/lan/address")
        return subprocess.run(shown, capture_output=True, text=True, check=True).stdout.strip()

    def start(self) -> None:
        """Switch it on, and wait until all of it is there."""
        self._link("up")
        argv = self.network.argv(self.name, sys.executable, PROGRAM)
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.said.append(json.loads(self.process.stdout.readline()))
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    def _read(self, said: Any) -> None:
        for line in said:
            self.said.append(json.loads(line))

    @property
    def asleep(self) -> bool:
        """Whether it is stopped or off, with nothing in between."""
        if self.process is None:
            return True
        try:
            return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        except OSError:
            return True

    def sleep(self) -> None:
        """Have it fall asleep, as if the gateway had told it."""
        argv = self.network.argv(self.name, "curl", "--silent", f"http://{self.address}:8022/suspend")
        subprocess.run(argv, check=True, capture_output=True)
        wait_until(lambda: self.asleep, f"{self.name} is asleep")

    def cut_power(self) -> None:
        """Take its power; a packet starts it again."""
        with self._lock:
            self._link("down")
            if self.process is not None:
                self.process.kill()
                self.process.wait()
                self.process = None
            self.said.append({"off": True})

    def heard(self) -> None:
        """Take a magic packet, which is lost unless it is asleep."""
        with self._lock:
            self.packets += 1
            if self.asleep and self._booting is None:
                self._booting = threading.Timer(BOOT_SECONDS, self._wake)
                self._booting.start()

    def _wake(self) -> None:
        with self._lock:
            self._booting = None
            self.wakes += 1
            if self.process is None:
                self.start()
                return
            self._link("up")
            self.process.send_signal(18)

    def _link(self, state: str) -> None:
        subprocess.run(["ip", "-n", self.network.space(self.name), "link", "set", "lan", state], check=True)

    def asked(self, path: str | None = None) -> int:
        """Return how many requests reached its backend, the gateway's own left out."""
        return sum(1 for one in self.said if "asked" in one and path in {None, one["asked"]})

    def end(self) -> None:
        if self._booting is not None:
            self._booting.cancel()
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Cards:
    """The network cards of all hosts: a listener at the switch, where every broadcast comes by."""

    def __init__(self, network: Network, sleepers: list[Sleeper]) -> None:
        self._of = {bytes.fromhex(one.mac_address.replace(":", "")): one for one in sleepers}
        with netns.inside(network.hub):
            self._ears = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IP_FRAMES))
            self._ears.bind(("switch", 0))
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._end.is_set():
            if select.select([self._ears], [], [], 0.2)[0]:
                frame = self._ears.recv(2048)
                begins = frame.find(b"\xff" * 6, 14)
                address = frame[begins + 6 : begins + 12]
                if begins > 0 and frame[begins + 6 : begins + 102] == address * 16 and address in self._of:
                    self._of[address].heard()

    def end(self) -> None:
        self._end.set()
        self._thread.join()
        self._ears.close()


def wait_until(is_so: Any, what: str, seconds: float = 20) -> None:
    """Wait for something, or fail with what it is."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {what}"
        time.sleep(0.05)
