# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Bring a lab up, take it down, and make its hosts bare again.

Nothing is found by memory alone: whatever `down` removes has the lab's name in it, so a command killed at any moment
leaves nothing that the next one cannot find.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lab import (
    access,
    cgroups,
    compiled,
    guests,
    images,
    inventory,
    keeper,
    names,
    netns,
    network,
    power,
    preflight,
    rootfs,
    services,
    settings,
    sites,
    sleeping,
    state,
    uplink,
    wiring,
)
from lab.disk import Disk, load
from lab.removal import remove_tree
from lab.standins.nvidia.bus import guest as bus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab.images import Images
    from lab.settings import Settings
    from lab.topology import Host, Topology

_NSPAWN_RUNTIME = Path("/run/systemd/nspawn")
_DRAIN_SECONDS = 1.0
_LIVE_CONNECTION = ("01", "08")


def up(lab: str, inventory_directory: Path, say: Callable[[str], None]) -> Topology:
    """Create what is missing of a lab, start what is off, and return when every host can be logged in to."""
    preflight.check_machine()
    topology = inventory.read(inventory_directory)
    with state.locked(lab):
        preflight.check_disk_space()
        before = state.load_or_none(lab)
        if before is None:
            remove_leftovers(lab)
        else:
            _remove_broken_network(lab)
            _remove_changed_hosts(lab, before.topology, topology)
            for host in before.topology.hosts:
                sleeping.interrupt(lab, host)
        machine = settings.read(topology.gateway)
        built = images.ensure(lab, topology, machine, say)
        begin(lab, str(inventory_directory.resolve()), topology, built, machine)
        off = [host for host in topology.hosts if not cgroups.processes(lab, host.name)]
        if off:
            say(f"starting {', '.join(host.name for host in off)}")
        in_parallel(off, lambda host: _start(lab, host, topology, built, machine))
        wait(lab, topology, topology.hosts)
        images.prune(built)
    return topology


def begin(lab: str, inventory_directory: str, topology: Topology, built: Images, machine: Settings) -> None:
    """Create what a lab has beside its hosts."""
    names.runtime(lab).mkdir(mode=0o755, exist_ok=True)
    state.State(lab, inventory_directory, topology).save()
    _create_network(lab, topology)
    _start_services(lab, topology, built, machine)
    access.write_files(lab, topology)
    access.password(lab)
    sites.write(lab)


def wait(lab: str, topology: Topology, hosts: Iterable[Host]) -> None:
    """Wait until hosts can be logged in to."""
    in_parallel(hosts, lambda host: power.wait(lab, host))
    wiring.refresh(lab, topology)


def _create_network(lab: str, topology: Topology) -> None:
    renewed = network.up(lab, topology)
    uplink.up(lab, topology)
    for host in renewed:
        # New interfaces under a running host are hardware swapped under power: it starts again with them.
        cgroups.kill(lab, host.name)
    wiring.refresh(lab, topology, {host.name for host in topology.hosts})


def _start_services(lab: str, topology: Topology, built: Images, machine: Settings) -> None:
    arguments = {
        "gateway": topology.gateway,
        "artifact_address": topology.artifact_address,
        "artifacts": str(images.publish(lab, built)),
        "relays": [(relay.port, relay.address) for relay in machine.relays],
    }
    services.start(lab, arguments)


def _start(lab: str, host: Host, topology: Topology, built: Images, machine: Settings) -> None:
    if load(lab, host.name) is None:
        disk = built.disk(lab, host)
        guests.prepare(disk, topology, machine)
        if host.has_gpu:
            bus.install(disk)
    keeper.start(lab, host.name)


def in_parallel(hosts: Iterable[Host], action: Callable[[Host], None]) -> None:
    """Do something for all hosts side by side; of what goes wrong the first is raised when all have ended."""
    errors: list[Exception] = []

    def guarded(host: Host) -> None:
        try:
            action(host)
        except Exception as error:
            errors.append(error)

    # Daemons: after a Ctrl-C nothing waits for them.
    threads = [threading.Thread(target=guarded, args=(host,), daemon=True) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _remove_broken_network(lab: str) -> None:
    """Start over with the network if its centre is gone: what hung on it cannot be connected to a new one."""
    if names.fabric_namespace(lab) not in names.lab_namespaces(lab):
        cgroups.kill(lab)
        network.down(lab)
        uplink.down(lab)


def _remove_changed_hosts(lab: str, before: Topology, after: Topology) -> None:
    """Remove the hosts that are no longer in the inventory, or are another machine now."""
    if before.subnet != after.subnet:
        remove_leftovers(lab)
        return
    for host in before.hosts:
        if host not in after.hosts:
            _remove_host(lab, host)


def _remove_host(lab: str, host: Host) -> None:
    cgroups.kill(lab, host.name)
    network.remove_host(lab, host)
    Disk(lab, host, ()).erase()
    access.forget(lab, [host])


def reset(lab: str, hosts: list[Host], say: Callable[[str], None]) -> None:
    """Make hosts bare again: new machines with the old names."""
    preflight.check_machine()
    with state.locked(lab):
        topology = state.load(lab).topology
        machine = settings.read(topology.gateway)
        built = images.ensure(lab, topology, machine, say)
        images.publish(lab, built)
        for host in hosts:
            cgroups.kill(lab, host.name)

        access.forget(lab, hosts)

        def renew(host: Host) -> None:
            Disk(lab, host, ()).erase()
            _start(lab, host, topology, built, machine)

        in_parallel(hosts, renew)
        wiring.refresh(lab, topology, {*state.awake(lab, topology), *(host.name for host in hosts)})
        wait(lab, topology, hosts)


def down(lab: str) -> None:
    """Remove everything of a lab, whatever state it is in; a lab that is not there is no error."""
    preflight.check_machine()
    with state.locked(lab):
        remove_leftovers(lab)
        if not [other for other in names.existing_labs() if other != lab]:
            uplink.restore_forwarding()
            cgroups.remove_parent()
        rootfs.remove_unfinished()
        compiled.remove_unfinished()
        state.remove_lock(lab)


def remove_leftovers(lab: str) -> None:
    """Remove all of a lab but its lock, whatever state it is in."""
    cgroups.kill(lab)
    _drain(lab)
    network.down(lab)
    uplink.down(lab)
    for directory in (names.DISKS / lab, names.runtime(lab)):
        remove_tree(directory)
    for kind in ("propagate", "unix-export", "locks"):
        for leftover in (_NSPAWN_RUNTIME / kind).glob(f"{names.machine_name(lab, '')}*"):
            remove_tree(leftover)


def _drain(lab: str) -> None:
    """Let ssh clients notice that the hosts are gone: a connection that is still open would keep the fabric alive."""
    if not (names.NETNS_DIRECTORY / names.fabric_namespace(lab)).exists():
        return
    deadline = time.monotonic() + _DRAIN_SECONDS
    while time.monotonic() < deadline:
        with netns.inside(names.fabric_namespace(lab)):
            lines = Path("/proc/thread-self/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        if not any(line.split()[3] in _LIVE_CONNECTION for line in lines):
            return
        time.sleep(_DRAIN_SECONDS / 20)
