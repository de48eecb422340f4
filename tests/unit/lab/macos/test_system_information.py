# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``system_profiler``, ``sysctl``, ``sw_vers``: section 5 of the collected outputs."""

from __future__ import annotations

import io
import json
import struct
import time

import pytest

from lab.macos.simulator.tool import call

from .links import SHOW, as_text, new_mac, per_port

IDLE_BUS = """\
    Thunderbolt/USB4 Bus {number}:

      Vendor Name: Apple Inc.
      Device Name: Mac mini
      UID: {switch}
      Route String: 0
      Domain UUID: {domain}
      Port:
          Status: No device connected
          Link Status: 0x100
          Speed: Up to {speed} Gb/s
          Receptacle: {receptacle}
          Micro Firmware Version: 0.0.0
"""
PEER = """\
          Status: Device connected
          Link Status: 0x2
          Speed: 80 Gb/s
          Receptacle: 1
          Micro Firmware Version: 0.0.0

        Mac mini:

          Vendor Name: Apple Inc.
          Device Name: Mac16,11
          Device ID: 0xA
          Vendor ID: 0x0A27
          Domain UUID: 00000000-0000-0000-0000-0000000000A2
          Services:
              Internet Protocol:
                Protocol ID: 1
"""
HARDWARE = """\
Hardware:

    Hardware Overview:

      Model Name: Mac mini
      Model Identifier: Mac16,10
      Model Number: MU9D3VC/A
      Chip: Apple M4
      Total Number of Cores: 10 (4 performance and 6 efficiency)
      Memory: 16 GB
"""
END = {"host": "olab2", "receptacle": 3, "model": "Mac16,11", "domain_uuid": "00000000-0000-0000-0000-0000000000A0"}


@pytest.mark.parametrize(
    ("model", "speed"), [pytest.param("Mac16,10", 40, id="TB4"), pytest.param("Mac16,11", 120, id="TB5")]
)
def test_idle_buses_descend(mac, model, speed) -> None:
    mac.answer(*SHOW, out=as_text(new_mac()))
    buses = [
        IDLE_BUS.format(
            number=number,
            receptacle=number + 1,
            speed=speed,
            switch=f"0x05AC51E771159CF{2 + number}",
            domain=f"3D589BC7-F32A-4054-BE1A-F8253AD4FE5{1 + number}",
        )
        for number in (2, 1, 0)
    ]
    out = mac.run("system_profiler", "SPThunderboltDataType", model=model).out
    assert out == "Thunderbolt/USB4:\n\n" + "\n".join(buses) + "\n"


def test_peer(mac) -> None:
    mac.answer(*SHOW, out=as_text(per_port("en2")))
    mac.cables(r1=END)
    assert PEER in mac.run("system_profiler", "SPThunderboltDataType", model="Mac16,11").out


@pytest.mark.parametrize(
    ("model", "peer", "speed"),
    [
        pytest.param("Mac16,11", "Mac16,11", "80 Gb/s", id="TB5 to TB5"),
        pytest.param("Mac16,11", "Mac16,10", "40 Gb/s", id="TB5 to TB4"),
        pytest.param("Mac16,10", "Mac16,10", "40 Gb/s", id="TB4 to TB4"),
    ],
)
def test_json_of_a_link(mac, model, peer, speed) -> None:
    mac.answer(*SHOW, out=as_text(per_port("en2")))
    mac.cables(r1={**END, "model": peer})
    buses = json.loads(mac.run("system_profiler", "SPThunderboltDataType", "-json", model=model).out)
    assert buses["SPThunderboltDataType"][0] == {
        "_items": [
            {
                "_name": "Mac mini",
                "device_id_key": "0xA",
                "device_name_key": peer,
                "domain_uuid_key": "00000000-0000-0000-0000-0000000000A2",
                "services_title": [{"_name": "service_ip", "protocol_id_key": 1}],
                "vendor_id_key": "0x0A27",
                "vendor_name_key": "Apple Inc.",
            }
        ],
        "_name": "thunderboltusb4_bus_0",
        "device_name_key": "Mac mini",
        "domain_uuid_key": "3D589BC7-F32A-4054-BE1A-F8253AD4FE51",
        "receptacle_1_tag": {
            "current_speed_key": speed,
            "link_status_key": "0x2",
            "micro_version_key": "0.0.0",
            "receptacle_id_key": "1",
            "receptacle_status_key": "receptacle_connected",
        },
        "route_string_key": "0",
        "switch_uid_key": "0x05AC51E771159CF2",
        "vendor_name_key": "Apple Inc.",
    }


def test_a_cable_without_a_link_is_no_connection(mac) -> None:
    mac.answer(*SHOW, out=as_text(per_port()))
    mac.cables(r1=END)
    assert "Device connected\n" not in mac.run("system_profiler", "SPThunderboltDataType").out.replace("No device", "")


def test_hardware(mac) -> None:
    assert mac.run("system_profiler", "SPHardwareDataType").out.startswith(HARDWARE)


@pytest.mark.parametrize(
    ("release", "processors"),
    [pytest.param("26.5", "proc 10:4:6", id="26.5"), pytest.param("27.0", "proc 10:0:4:6", id="27.0")],
)
def test_processors(mac, release, processors) -> None:
    found = json.loads(mac.run("system_profiler", "-json", "SPHardwareDataType", release=release).out)
    assert found["SPHardwareDataType"][0]["number_processors"] == processors


def test_network_interfaces(mac) -> None:
    found = json.loads(mac.run("system_profiler", "SPNetworkDataType", "-json").out)["SPNetworkDataType"]
    assert {"_name": "Wi-Fi", "hardware": "AirPort", "interface": "en1", "type": "AirPort"} in found


@pytest.mark.parametrize(
    ("argv", "out"),
    [
        pytest.param(["-n", "hw.model"], "Mac16,10\n", id="value"),
        pytest.param(["hw.memsize"], "hw.memsize: 17179869184\n", id="name and value"),
        pytest.param(["-n", "kern.bootargs"], "\n", id="no boot arguments"),
        pytest.param(["-n", "kern.serverperfmode"], "0\n", id="server mode"),
        pytest.param(["-n", "machdep.cpu.brand_string"], "Apple M4\n", id="chip"),
        pytest.param(["-n", "kern.osproductversion", "kern.osversion"], "26.5.2\n25F84\n", id="two"),
        pytest.param(["iogpu.wired_limit_mb"], "iogpu.wired_limit_mb: 0\n", id="default of the GPU's limit"),
        pytest.param(["-n", "hw.pagesize"], "16384\n", id="page size"),
    ],
)
def test_sysctl(mac, argv, out) -> None:
    result = mac.run("sysctl", *argv, uid=501)
    assert (result.rc, result.out, result.err) == (0, out, "")


@pytest.mark.parametrize(
    ("argv", "uid", "err"),
    [
        pytest.param(["foo.bar"], 0, "sysctl: unknown oid 'foo.bar'\n", id="unknown"),
        pytest.param(["foo.bar=1"], 0, "sysctl: unknown oid 'foo.bar'\n", id="unknown in a write"),
        pytest.param(["kern.bootargs=x"], 0, "sysctl: oid 'kern.bootargs' is read only\n", id="read only"),
        pytest.param(["kern.maxproc=9"], 501, "sysctl: kern.maxproc=9: Operation not permitted\n", id="not root"),
    ],
)
def test_sysctl_errors(mac, argv, uid, err) -> None:
    result = mac.run("sysctl", *argv, uid=uid)
    assert (result.rc, result.out, result.err) == (1, "", err)


def test_sysctl_lasts_until_the_next_start(mac) -> None:
    assert mac.run("sysctl", "iogpu.wired_limit_mb=12000").out == "iogpu.wired_limit_mb: 0 -> 12000\n"
    assert mac.run("sysctl", "-n", "iogpu.wired_limit_mb").out == "12000\n"
    with mac.state.edit("kernel") as stored:
        stored["session"] = "an earlier start"
    assert mac.run("sysctl", "-n", "iogpu.wired_limit_mb").out == "0\n"


def test_boot_arguments_count_from_the_next_start(mac) -> None:
    assert mac.run("sysctl", "iogpu.wired_limit_mb=1").rc == 0
    with mac.state.edit("nvram") as variables:
        variables["boot-args"] = "serverperfmode=1"
    assert mac.run("sysctl", "-n", "kern.bootargs", "kern.serverperfmode").out == "\n0\n"
    with mac.state.edit("kernel") as stored:
        stored["session"] = "an earlier start"
    assert mac.run("sysctl", "-n", "kern.bootargs", "kern.serverperfmode").out == "serverperfmode=1\n1\n"


def test_sysctl_trees(mac) -> None:
    """Ansible asks for whole trees and splits at the colon."""
    lines = mac.run("sysctl", "hw", "machdep", "kern").out.splitlines()
    assert dict(line.split(": ", 1) for line in lines)["kern.ostype"] == "Darwin"


def test_raw_boot_time(mac) -> None:
    context = mac.context("sysctl", "-b", "kern.boottime")
    raw = io.BytesIO()
    context.stdout = io.TextIOWrapper(raw)
    assert call(context) == 0
    assert 0 < struct.unpack_from("@l", raw.getvalue())[0] <= time.time()


@pytest.mark.parametrize(
    ("release", "version", "build"),
    [
        pytest.param("26.5", "26.5.2", "25F84", id="26.5"),
        pytest.param("15.7", "15.7", "24G222", id="15.7"),
    ],
)
def test_sw_vers(mac, release, version, build) -> None:
    out = mac.run("sw_vers", release=release).out
    assert out == f"ProductName:\t\tmacOS\nProductVersion:\t\t{version}\nBuildVersion:\t\t{build}\n"
    assert mac.run("sw_vers", "-productVersion", release=release).out == f"{version}\n"
    assert mac.run("sw_vers", "--buildVersion", release=release).out == f"{build}\n"


def test_sw_vers_unknown_option(mac) -> None:
    result = mac.run("sw_vers", "-foo")
    assert (result.rc, result.out) == (1, "")
