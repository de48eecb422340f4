# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What exo reads from macOS's own programs, and from macmon when it can be run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
from typing import TYPE_CHECKING, Any, Protocol

from . import clock
from .programs import ProgramError, output

if TYPE_CHECKING:
    from .log import Log

_WHERE = "exo.utils.info_gatherer.info_gatherer:run:1"
_POLL = 10.0
_NO_BRIDGE = {"enabled": False, "exists": False, "serviceName": None}
_USED_MEMORY = 5 * 1024**3  # what macOS itself keeps busy on an idle Mac mini


class Reports(Protocol):
    """Where what was read goes."""

    @property
    def free_memory(self) -> int | None:
        """What this node is told to have free, in bytes."""

    def send(self, kind: str, info: dict[str, Any]) -> None:
        """Emit one piece of information."""


def parse_ports(text: str) -> list[tuple[str, str]]:
    """Return (hardware port, device) of networksetup -listallhardwareports."""
    ports, name = [], ""
    for line in text.splitlines():
        key, _, value = line.partition(": ")
        if key == "Hardware Port":
            name = value.strip()
        elif key == "Device" and name:
            ports.append((name, value.strip()))
            name = ""
    return ports


def interface_type(port: str, device: str) -> str:
    """Return exo's idea of an interface: any en port but the first two may be a network card or Thunderbolt."""
    if device.startswith("en") and device not in ("en0", "en1"):
        return "maybe_ethernet"
    if "Wi-Fi" in port:
        return "wifi"
    if "Ethernet" in port or "LAN" in port:
        return "ethernet"
    return "thunderbolt" if port.startswith("Thunderbolt") else "unknown"


async def interface_types() -> dict[str, str]:
    """Return the type of each device."""
    try:
        ports = parse_ports(await output("networksetup", "-listallhardwareports"))
    except ProgramError:
        return {}
    return {device: interface_type(port, device) for port, device in ports}


def _value(text: str, label: str) -> str | None:
    """Return the value of the first line that has a label."""
    return next((line.split(": ", 1)[1].strip() for line in text.splitlines() if label in line and ": " in line), None)


async def identity() -> tuple[dict[str, str], str]:
    """Return the static information and the name a person gave the Mac."""
    hardware, version, build, name = "", "", "", ""
    with contextlib.suppress(ProgramError):
        hardware = await output("system_profiler", "SPHardwareDataType")
    with contextlib.suppress(ProgramError):
        version = (await output("sw_vers", "-productVersion")).strip()
        build = (await output("sw_vers", "-buildVersion")).strip()
    with contextlib.suppress(ProgramError):
        name = (await output("scutil", "--get", "ComputerName")).strip()
    static = {
        "model": _value(hardware, "Model Name") or "Unknown Model",
        "chip": _value(hardware, "Chip") or "Unknown Chip",
        "osVersion": version or "Unknown",
        "osBuildVersion": build or "Unknown",
    }
    return static, name or socket.gethostname()


def parse_thunderbolt(text: str, devices: dict[str, str]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return ports and cables of system_profiler SPThunderboltDataType -json."""
    ports, cables = [], []
    for bus in json.loads(text).get("SPThunderboltDataType", []):
        domain, receptacle = bus.get("domain_uuid_key"), bus.get("receptacle_1_tag", {})
        if domain is None:
            continue
        port = f"Thunderbolt {receptacle.get('receptacle_id_key')}"
        if port in devices:
            speed = receptacle.get("current_speed_key") or ""
            ports.append({"rdmaInterface": f"rdma_{devices[port]}", "domainUuid": domain, "linkSpeed": speed})
        far = next((item["domain_uuid_key"] for item in bus.get("_items", []) if "domain_uuid_key" in item), None)
        if far is not None:
            cables.append({"sourceUuid": domain, "sinkUuid": far})
    return ports, cables


async def bridge_status(ports: list[tuple[str, str]]) -> dict[str, Any]:
    """Return whether a bridge over Thunderbolt ports exists and whether its service is enabled."""
    thunderbolt = {device for port, device in ports if "thunderbolt" in port.lower()}
    service = ""
    for line in (await output("networksetup", "-listnetworkserviceorder")).splitlines():
        if line.startswith("(") and not line.startswith("(Hardware Port:"):
            service = line.partition(") ")[2]
        elif "Device: bridge" in line:
            bridge = line.split("Device: ", 1)[1].rstrip(")")
            try:
                text = await output("ifconfig", bridge)
            except ProgramError:
                continue
            members = {item.split()[1] for item in text.splitlines() if item.strip().startswith("member:")}
            if members & thunderbolt:
                try:
                    enabled = (await output("networksetup", "-getnetworkserviceenabled", service)).strip().lower()
                except ProgramError:
                    enabled = ""
                return {"enabled": enabled == "enabled", "exists": True, "serviceName": service}
    return dict(_NO_BRIDGE)


async def monitor_hardware(reports: Reports, log: Log) -> None:
    """Report Thunderbolt, the bridge and RDMA."""
    while True:
        await _report_hardware(reports, log)
        await clock.sleep(_POLL)


async def _report_hardware(reports: Reports, log: Log) -> None:
    try:
        ports = parse_ports(await output("networksetup", "-listallhardwareports"))
        text = await output("system_profiler", "SPThunderboltDataType", "-json")
        identifiers, cables = parse_thunderbolt(text, dict(ports))
        reports.send("MacThunderboltIdentifiers", {"idents": identifiers})
        reports.send("MacThunderboltConnections", {"conns": cables})
        reports.send("ThunderboltBridgeInfo", {"status": await bridge_status(ports)})
    except (OSError, ValueError, KeyError) as error:
        log.warning(f"Error gathering Thunderbolt data\n{type(error).__name__}: {error}", where=_WHERE)
    if shutil.which("rdma_ctl"):
        with contextlib.suppress(ProgramError):
            reports.send("RdmaCtlStatus", {"enabled": "enabled" in (await output("rdma_ctl", "status")).lower()})


async def monitor_memory(reports: Reports, log: Log) -> None:
    """Report what macmon says; without it only the memory, and no nodeSystem at all."""
    program = os.environ.get("EXO_MACMON_PATH") or shutil.which("macmon")
    if program is None:
        log.warning("macmon not found, falling back to psutil for memory monitoring", where=_WHERE)
        await _monitor_memory_only(reports)
        return
    try:
        await output(program, "pipe", "--samples", "1", "--interval", "100")
    except ProgramError:
        log.warning(f"macmon at {program} is unusable, falling back to psutil memory monitoring", where=_WHERE)
        await _monitor_memory_only(reports)
        return
    interval = int(clock.scaled(clock.MEMORY_INTERVAL) * 1000)
    process = await asyncio.create_subprocess_exec(
        program, "pipe", "--interval", str(interval), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is not None:
            async for line in process.stdout:
                reports.send("MacmonMetrics", _metrics(json.loads(line), reports.free_memory))
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    log.warning("MacMon failed, falling back to psutil", where=_WHERE)
    await _monitor_memory_only(reports)


def _metrics(raw: dict[str, Any], free: int | None) -> dict[str, Any]:
    """Return macmon's figures as exo reports them; the free memory may be a figure of ours."""
    sizes = raw["memory"]
    available = sizes["ram_total"] - sizes["ram_usage"] if free is None else free
    return {
        "systemProfile": {
            "gpuUsage": raw["gpu_usage"][1],
            "temp": raw["temp"]["gpu_temp_avg"],
            "sysPower": raw["sys_power"],
            "pcpuUsage": raw["pcpu_usage"][1],
            "ecpuUsage": raw["ecpu_usage"][1],
        },
        "memory": {
            "ramTotal": {"inBytes": sizes["ram_total"]},
            "ramAvailable": {"inBytes": available},
            "swapTotal": {"inBytes": sizes["swap_total"]},
            "swapAvailable": {"inBytes": sizes["swap_total"] - sizes["swap_usage"]},
        },
    }


async def _monitor_memory_only(reports: Reports) -> None:
    total = int(await output("sysctl", "-n", "hw.memsize"))
    available = total - _USED_MEMORY
    override = os.environ.get("OVERRIDE_MEMORY_MB")
    if override:
        available = int(override) * 1024 * 1024
    sizes = {"ramTotal": total, "ramAvailable": available, "swapTotal": 0, "swapAvailable": 0}
    while True:
        if reports.free_memory is not None:
            sizes["ramAvailable"] = reports.free_memory
        reports.send("MemoryUsage", {name: {"inBytes": size} for name, size in sizes.items()})
        await clock.sleep(clock.MEMORY_INTERVAL)
