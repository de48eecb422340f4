# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The kernel's variables on a simulated Mac."""

from __future__ import annotations

import time

from ..network.names import kernel_name
from ..network.session import boot_session, boot_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..profile import Profile
    from ..tool import Context

AREA = "kernel"
WRITABLE = {
    "iogpu.wired_limit_mb",
    "kern.ipc.maxsockbuf",
    "kern.ipc.somaxconn",
    "kern.maxfiles",
    "kern.maxfilesperproc",
    "kern.maxproc",
    "kern.maxprocperuid",
    "net.inet.ip.forwarding",
    "net.inet.tcp.delayed_ack",
    "net.inet.tcp.recvspace",
    "net.inet.tcp.sendspace",
    "net.inet6.ip6.forwarding",
}
_GIGABYTE = 1 << 30
_SERVER_MEMORY = 16


def values(context: Context) -> dict[str, str]:
    """Return every variable by its name; what was set since the start counts."""
    found = {**_hardware(context.profile), **_machine(context.profile), **_kernel(context), **_network()}
    stored = context.state.read(AREA)
    if stored.get("session") == found["kern.bootsessionuuid"]:
        found.update(stored.get("values", {}))
    return found


def begin_session(context: Context) -> None:
    """Note with which boot arguments the Mac was started; changes of the variable count from the next start on."""
    with context.state.edit(AREA) as stored:
        session = boot_session(context.profile.name)
        if stored.get("session") != session:
            stored.clear()
            stored.update(session=session, boot_args=_next_boot_args(context))


def _next_boot_args(context: Context) -> str:
    return str(context.state.read("nvram").get("boot-args", ""))


def _hardware(profile: Profile) -> dict[str, str]:
    cores, fast, slow = profile.cores, profile.performance_cores, profile.efficiency_cores
    memory = profile.memory_gigabytes * _GIGABYTE
    return {
        "hw.ncpu": str(cores),
        "hw.byteorder": "1234",
        "hw.memsize": str(memory),
        "hw.activecpu": str(cores),
        "hw.nperflevels": "2",
        "hw.perflevel0.physicalcpu": str(fast),
        "hw.perflevel0.logicalcpu": str(fast),
        "hw.perflevel0.name": "Performance",
        "hw.perflevel1.physicalcpu": str(slow),
        "hw.perflevel1.logicalcpu": str(slow),
        "hw.perflevel1.name": "Efficiency",
        "hw.optional.arm64": "1",
        "hw.physicalcpu": str(cores),
        "hw.physicalcpu_max": str(cores),
        "hw.logicalcpu": str(cores),
        "hw.logicalcpu_max": str(cores),
        "hw.cputype": "16777228",
        "hw.cpusubtype": "2",
        "hw.pagesize": "16384",
        "hw.memsize_usable": str(memory * 98 // 100),
        "hw.targettype": str(profile.hardware["target"]).removesuffix("AP"),
        "hw.model": profile.model,
    }


def _machine(profile: Profile) -> dict[str, str]:
    return {
        "machdep.cpu.cores_per_package": str(profile.cores),
        "machdep.cpu.core_count": str(profile.cores),
        "machdep.cpu.logical_per_package": str(profile.cores),
        "machdep.cpu.thread_count": str(profile.cores),
        "machdep.cpu.brand_string": profile.chip,
    }


def _kernel(context: Context) -> dict[str, str]:
    profile = context.profile
    session = boot_session(profile.name)
    moment = boot_time()
    stored = context.state.read(AREA)
    arguments = stored["boot_args"] if stored.get("session") == session else _next_boot_args(context)
    server = "serverperfmode=1" in arguments.split() and profile.memory_gigabytes >= _SERVER_MEMORY
    processes = 2500 * profile.memory_gigabytes // 8 if server else 4000
    return {
        "kern.ostype": "Darwin",
        "kern.osrelease": profile.kernel,
        "kern.osrevision": "199506",
        "kern.version": profile.kernel_version,
        "kern.maxproc": str(processes),
        "kern.maxfiles": "491520" if server else "245760",
        "kern.maxfilesperproc": "245760" if server else "122880",
        "kern.maxprocperuid": str(processes * 3 // 4 if server else 2666),
        "kern.hostname": kernel_name(context),
        "kern.boottime": f"{{ sec = {int(moment)}, usec = {int(moment % 1 * 1_000_000)} }} {time.ctime(moment)}",
        "kern.osversion": profile.build,
        "kern.osproductversion": profile.version,
        "kern.bootargs": arguments,
        "kern.bootsessionuuid": session,
        "kern.uuid": str(profile.host.get("hardware_uuid", "")),
        "kern.serverperfmode": str(int("serverperfmode=1" in arguments.split())),
        "kern.ipc.maxsockbuf": "8388608",
        "kern.ipc.somaxconn": "128",
        "kern.safeboot": "0",
        "iogpu.wired_limit_mb": "0",
    }


def _network() -> dict[str, str]:
    return {
        "net.inet.ip.forwarding": "0",
        "net.inet.tcp.delayed_ack": "3",
        "net.inet.tcp.recvspace": "131072",
        "net.inet.tcp.sendspace": "131072",
        "net.inet6.ip6.forwarding": "0",
    }
