# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The collectors of node_exporter on macOS: their metrics, with the numbers of the Linux machine underneath."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

_PROC = Path("/proc")
_HOST = Path("/private/var/db/simulator/host.json")
_MEMORY = Path("/private/var/db/simulator/state/memory.json")
_SECTOR = 512
_TICKS = 100
_ROOT = {"device": "/dev/disk3s1s1", "fstype": "apfs", "mountpoint": "/"}
_DATA = {"device": "/dev/disk3s5", "fstype": "apfs", "mountpoint": "/System/Volumes/Data"}


def collect(name: str, values: dict[str, str]) -> list[str]:
    """Return the lines of one collector."""
    if name == "filesystem":
        return filesystem(re.compile(values["collector.filesystem.mount-points-exclude"]))
    return {
        "boottime": boottime,
        "cpu": cpu,
        "diskstats": diskstats,
        "loadavg": loadavg,
        "meminfo": meminfo,
        "netdev": netdev,
        "os": system,
        "powersupplyclass": list,
        # On Apple Silicon it only logs that no CPU power status has been recorded.
        "thermal": list,
        "time": clock,
        "uname": uname,
    }[name]()


def sample(metric: str, value: float, /, **labels: str) -> str:
    """Return one line."""
    inside = ",".join(f'{key}="{text}"' for key, text in sorted(labels.items()))
    return f"{metric}{{{inside}}} {value!r}" if inside else f"{metric} {value!r}"


def _host() -> dict[str, object]:
    found: dict[str, object] = json.loads(_HOST.read_text(encoding="utf-8")) if _HOST.exists() else {}
    return found


def boottime() -> list[str]:
    """Tell when the machine started."""
    uptime = float((_PROC / "uptime").read_text(encoding="ascii").split()[0])
    # The simulated Mac starts with its first process, long after the machine underneath.
    first = float((_PROC / "1/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19]) / _TICKS
    started = time.time() - uptime + first
    return ["# TYPE node_boot_time_seconds gauge", f"node_boot_time_seconds {started:.0f}"]


def cpu() -> list[str]:
    """Seconds of every processor in the four modes macOS knows."""
    lines = ["# TYPE node_cpu_seconds_total counter"]
    for line in (_PROC / "stat").read_text(encoding="ascii").splitlines():
        match = re.match(r"cpu(\d+) (\d+) (\d+) (\d+) (\d+)", line)
        if match:
            number, *ticks = match.groups()
            lines += [
                sample("node_cpu_seconds_total", int(count) / _TICKS, cpu=number, mode=mode)
                for mode, count in zip(("user", "nice", "system", "idle"), ticks, strict=True)
            ]
    return lines


def diskstats() -> list[str]:
    """Count what was read and written, as the one internal disk."""
    read = written = 0
    for line in (_PROC / "diskstats").read_text(encoding="ascii").splitlines():
        fields = line.split()
        if re.fullmatch(r"(vd[a-z]|sd[a-z]|nvme\d+n\d+)", fields[2]):
            read, written = read + int(fields[5]), written + int(fields[9])
    lines = []
    for name, sectors in (("read", read), ("written", written)):
        metric = f"node_disk_{name}_bytes_total"
        lines += [f"# TYPE {metric} counter", sample(metric, sectors * _SECTOR, device="disk0")]
    return lines


def filesystem(exclude: re.Pattern[str]) -> list[str]:
    """Space on the system and data volumes, which are one container and so have the same numbers."""
    status = os.statvfs("/")
    figures = {
        "size_bytes": status.f_blocks * status.f_frsize,
        "free_bytes": status.f_bfree * status.f_frsize,
        "avail_bytes": status.f_bavail * status.f_frsize,
        "files": status.f_files,
        "files_free": status.f_ffree,
    }
    volumes = [labels for labels in (_ROOT, _DATA) if not exclude.search(labels["mountpoint"])]
    lines = []
    for figure, value in figures.items():
        lines.append(f"# TYPE node_filesystem_{figure} gauge")
        lines += [sample(f"node_filesystem_{figure}", value, **labels) for labels in volumes]
    return lines


def loadavg() -> list[str]:
    """Load over one, five and fifteen minutes."""
    lines = []
    for name, value in zip(("node_load1", "node_load5", "node_load15"), os.getloadavg(), strict=True):
        lines += [f"# TYPE {name} gauge", f"{name} {value:g}"]
    return lines


def _pressed() -> float:
    """Return the share of the memory that a test says is in use."""
    return float(json.loads(_MEMORY.read_text(encoding="utf-8"))["used_ratio"]) if _MEMORY.exists() else 0.0


def meminfo() -> list[str]:
    """Memory by the kinds macOS has; there is no figure for what is available."""
    found = {
        name: int(size) * 1024
        for name, size in re.findall(
            r"^(\S+):\s+(\d+) kB", (_PROC / "meminfo").read_text(encoding="ascii"), re.MULTILINE
        )
    }
    total = int(str(_host().get("memory_gigabytes", 16))) * 1024**3
    scale = total / found["MemTotal"]
    figures = {
        "total": total,
        "free": found["MemFree"] * scale,
        "active": found["Active(anon)"] * scale,
        "inactive": found["Inactive"] * scale,
        "wired": (found["Slab"] + found.get("KernelStack", 0)) * scale,
        "compressed": 0,
        "purgeable": 0,
        "internal": max(found["AnonPages"] * scale, total * _pressed()),
        "swap_total": found["SwapTotal"],
        "swap_used": found["SwapTotal"] - found["SwapFree"],
    }
    lines = []
    for name, value in figures.items():
        lines += [f"# TYPE node_memory_{name}_bytes gauge", f"node_memory_{name}_bytes {value:.0f}"]
    return lines


def netdev() -> list[str]:
    """Bytes, packets and errors of every interface."""
    rows = {}
    for line in Path("/proc/net/dev").read_text(encoding="ascii").splitlines()[2:]:
        device, _, numbers = line.partition(":")
        rows["lo0" if device.strip() == "lo" else device.strip()] = [int(number) for number in numbers.split()]
    columns = {
        "receive_bytes": 0,
        "receive_packets": 1,
        "receive_errs": 2,
        "receive_drop": 3,
        "transmit_bytes": 8,
        "transmit_packets": 9,
        "transmit_errs": 10,
    }
    lines = []
    for name, column in columns.items():
        lines.append(f"# TYPE node_network_{name}_total counter")
        lines += [sample(f"node_network_{name}_total", row[column], device=device) for device, row in rows.items()]
    return lines


def system() -> list[str]:
    """Name and version of macOS."""
    release = str(_host().get("release", "26.5"))
    labels = {"id": "macos", "name": "macOS", "pretty_name": f"macOS {release}", "version_id": release}
    return ["# TYPE node_os_info gauge", sample("node_os_info", 1, **labels)]


def clock() -> list[str]:
    """Tell the time here."""
    return ["# TYPE node_time_seconds gauge", f"node_time_seconds {time.time():.6f}"]


def uname() -> list[str]:
    """Say what `uname` says."""
    name = str(_host().get("name", os.uname().nodename))
    labels = {"sysname": "Darwin", "machine": "arm64", "nodename": name, "release": "25.5.0", "domainname": "(none)"}
    return ["# TYPE node_uname_info gauge", sample("node_uname_info", 1, **labels)]
