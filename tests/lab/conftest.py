# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A lab of the tests' own: it runs beside any other, and what it leaves behind is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMAND = [sys.executable, "-m", "lab"]
CHECKOUT = Path(__file__).parents[2]

INVENTORY = """\
all:
  vars:
    cluster_lan_subnet: 10.66.1.0/24
    thunderbolt_links: [{mac1: 1, mac2: 2}]
  children:
    linux:
      hosts:
        box: {ansible_host: 10.66.1.10}
    macos:
      hosts:
        mac1: {ansible_host: 10.66.1.11}
        mac2: {ansible_host: 10.66.1.12, lab_model: "Mac16,11", lab_macos: "15.7"}
"""
ONE_HOST = """\
all:
  vars: {cluster_lan_subnet: 10.66.1.0/24}
  children:
    linux: {hosts: {box: {ansible_host: 10.66.1.10}}}
"""


class Lab:
    """The command, for one lab."""

    def __init__(self, name: str, directory: Path, inventory: str) -> None:
        self.name = name
        self.inventory = directory / name
        self.write_inventory(inventory)

    def write_inventory(self, text: str) -> None:
        """Replace the inventory."""
        self.inventory.mkdir(exist_ok=True)
        (self.inventory / "hosts.yml").write_text(text, encoding="utf-8")

    def argv(self, *arguments: str) -> list[str]:
        """Return the command line."""
        return [*COMMAND, "--name", self.name, *arguments]

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        result = subprocess.run(
            self.argv(*arguments), capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=CHECKOUT, check=False
        )
        assert not check or result.returncode == 0, result.stdout + result.stderr
        return result

    def up(self) -> None:
        """Start the lab."""
        result = self.run("up", "--inventory", str(self.inventory), check=False)
        logs = sorted(Path("/run/hybrid-lab", self.name, "log").glob("*")) if result.returncode else []
        said = "".join(f"--- {log.name}\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}\n" for log in logs)
        assert result.returncode == 0, result.stderr + said

    def inside(self, host: str, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command inside a host."""
        return self.run("exec", host, "--", *command, check=check)


def remains(name: str) -> dict[str, list[str]]:
    """Return everything on this machine that has the name of a lab in it."""

    def run(*argv: str) -> list[str]:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()

    commands = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            cgroup = (process / "cgroup").read_text(encoding="utf-8")
            if (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] == "Z":
                continue  # dead, and for its parent to notice
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"/hybrid-lab/{name}" in cgroup or f"lab-{name}" in command:
            commands.append(command)
    places = [Path(base, "hybrid-lab") for base in ("/run", "/var/lib")]
    found = {
        "network namespaces": [entry for entry in run("ip", "netns", "list") if f"lab-{name}" in entry],
        "mounts": [line for line in run("cat", "/proc/self/mounts") if f"lab-{name}" in line or f"lab/{name}/" in line],
        "links": [line for line in run("ip", "-o", "link") if f"lab-{name}" in line],
        "routes": [line for line in run("ip", "route") if f"lab-{name}" in line],
        "packet filters": [line for line in run("nft", "list", "tables") if line.endswith(f" lab_{name}")],
        "control groups": run("find", "/sys/fs/cgroup", "-type", "d", "-path", f"*/hybrid-lab/{name}"),
        "files": [str(entry) for place in places if place.is_dir() for entry in place.glob(f"{name}*")],
        "files of nspawn": run("find", "/run/systemd/nspawn", "-name", f"lab-{name}*"),
        "processes": commands,
    }
    return {what: entries for what, entries in found.items() if entries}


@pytest.fixture(scope="session", autouse=True)
def _root() -> None:
    if os.geteuid() != 0:
        pytest.skip("the lab needs root")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running lab of one Linux host and two Macs."""
    one = Lab("tests", tmp_path_factory.mktemp("inventories"), INVENTORY)
    one.run("down")
    one.up()
    yield one
    one.run("down")
    assert remains("tests") == {}


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Lab]:
    """A second lab with one host, in the same subnet; not yet running."""
    two = Lab("tests2", tmp_path, ONE_HOST)
    two.run("down")
    yield two
    two.run("down")
    assert remains("tests2") == {}


@pytest.fixture(scope="session")
def wait_for() -> Callable[[Callable[[], bool]], None]:
    """Wait until something is so."""

    def wait(condition: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come about in time"
            time.sleep(0.1)

    return wait
