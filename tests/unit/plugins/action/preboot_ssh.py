#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A stand-in for ssh and ssh-keyscan before a Mac of macOS 26 that waits for its FileVault password, or runs.

The texts of the locked Mac are those of public captures of macOS 26. It lies as `ssh` and as `ssh-keyscan` in a folder
with `world.json`, which says what the Mac is, and writes down who was told what.
"""

from __future__ import annotations

import json
import os
import sys
import termios
from pathlib import Path

FOLDER = Path(__file__).parent
WORLD = FOLDER / "world.json"
BANNER = (
    "This system is locked. To unlock it, use a local\naccount name and password. Once successfully\n"
    "unlocked, you will be able to connect normally.\n"
)


def key(world: dict[str, str]) -> str:
    """Return the key that is shown now."""
    return world["preboot_key"] if world["state"] == "locked" else world["key"]


def scan(world: dict[str, str]) -> int:
    """Be ssh-keyscan."""
    if world["state"] != "off":
        print(f"# {sys.argv[-1]}:22 SSH-2.0-OpenSSH_10.0\n{sys.argv[-1]} ssh-ed25519 {key(world)}")
    return 0


def ask(terminal: int, prompt: str) -> str:
    """Read a password as ssh does: from the terminal, which does not show it."""
    quiet = termios.tcgetattr(terminal)
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSAFLUSH, quiet)
    os.write(terminal, prompt.encode())
    return os.read(terminal, 1000).decode().rstrip("\n")


def connect(world: dict[str, str]) -> int:
    """Be ssh: check the key, then authenticate."""
    words = [word.strip('"') for word in sys.argv[1:]]
    files = [word.partition("=")[2].strip('"') for word in words if word.startswith("UserKnownHostsFile=")]
    if world["state"] == "off":
        print("ssh: connect to host 192.168.1.11 port 22: Host is down", file=sys.stderr)
        return 255
    if f"192.168.1.11 ssh-ed25519 {key(world)}" not in Path(files[0]).read_text(encoding="utf-8").splitlines():
        print("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", file=sys.stderr)
        return 255
    terminal = os.open("/dev/tty", os.O_RDWR)
    if world["state"] == "running":
        if world.get("keys_only"):
            print("admin@192.168.1.11: Permission denied (publickey).", file=sys.stderr)
            return 255
        told = ask(terminal, "(admin@192.168.1.11) Password:")
        note({"told": told, "state": "running"})
        return 255
    print(BANNER, end="", file=sys.stderr, flush=True)
    told = ask(terminal, "(admin@192.168.1.11) Password:" if world.get("prompt") is None else world["prompt"])
    note({"told": told, "state": "locked"})
    if world.get("drops"):
        change(state="running")
        return 255
    if told == world["password"]:
        change(state="running")
        print("\nSystem successfully unlocked.\nYou may now use SSH to authenticate normally.\n", flush=True)
        print("Permission denied, please try again.", file=sys.stderr)
        return 255
    # OpenSSH goes on to the next method, which asks again.
    note({"told": ask(terminal, "\nadmin@192.168.1.11's password:"), "state": "locked"})
    return 255


def note(entry: dict[str, str]) -> None:
    """Write down what the Mac was told."""
    with (FOLDER / "told.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def change(**values: str) -> None:
    """Make the Mac another one."""
    WORLD.write_text(json.dumps({**json.loads(WORLD.read_text(encoding="utf-8")), **values}), encoding="utf-8")


if __name__ == "__main__":
    found = json.loads(WORLD.read_text(encoding="utf-8"))
    with (FOLDER / "called.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"argv": sys.argv, "environment": dict(os.environ)}) + "\n")
    sys.exit(scan(found) if Path(sys.argv[0]).name == "ssh-keyscan" else connect(found))
