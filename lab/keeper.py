# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The process that is a host's mains supply: it starts the host, starts it again after a reboot, and ends with it.

It lives in the host's control group. Killing that group is a power cut: nothing remains to start the host again.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lab import cables, cgroups, linux_suspend, names, network, process, sleeping, state, wiring
from lab.disk import Disk, load
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable

# The status of systemd-nspawn with --keep-unit when the payload asked for a reboot.
_REBOOT = 133
# How often the host is asked whether it wants to sleep.
_LOOK_SECONDS = 0.5


def start(lab: str, host: str) -> None:
    """Start a keeper; it goes on when this command ends."""
    groups = cgroups.create(lab, host, "keeper")
    log = names.runtime(lab) / "log" / f"{host}.log"
    log.parent.mkdir(exist_ok=True)
    environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(Path(__file__).parents[1])}
    argv = cgroups.wrap(groups, [sys.executable, "-S", "-m", "lab.keeper", lab, host])
    with log.open("ab") as file:
        keeper = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment, start_new_session=True, cwd="/"
        )
    # A host counts as switched on when something is in its control group.
    while keeper.poll() is None and not cgroups.processes(lab, host):
        time.sleep(0.005)


def nspawn_command(disk: Disk) -> list[str]:
    """Return the command that boots a host."""
    argv = [
        "systemd-nspawn",
        "--quiet",
        "--settings=no",
        "--register=no",
        "--keep-unit",
        "--kill-signal=SIGKILL",
        f"--directory={disk.root}",
        f"--machine={names.machine_name(disk.lab, disk.host.name)}",
        f"--hostname={disk.host.name}",
        f"--network-namespace-path={names.NETNS_DIRECTORY / names.host_namespace(disk.lab, disk.host.name)}",
        "--capability=CAP_NET_ADMIN",
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        "--console=read-only",
    ]
    # The values stay out of the process list: nspawn takes them from its own environment.
    argv += [f"--setenv={name}" for name in disk.environment]
    if disk.host.kind == "linux":
        argv += linux_suspend.binding(disk.directory)
    return [*argv, *disk.init] if disk.init else [*argv, "--boot"]


def keep(lab: str, host: str) -> None:
    """Run the host until it switches itself off."""
    disk = load(lab, host)
    if disk is None:
        raise LabError(f"The host {host} has no disk.")
    disk.mount()
    sleeping.forget(lab, disk.host)  # it was killed in its sleep
    groups = cgroups.create(lab, host, "machine")
    environment = {"PATH": os.environ["PATH"], **disk.environment, "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"}
    # The lock of a disk image would outlive a host whose power is cut.
    environment["SYSTEMD_NSPAWN_LOCK"] = "0"
    if disk.init:  # nspawn would hide the Mac's own /tmp behind a new one at every boot
        environment["SYSTEMD_NSPAWN_TMPFS_TMP"] = "0"
    running = disk.directory / names.RUNNING_MARK
    running.touch()
    while True:
        reset_network(disk)
        _sleep_order(disk).unlink(missing_ok=True)  # of the last boot
        if disk.host.kind == "macos":
            _tell_simulator(disk)
        argv = cgroups.wrap(groups, nspawn_command(disk))
        machine = subprocess.Popen(argv, stdin=subprocess.DEVNULL, env=environment)
        status = watch(machine, _sleep_order(disk), lambda: _send_to_sleep(disk))
        print(f"the host ended with status {status}", flush=True)
        if status != _REBOOT:
            break
    if status == 0:
        # The host switched itself off. After a power cut the mark stays, for nobody is left to remove it; where this
        # process lives a moment longer than nspawn, nspawn's status tells.
        running.unlink()
    topology = state.load(lab).topology
    wiring.refresh(lab, topology, state.awake(lab, topology) - {host})


def watch(machine: subprocess.Popen[bytes], order: Path, sleep: Callable[[], None]) -> int:
    """Wait until the host ends, and do what it orders meanwhile: it cannot freeze itself."""
    end = os.pidfd_open(machine.pid)  # a wait with a time limit would look twenty times a second
    try:
        while not select.select([end], [], [], _LOOK_SECONDS)[0]:
            if order.exists():
                order.unlink()  # first, or it would order it again as soon as it wakes
                sleep()
    finally:
        os.close(end)
    return machine.wait()


def _sleep_order(disk: Disk) -> Path:
    """Return the file by which a host orders to be sent to sleep."""
    if disk.host.kind == "linux":
        return disk.root / linux_suspend.ORDER
    return disk.root / names.SIMULATOR_DATABASE / names.SLEEP_ORDER


def _send_to_sleep(disk: Disk) -> None:
    # Not in the host's own control group, which is what gets frozen.
    groups = cgroups.create(disk.lab, names.CARDS_CGROUP, disk.host.name)
    argv = [sys.executable, "-m", "lab", "--name", disk.lab, "sleep", disk.host.name]
    subprocess.Popen(cgroups.wrap(groups, argv), stdin=subprocess.DEVNULL, start_new_session=True)


def reset_network(disk: Disk) -> None:
    """Take the interfaces back to what they are without power: a namespace would keep what the last boot set."""
    namespace = names.host_namespace(disk.lab, disk.host.name)
    ports = {interface.device for interface in disk.host.interfaces}
    listed = json.loads(process.run("ip", "-n", namespace, "-json", "link", "show").stdout or "[]")
    found = {link["ifname"] for link in listed}
    extra = sorted(found - ports - {"lo"})
    process.batch(
        ["ip", "-n", namespace, "-force", "-batch", "-"], network.reset_commands(sorted(ports & found), extra)
    )
    process.run("ip", "netns", "exec", namespace, "nft", "flush", "ruleset", check=False)


def _tell_simulator(disk: Disk) -> None:
    database = disk.root / names.SIMULATOR_DATABASE
    for old in ("boot.json", "unlock"):  # of the last boot
        (database / old).unlink(missing_ok=True)
    lab = state.load(disk.lab)
    seen = cables.seen_by(lab.topology, disk.host.name, {*state.awake(disk.lab, lab.topology), disk.host.name})
    (database / "cables.json").write_text(seen, encoding="utf-8")


def main(argv: list[str]) -> int:
    """Run as a process of its own."""
    lab, host = argv
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        keep(lab, host)
    except LabError as error:
        print(error, flush=True)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
