# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a bare host knows when it is first switched on: the files of a new Linux machine and of a new Mac."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lab import access, identity, linux_card, linux_suspend, names, process, settings
from lab.standins.nvidia import guest as nvidia

if TYPE_CHECKING:
    from lab.disk import Disk
    from lab.settings import Settings
    from lab.topology import Host, Topology

_MAC_BUNDLE = "/etc/ssl/cert.pem"
_SIMULATED = "/System/Library/Simulator/bin/simulate"
_ADMIN = (501, 80)
_MAC_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
_INDEX_AND_PROXY = "# This machine's own settings, passed on to the hosts of the lab.\n"


def prepare(disk: Disk, topology: Topology, machine: Settings) -> None:
    """Make a host's disk: after this it can be switched on for the first time."""
    disk.create()
    _write_host_keys(disk, "private/etc/ssh" if disk.host.kind == "macos" else "etc/ssh")
    if disk.host.kind == "macos":
        disk = _prepare_mac(disk, topology, machine)
    else:
        _prepare_linux(disk, topology, machine)
    disk.record()


def _write_host_keys(disk: Disk, directory: str) -> None:
    made = disk.directory / "key"
    process.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(made))
    disk.write(f"{directory}/ssh_host_ed25519_key", made.read_text(encoding="ascii"), 0o600)
    public = made.with_suffix(".pub")
    disk.write(f"{directory}/ssh_host_ed25519_key.pub", public.read_text(encoding="ascii"))
    made.unlink()
    public.unlink()


def _write_password(disk: Disk, path: str) -> None:
    hashed = access.password_hash(access.password(disk.lab))
    disk.write(path, access.shadow_with(disk.read(path), names.ADMIN, hashed), 0o640)


def _prepare_linux(disk: Disk, topology: Topology, machine: Settings) -> None:
    host = disk.host
    interface = host.interfaces[0]
    _write_password(disk, "etc/shadow")
    disk.write("etc/hostname", f"{host.name}\n")
    disk.write("etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {host.name}\n::1 localhost ip6-localhost ip6-loopback\n")
    disk.write("etc/machine-id", f"{uuid.uuid4().hex}\n", 0o444)
    disk.write("etc/resolv.conf", f"nameserver {topology.gateway}\n")
    disk.write(
        "etc/systemd/network/10-lan.network",
        f"[Match]\nName={interface.device}\n\n[Network]\nAddress={host.address}/{topology.network.prefixlen}\n"
        # One that slept hears of the loss of its carrier when that is back, and would lose its route over it.
        f"Gateway={topology.gateway}\nIPv6AcceptRA=no\nIgnoreCarrierLoss=yes\n",
    )
    for path, text, mode in linux_settings(machine):
        disk.write(path, text, mode)
    for path, (text, mode) in (linux_card.FILES | linux_suspend.FILES).items():
        disk.write(path, text, mode)
    if host.has_gpu:
        nvidia.install(disk)


def linux_settings(machine: Settings) -> list[tuple[str, str, int]]:
    """Return path, text and mode of the files that let package installs work inside a Linux host."""
    files = [(f"etc/apt/auth.conf.d/{name}.conf", text, 0o600) for name, text in machine.apt_credentials.items()]
    if machine.apt_options:
        files.append(("etc/apt/apt.conf.d/90lab", machine.apt_options, 0o644))
    if machine.pip_configuration.strip():
        files.append(("etc/pip.conf", machine.pip_configuration, 0o644))
    if machine.environment:
        pairs = machine.environment.items()
        files.append(("etc/environment", "".join(f'{name}="{value}"\n' for name, value in pairs), 0o644))
        kept = f'Defaults env_keep += "{" ".join(machine.environment)}"\n'
        files.append(("etc/sudoers.d/lab-environment", _INDEX_AND_PROXY + kept, 0o440))
        # systemd reads % as the start of a specifier.
        quoted = " ".join(f'"{name}={value}"'.replace("%", "%%") for name, value in pairs)
        files.append(("etc/systemd/system.conf.d/lab.conf", f"[Manager]\nDefaultEnvironment={quoted}\n", 0o644))
    return files


def mac_environment(machine: Settings) -> dict[str, str]:
    """Return the settings as a Mac has them, where the certificate bundle is at another place."""
    return {
        name: _MAC_BUNDLE if value == settings.SYSTEM_BUNDLE else value for name, value in machine.environment.items()
    }


def _prepare_mac(disk: Disk, topology: Topology, machine: Settings) -> Disk:
    host, environment = disk.host, mac_environment(machine)
    _write_password(disk, "private/etc/shadow")
    disk.write(f"{names.SIMULATOR_DATABASE}/host.json", json.dumps(host_record(host, topology), indent=1) + "\n")
    disk.write(f"private{_MAC_BUNDLE}", disk.read(settings.SYSTEM_BUNDLE.lstrip("/")))
    if machine.pip_configuration.strip():
        text = machine.pip_configuration.replace(settings.SYSTEM_BUNDLE, _MAC_BUNDLE)
        disk.write("private/etc/pip.conf", text)
    if environment:
        # sshd takes the first SetEnv it reads, and the Mac's own one, which comes after this, only sets the path.
        pairs = " ".join(f'"{name}={value}"' for name, value in {"PATH": _MAC_PATH, **environment}.items())
        disk.write("private/etc/ssh/sshd_config.d/100-lab.conf", f"{_INDEX_AND_PROXY}SetEnv {pairs}\n", 0o600)
    if host.has_homebrew:
        _install_homebrew(disk, topology)
    return replace(disk, environment=environment)


def _install_homebrew(disk: Disk, topology: Topology) -> None:
    """Do what a person does once: Homebrew belongs to the administrator, and here takes its bottles from the lab."""
    disk.write("private/etc/homebrew/brew.env", f"HOMEBREW_BOTTLE_DOMAIN=http://{topology.artifact_address}/homebrew\n")
    disk.write("private/etc/paths.d/homebrew", "/opt/homebrew/bin\n")
    prefix = disk.upper / "opt/homebrew"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin/brew").symlink_to(_SIMULATED)
    for path in (prefix, prefix / "bin"):
        os.chown(path, *_ADMIN)


def host_record(host: Host, topology: Topology) -> dict[str, Any]:
    """Return what the simulator knows about its machine, in the form of host.json."""
    interfaces: dict[str, dict[str, Any]] = {}
    for interface in host.interfaces:
        record: dict[str, Any] = {"port": interface.port, "address": interface.address}
        if interface.receptacle is not None:
            record["receptacle"] = interface.receptacle
        interfaces[interface.device] = record
    lease = {
        "address": host.address,
        "netmask": str(topology.network.netmask),
        "router": topology.gateway,
        "dns": [topology.gateway],
    }
    return {
        "name": host.name,
        "release": host.release,
        "model": host.model,
        "memory_gigabytes": host.memory_gigabytes,
        "serial": identity.serial_number(host.name),
        "hardware_uuid": identity.identifier(host.name, "hardware"),
        "users": [{"name": names.ADMIN, "full_name": names.ADMIN.capitalize(), "uid": 501}],
        "interfaces": interfaces,
        "dhcp": {host.interfaces[0].device: lease},
        "thunderbolt": {
            "domain_uuid": identity.identifier(host.name, "thunderbolt"),
            "switch_uid": identity.switch_identifier(host.name),
        },
    }
