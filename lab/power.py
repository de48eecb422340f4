# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Switch hosts on and off the way a person, the mains and a frozen clock do."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import cgroups, keeper, names, netns, process, sleep_state, sleeping, state, wiring
from lab.disk import load
from lab.errors import HostTimeoutError, LabError, NotUpError
from lab.macos.simulator.power import starts_when_power_returns

if TYPE_CHECKING:
    from lab.topology import Host

_MODELS = Path(__file__).parent / "macos/simulator/models"
_BOOT_SECONDS = 90.0
_SHUTDOWN_SECONDS = 120.0
_SHUTDOWN = {"linux": ["systemctl", "poweroff"], "macos": ["/sbin/shutdown", "-h", "now"]}
_SSH_PORT = 22
_POLL_SECONDS = 0.05
_CONNECT_SECONDS = 0.25
# Long: sshd starts a process for every caller, and those who give up at once keep a busy machine from answering any.
_BANNER_SECONDS = 10.0
_PREBOOT = "pre-boot"
_STARTING = "starting"
_RUNNING = "running"
# What the simulator's PID 1 says of itself, in the words of `lab status`.
_PHASES = {"preboot": _PREBOOT, "booted": _RUNNING, "down": "stopping"}


def off(lab: str, host: Host) -> None:
    """Cut the power: nothing on the host gets to say goodbye."""
    cgroups.kill(lab, host.name)
    sleeping.forget(lab, host)
    wiring.refresh(lab, state.load(lab).topology)


def shutdown(lab: str, host: Host) -> None:
    """Let a host end what it does and switch itself off; one at the pre-boot screen has nothing to end."""
    if cgroups.is_frozen(lab, host.name):
        raise LabError(f"The host {host.name} is asleep; wake it first.")
    if host.kind == "macos" and describe(lab, host) == _PREBOOT:
        cgroups.kill(lab, host.name)
        return
    leader = cgroups.leader(lab, host.name)
    if leader is None:
        raise NotUpError(f"The host {host.name} is starting; wait until it runs.")
    enter = ["nsenter", f"--target={leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--"]
    process.run(*enter, *_SHUTDOWN[host.kind], check=False)
    deadline = time.monotonic() + _SHUTDOWN_SECONDS
    while cgroups.processes(lab, host.name):
        if time.monotonic() > deadline:
            raise HostTimeoutError(f"The host {host.name} did not shut down within {_SHUTDOWN_SECONDS:.0f} seconds.")
        time.sleep(_POLL_SECONDS)


def press(lab: str, host: Host) -> None:
    """Press the power button of a host: one that sleeps wakes; a running one is left alone."""
    if cgroups.processes(lab, host.name):
        sleeping.interrupt(lab, host)
        return
    keeper.start(lab, host.name)
    topology = state.load(lab).topology
    wiring.refresh(lab, topology, {*state.awake(lab, topology), host.name})


def restore(lab: str, host: Host) -> bool:
    """Give a host its mains power back, and tell whether it starts by itself."""
    if not cgroups.processes(lab, host.name):
        if not _starts_by_itself(lab, host):
            return False
        press(lab, host)
    return True


def _starts_by_itself(lab: str, host: Host) -> bool:
    disk = load(lab, host.name)
    if disk is None or host.kind != "macos":
        return True
    try:
        text = disk.read(f"{names.SIMULATOR_DATABASE}/state/power.json")
        settings: dict[str, int] = json.loads(text).get("ac", {})
    except (LabError, ValueError):
        settings = {}
    hardware: dict[str, Any] = json.loads((_MODELS / f"{host.model}.json").read_text(encoding="utf-8"))
    was_running = (disk.directory / names.RUNNING_MARK).exists()
    return starts_when_power_returns(settings, hardware, was_running=was_running)


def unlock(lab: str, host: Host) -> None:
    """Type the password at the pre-boot screen of a Mac with FileVault."""
    if cgroups.leader(lab, host.name) is None:
        raise NotUpError(f"The host {host.name} is off.")
    if describe(lab, host) != _PREBOOT:
        raise LabError(f"The host {host.name} is not at the pre-boot screen.")
    wiring.write_inside(lab, host.name, "unlock", "")


def sleep(lab: str, host: Host, *, going_down: float, waking: float) -> bool:
    """Send a running host to sleep, and tell whether a magic packet wakes it again."""
    now = describe(lab, host)
    if now != _RUNNING:
        raise NotUpError(f"The host {host.name} is {now}; only one that runs can go to sleep.")
    return sleeping.sleep(lab, host, going_down=going_down, waking=waking)


def describe(lab: str, host: Host) -> str:
    """Return a host's state in one word."""
    leader = cgroups.leader(lab, host.name)
    if leader is None:
        return _STARTING if cgroups.processes(lab, host.name) else "off"
    if cgroups.is_frozen(lab, host.name):
        return sleep_state.phase(lab, host.name) or "frozen"
    if host.kind == "macos":
        try:
            path = Path(f"/proc/{leader}/root") / names.SIMULATOR_DATABASE / "boot.json"
            return _PHASES[json.loads(path.read_text(encoding="utf-8"))["phase"]]
        except (OSError, ValueError, KeyError):
            return _STARTING
    return _RUNNING


def uptime(lab: str, host: Host) -> float | None:
    """Return for how many seconds a host has been running."""
    leader = cgroups.leader(lab, host.name)
    if leader is None:
        return None
    try:
        started = int(Path(f"/proc/{leader}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
        now = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return max(0.0, now - started / os.sysconf("SC_CLK_TCK"))


def wait(lab: str, host: Host) -> None:
    """Wait until a host's sshd answers; a Mac at the pre-boot screen counts as ready, with or without one."""
    deadline = time.monotonic() + _BOOT_SECONDS
    with netns.inside(names.fabric_namespace(lab)):
        while describe(lab, host) == _STARTING or not _ssh_answers(host.address):
            if time.monotonic() > deadline or not cgroups.processes(lab, host.name):
                log = names.runtime(lab) / "log" / f"{host.name}.log"
                raise HostTimeoutError(f"The host {host.name} did not get ready; what it said is in {log}.")
            if host.kind == "macos" and describe(lab, host) == _PREBOOT:
                return
            time.sleep(_POLL_SECONDS)


def _ssh_answers(address: str) -> bool:
    try:
        with socket.create_connection((address, _SSH_PORT), timeout=_CONNECT_SECONDS) as connection:
            connection.settimeout(_BANNER_SECONDS)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
