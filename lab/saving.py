# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Save a lab as it is now, make one what it was then, and forget it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from lab import cgroups, images, keeper, lifecycle, names, power, preflight, settings, state, states
from lab.disk import load
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.images import Images
    from lab.settings import Settings
    from lab.states import SavedLab
    from lab.topology import Host


def save(lab: str, name: str, *, whole: bool, ready: Sequence[str], say: Callable[[str], None]) -> None:
    """Keep what the hosts wrote under a name, and go on above it."""
    preflight.check_machine()
    with state.locked(lab):
        known = state.load(lab)
        topology = known.topology
        states.check_free(name)
        kept = states.runtime_size(lab)
        preflight.check_space(names.DISKS, preflight.DISKS_BYTES + kept)
        disks = {host.name: load(lab, host.name) for host in topology.hosts}
        bare = [host for host, disk in disks.items() if disk is None]
        if bare:
            raise LabError(f"The host {bare[0]} has no disk; `lab up` makes it.")
        built = images.ensure(lab, topology, settings.read(topology.gateway), say)
        states.check_layers([disk for disk in disks.values() if disk], built.paths())
        powered = sorted(state.powered(lab, topology))
        say(f"shutting down {', '.join(powered) or 'nothing'}")
        running = [topology.host(host) for host in powered]
        try:
            lifecycle.in_parallel(running, lambda host: power.shutdown(lab, host))
            states.begin(name)
            states.keep_runtime(name, lab)
            saved = {host: disk.save(states.layer(name, host)) for host, disk in disks.items() if disk}
            states.SavedLab(
                name,
                known.inventory,
                topology,
                {host: states.SavedHost(disk.lowers, disk.init, disk.environment) for host, disk in saved.items()},
                tuple(powered),
                tuple(built.paths()),
                whole,
                tuple(ready),
                str(Path.cwd()) if ready else "",
                time.time(),
            ).write()
        finally:
            lifecycle.in_parallel(running, lambda host: power.press(lab, host))
        lifecycle.wait(lab, topology, running)


def restore(lab: str, name: str, hosts: Sequence[str], say: Callable[[str], None]) -> None:
    """Make hosts what they were when a lab was saved; without names the whole lab, whatever it is now."""
    preflight.check_machine()
    saved = states.load(name)
    wanted = [saved.topology.host(host) for host in hosts]
    with state.locked(lab):
        preflight.check_disk_space()
        machine = settings.read(saved.topology.gateway)
        built = images.ensure(lab, saved.topology, machine, say)
        states.check_images(saved, built.paths())
        if wanted:
            _restore_hosts(lab, saved, wanted)
        else:
            states.check_inventory(saved)
            _restore_lab(lab, saved, built, machine)
    if saved.ready:
        states.wait_until_ready(saved, lab)


def forget(name: str, say: Callable[[str], None]) -> None:
    """Remove a saved lab; labs that lie on it and ended with their machine, as after a power cut, go before it."""
    for lab in sorted(states.labs(name)):
        if not cgroups.processes(lab):
            say(f"nothing of the lab {lab} runs any more; removing it")
            lifecycle.down(lab)
    states.forget(name)


def _restore_lab(lab: str, saved: SavedLab, built: Images, machine: Settings) -> None:
    lifecycle.remove_leftovers(lab)
    names.runtime(lab).mkdir(mode=0o755, exist_ok=True)
    states.restore_runtime(saved.name, lab)
    lifecycle.begin(lab, saved.inventory, saved.topology, built, machine)
    for host in saved.topology.hosts:
        _renew(lab, saved, host)
    running = [saved.topology.host(host) for host in saved.powered]
    lifecycle.in_parallel(running, lambda host: keeper.start(lab, host.name))
    lifecycle.wait(lab, saved.topology, running)


def _restore_hosts(lab: str, saved: SavedLab, hosts: Sequence[Host]) -> None:
    topology = state.load(lab).topology
    states.check_single_hosts(saved, lab, topology)
    for host in hosts:
        cgroups.kill(lab, host.name)
        _renew(lab, saved, host)
    states.restore_known_hosts(saved.name, lab, hosts)
    running = [host for host in hosts if host.name in saved.powered]
    lifecycle.in_parallel(running, lambda host: power.press(lab, host))
    lifecycle.wait(lab, topology, running)


def _renew(lab: str, saved: SavedLab, host: Host) -> None:
    disk = saved.disk(lab, host.name)
    disk.create()
    disk.record()
