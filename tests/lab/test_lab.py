# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a lab promises: hosts that reach each other and the world, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lab import cgroups, netns

from .conftest import CHECKOUT, INVENTORY, ONE_HOST, Lab, remains

if TYPE_CHECKING:
    from collections.abc import Callable


def hosts(lab: Lab) -> dict[str, dict[str, Any]]:
    """Return what `lab status --json` says of each host."""
    return {host["name"]: host for host in json.loads(lab.run("status", "--json").stdout)["hosts"]}


def test_second_up_changes_nothing(lab: Lab) -> None:
    before = {name: cgroups.leader(lab.name, name) for name in hosts(lab)}
    lab.up()
    assert {name: cgroups.leader(lab.name, name) for name in before} == before
    assert None not in before.values()
    assert {host["state"] for host in hosts(lab).values()} == {"running"}


@pytest.mark.parametrize(
    ("start", "end"), [("box", "10.66.1.11"), ("mac1", "10.66.1.12"), ("mac2", "10.66.1.10"), ("mac1", "10.66.1.1")]
)
def test_hosts_reach_each_other(lab: Lab, start: str, end: str) -> None:
    lab.inside(start, "ping", "-c", "1", end)


def test_exec_passes_the_status_and_the_arguments_on(lab: Lab) -> None:
    result = lab.inside("box", "sh", "-c", 'echo "$1"; exit 7', "-", "two words", check=False)
    assert (result.returncode, result.stdout) == (7, "two words\n")


def test_processor_time_of_a_host_is_its_own(lab: Lab) -> None:
    before = {host: cgroups.cpu_seconds(lab.name, host) for host in ("box", "mac1")}
    work = lab.inside("box", "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; times")
    used = float(work.stdout.partition("m")[2].partition("s")[0])  # such as 0m0.710000s 0m0.000000s
    spent = {host: cgroups.cpu_seconds(lab.name, host) - start for host, start in before.items()}
    assert spent["box"] >= used > 0
    assert cgroups.cpu_seconds(lab.name) >= sum(before.values()) + spent["box"]


@pytest.mark.parametrize(("host", "system"), [("box", "Linux"), ("mac1", "Darwin")])
def test_login_with_the_password(lab: Lab, host: str, system: str) -> None:
    assert lab.run("ssh", host, "--", "uname").stdout.strip() == system


@pytest.mark.parametrize(("host", "product"), [("mac1", "26.5"), ("mac2", "15.7")])
def test_release_of_a_mac(lab: Lab, host: str, product: str) -> None:
    assert lab.inside(host, "sw_vers", "-productVersion").stdout.startswith(product)


def test_password_is_in_no_process(lab: Lab) -> None:
    password = Path(f"/run/hybrid-lab/{lab.name}/password").read_bytes().strip()
    login = subprocess.Popen(lab.argv("ssh", "box", "--", "sleep", "2"), stdin=subprocess.DEVNULL, cwd=CHECKOUT)
    seen = 0
    while login.poll() is None:
        for process in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                try:
                    assert password not in (process / name).read_bytes(), (process, name)
                    seen += 1
                except OSError:
                    continue
        time.sleep(0.2)
    assert seen
    assert login.returncode == 0


def test_packages_install_inside_a_host(lab: Lab) -> None:
    # Who fetches the lists only when they are old, as the roles do, fetches them on a new host.
    assert lab.inside("box", "find", "/var/lib/apt/lists", "-maxdepth", "0", "-mmin", "+60").stdout
    install = (
        "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends python3-pip"
    )
    lab.inside("box", "sh", "-c", install)
    lab.run("ssh", "box", "--", "pip3", "download", "--quiet", "--no-deps", "--dest", "/tmp", "six")
    assert "six-" in lab.inside("box", "ls", "/tmp").stdout


def test_artifacts_are_whole(lab: Lab) -> None:
    script = "cd /tmp && curl -fsS -O http://10.66.1.2/SHA256SUMS && cut -d' ' -f3 SHA256SUMS | while read -r name; do "
    script += 'mkdir -p "${name%/*}" && curl -fsS -o "$name" "http://10.66.1.2/$name"; done && sha256sum -c SHA256SUMS'
    checked = lab.inside("box", "sh", "-c", script).stdout.splitlines()
    assert {line.split(":")[0] for line in checked} >= {"exo/EXO-1.0.71.dmg", "exo/EXO-1.0.72.dmg"}
    assert any(line.startswith("python/") for line in checked)


def carrier(lab: Lab, host: str, device: str) -> str:
    """Return whether a host's port has a carrier."""
    shown = subprocess.run(
        ["ip", "-n", f"lab-{lab.name}-{host}", "-json", "link", "show", "dev", device],
        capture_output=True,
        text=True,
        check=True,
    )
    return "NO-CARRIER" if "NO-CARRIER" in json.loads(shown.stdout)[0]["flags"] else "carrier"


def seen_cables(lab: Lab, host: str) -> dict[str, Any]:
    """Return what a Mac's Thunderbolt controller sees."""
    return json.loads(lab.inside(host, "cat", "/private/var/db/simulator/cables.json").stdout)


def test_cable_pulled_out_and_put_elsewhere(lab: Lab) -> None:
    assert carrier(lab, "mac1", "en2") == carrier(lab, "mac2", "en3") == "carrier"
    assert seen_cables(lab, "mac1")["1"]["host"] == "mac2"
    lab.run("cable", "mac2:2", "mac1:1", "--unplug")
    assert carrier(lab, "mac1", "en2") == carrier(lab, "mac2", "en3") == "NO-CARRIER"
    assert seen_cables(lab, "mac1") == seen_cables(lab, "mac2") == {}
    lab.run("cable", "mac1:3", "mac2:1")
    assert carrier(lab, "mac1", "en4") == carrier(lab, "mac2", "en2") == "carrier"
    lab.up()  # the inventory decides
    assert carrier(lab, "mac1", "en2") == "carrier"
    assert carrier(lab, "mac1", "en4") == "NO-CARRIER"


@pytest.mark.parametrize(
    ("destination", "size"),
    [
        pytest.param("0180c2000000", 60, id="spanning tree"),
        pytest.param("0180c200000e", 200, id="LLDP"),
        pytest.param("ffffffffffff", 1514, id="broadcast"),
    ],
)
def test_cable_passes_every_frame(lab: Lab, destination: str, size: int) -> None:
    frame = bytes.fromhex(destination) + bytes.fromhex("020000000001") + b"\x88\xb5" + bytes(size - 14)

    def port(host: str, device: str) -> socket.socket:
        with netns.inside(f"lab-{lab.name}-{host}"):
            opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
            opened.bind((device, 0x0003))
        opened.settimeout(5)
        return opened

    with port("mac1", "en2") as sender, port("mac2", "en3") as receiver:
        sender.send(frame)
        deadline = time.monotonic() + 5
        while receiver.recv(9000) != frame:
            assert time.monotonic() < deadline


def test_mac_starts_after_a_power_cut_only_if_told_to(lab: Lab, wait_for: Callable[..., None]) -> None:
    lab.run("power", "off", "mac1")
    assert hosts(lab)["mac1"]["state"] == "off"
    assert carrier(lab, "mac2", "en3") == "NO-CARRIER"
    assert "stays off" in lab.run("power", "on", "mac1").stderr
    assert hosts(lab)["mac1"]["state"] == "off"
    lab.run("power", "press", "mac1")
    wait_for(lambda: hosts(lab)["mac1"]["state"] == "running")
    lab.inside("mac1", "pmset", "-a", "autorestart", "1")
    lab.run("power", "off", "mac1")
    lab.run("power", "on", "mac1")
    wait_for(lambda: hosts(lab)["mac1"]["state"] == "running")
    lab.inside("mac1", "shutdown", "-h", "now", check=False)
    wait_for(lambda: hosts(lab)["mac1"]["state"] == "off")
    # It was switched off and did not lose its power: "after a power failure" does not apply.
    assert "stays off" in lab.run("power", "on", "mac1").stderr
    lab.run("power", "press", "mac1")
    wait_for(lambda: hosts(lab)["mac1"]["state"] == "running")


def test_encrypted_mac_waits_at_the_preboot_screen(lab: Lab, wait_for: Callable[..., None]) -> None:
    store = "/private/var/db/simulator/state/filevault.json"
    lab.inside("mac2", "sh", "-c", f"echo '{{\"enabled\": true}}' > {store}")
    lab.run("power", "off", "mac2")
    lab.run("power", "press", "mac2")
    wait_for(lambda: hosts(lab)["mac2"]["state"] == "pre-boot")
    with netns.inside(f"lab-{lab.name}"), pytest.raises(OSError, match=r"timed out|No route|refused"):
        socket.create_connection(("10.66.1.12", 22), timeout=1)
    lab.run("power", "unlock", "mac2")
    wait_for(lambda: hosts(lab)["mac2"]["state"] == "running")
    assert (
        lab.run("power", "unlock", "mac2", check=False).stderr == "lab: The host mac2 is not at the pre-boot screen.\n"
    )
    lab.inside("mac2", "rm", store)


@pytest.mark.parametrize(("host", "key"), [("box", "/etc/ssh"), ("mac1", "/private/etc/ssh")])
def test_reboot_keeps_the_disk_and_the_host_key(lab: Lab, wait_for: Callable[..., None], host: str, key: str) -> None:
    before = lab.inside(host, "cat", f"{key}/ssh_host_ed25519_key.pub").stdout
    leader = cgroups.leader(lab.name, host)
    lab.inside(host, *(["shutdown", "-r", "now"] if host == "mac1" else ["systemctl", "reboot"]), check=False)
    wait_for(lambda: cgroups.leader(lab.name, host) not in (None, leader))
    wait_for(lambda: hosts(lab)[host]["state"] == "running")
    assert lab.inside(host, "cat", f"{key}/ssh_host_ed25519_key.pub").stdout == before


def test_reset_makes_another_machine(lab: Lab) -> None:
    lab.inside("box", "touch", "/root/mark")
    before = lab.inside("box", "cat", "/etc/ssh/ssh_host_ed25519_key.pub", "/etc/machine-id").stdout
    lab.run("reset", "box")
    assert lab.inside("box", "test", "-e", "/root/mark", check=False).returncode == 1
    assert lab.inside("box", "cat", "/etc/ssh/ssh_host_ed25519_key.pub", "/etc/machine-id").stdout != before


def test_frozen_host_goes_on_where_it_stopped(lab: Lab) -> None:
    leader = cgroups.leader(lab.name, "box")
    cgroups.freeze(lab.name, "box", frozen=True)
    assert hosts(lab)["box"]["state"] == "frozen"
    cgroups.freeze(lab.name, "box", frozen=False)
    assert hosts(lab)["box"]["state"] == "running"
    assert cgroups.leader(lab.name, "box") == leader


def test_a_sleeping_host_is_silent_until_a_packet_for_its_card_comes(
    lab: Lab, wait_for: Callable[[Callable[[], bool]], None]
) -> None:
    def asleep() -> bool:
        return hosts(lab)["mac1"]["state"] == "asleep"

    def send(address: str) -> None:
        with netns.inside(f"lab-{lab.name}"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            out.sendto(b"\xff" * 6 + bytes.fromhex(address.replace(":", "")) * 16, ("10.66.1.255", 9))

    card = lab.inside("mac1", "ifconfig", "en0").stdout.partition("ether ")[2].split()[0]
    with netns.inside(f"lab-{lab.name}"):
        connection = socket.create_connection(("10.66.1.11", 22), timeout=10)
    assert connection.recv(4) == b"SSH-"
    leader = cgroups.leader(lab.name, "mac1")
    lab.run("sleep", "mac1", "--going-down", "5", "--waking", "0")
    assert hosts(lab)["mac1"]["state"] == "going down"
    send(card)  # too early: it is lost
    wait_for(asleep)
    assert lab.inside("mac2", "ping", "-c", "1", "-W", "200", "10.66.1.11", check=False).returncode != 0
    send("02:00:00:00:00:99")
    assert asleep()
    connection.settimeout(1)
    connection.recv(1024)  # what came before
    with pytest.raises(TimeoutError):  # nobody has closed it
        connection.recv(1)
    send(card)
    wait_for(lambda: hosts(lab)["mac1"]["state"] == "running")
    assert cgroups.leader(lab.name, "mac1") == leader
    connection.settimeout(30)
    connection.sendall(b"nobody speaks SSH like this\r\n")
    assert connection.recv(1024)
    connection.close()


def test_changed_inventory(lab: Lab) -> None:
    leader = cgroups.leader(lab.name, "mac1")
    lab.write_inventory(INVENTORY.replace("10.66.1.10", "10.66.1.30").replace("[{mac1: 1, mac2: 2}]", "[]"))
    try:
        lab.up()
        lab.inside("mac1", "ping", "-c", "1", "10.66.1.30")
        assert cgroups.leader(lab.name, "mac1") == leader
        assert carrier(lab, "mac1", "en2") == "NO-CARRIER"
    finally:
        lab.write_inventory(INVENTORY)
        lab.up()
    lab.inside("mac1", "ping", "-c", "1", "10.66.1.10")


def test_two_labs_in_one_subnet(lab: Lab, other: Lab) -> None:
    other.up()
    lab.inside("box", "touch", "/root/first")
    assert other.inside("box", "ls", "/root").stdout == ""
    for one in (lab, other):
        assert one.run("ssh", "box", "--", "hostname").stdout == "box\n"
    other.inside("box", "apt-get", "update", "-qq")  # each has a way out of its own
    other.run("down")
    assert remains(other.name) == {}
    lab.inside("box", "ping", "-c", "1", "10.66.1.11")


@pytest.mark.parametrize("delay", [0.6, 0.9, 1.3, 1.8])
def test_down_clears_what_a_killed_up_left(other: Lab, delay: float) -> None:
    command = subprocess.Popen(
        other.argv("up", "--inventory", str(other.inventory)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=CHECKOUT,
    )
    time.sleep(delay)
    command.kill()
    command.wait()
    other.run("down")
    assert remains(other.name) == {}


def test_up_goes_on_where_it_was_interrupted(other: Lab, tmp_path: Path, wait_for: Callable[..., None]) -> None:
    # What `up` asks when the network is there and the hosts are not yet: it never answers.
    marker, asked = tmp_path / "asked", tmp_path / "apt-get"
    asked.write_text(f"#!/bin/sh\ntouch '{marker}'\nexec sleep 600\n", encoding="utf-8")
    asked.chmod(0o755)
    # Where the tests run in the background, they ignore the interrupt, and so would what they start.
    command = subprocess.Popen(
        ["env", "--default-signal=INT", *other.argv("up", "--inventory", str(other.inventory))],
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    wait_for(marker.exists, seconds=600)
    command.send_signal(signal.SIGINT)
    _, said = command.communicate()
    assert command.returncode == 130
    assert said.splitlines()[-1] == "lab: interrupted; `lab up` goes on and `lab down` clears away."
    assert Path("/run/netns", f"lab-{other.name}").exists()
    other.up()
    other.inside("box", "true")


def test_repair_of_what_somebody_broke(other: Lab) -> None:
    other.up()
    subprocess.run(["ip", "netns", "delete", f"lab-{other.name}"], check=True)
    subprocess.run(["ip", "link", "delete", f"lab-{other.name}"], check=False)
    other.up()
    assert other.run("ssh", "box", "--", "hostname").stdout == "box\n"
    other.inside("box", "ping", "-c", "1", "10.66.1.1")


def test_down_twice_and_without_a_lab(other: Lab) -> None:
    assert other.run("down").stderr == ""
    assert other.run("down").stderr == ""


def test_broken_inventory_touches_nothing(other: Lab) -> None:
    other.write_inventory(ONE_HOST.replace("10.66.1.10", "nowhere"))
    result = other.run("up", "--inventory", str(other.inventory), check=False)
    assert result.returncode == 7
    assert result.stderr.count("\n") == 1
    assert remains(other.name) == {}


def test_run_as_a_module() -> None:
    result = subprocess.run([sys.executable, "-m", "lab", "--help"], capture_output=True, check=True, cwd=CHECKOUT)
    assert b"cluster in a box" in result.stdout


# A cache of its own makes the build happen, whatever other labs have built.
COLD = """\
import pathlib, sys
from lab import cli, names
names.CACHE = pathlib.Path(sys.argv[1])
sys.exit(cli.run(sys.argv[2:]))
"""


def test_killed_build_leaves_no_mount(other: Lab, tmp_path: Path, wait_for: Callable[..., None]) -> None:
    cache = tmp_path / "cache"
    cold = [sys.executable, "-c", COLD, str(cache), "--name", other.name]
    command = subprocess.Popen(
        [*cold, "up", "--inventory", str(other.inventory)], stderr=subprocess.DEVNULL, cwd=CHECKOUT
    )
    # From the first unpacked package on, /proc and /sys are mounted in the new root.
    wait_for(lambda: any(cache.glob("building-*/root/usr/bin/dpkg")), seconds=120)
    command.kill()
    command.wait()
    assert str(cache) not in Path("/proc/self/mounts").read_text(encoding="utf-8")
    subprocess.run([*cold, "down"], check=True, cwd=CHECKOUT)
    assert not list(cache.glob("building-*"))
    assert remains(other.name) == {}
