# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A GPU host in a folder: the simulated bus and kernel, the real apt, and a dpkg that unpacks the lab's packages."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _apt
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError, Commands, Result
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.host import IMAGES, INSTALLED

from lab.standins.nvidia.bus.standin.machine import DEVICES, Machine
from lab.standins.nvidia.bus.standin.programs import PROGRAMS
from lab.standins.nvidia.repository import deb
from lab.standins.nvidia.repository.packages import archive_of_ubuntu, for_debian, for_ubuntu

if TYPE_CHECKING:
    from pathlib import Path

KERNELS = {"debian": ("6.12.48+deb13-amd64", "amd64", "13"), "ubuntu": ("6.8.0-85-generic", "generic", "24.04")}


def put(path: Path, text: str = "") -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@dataclass
class SimulatedHost(Commands):
    """Answers every command that the modules run."""

    root: Path
    distribution: str
    installed: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    reboots: int = 0

    def __post_init__(self) -> None:
        """Install the system, without a driver."""
        self.kernel, self.meta, release = KERNELS[self.distribution]
        self.installed |= {"apt": "2.7", f"linux-image-{self.meta}": "1", f"linux-image-{self.kernel}": "1"}
        put(self.root / "etc/os-release", f'ID={self.distribution}\nVERSION_ID="{release}"\n')
        put(self.root / f"boot/vmlinuz-{self.kernel}")
        put(self.root / f"boot/initrd.img-{self.kernel}", "null\n")
        put(self.root / "etc/modprobe.d/readme.conf")
        (self.root / "sys/bus/pci").mkdir(parents=True)
        (self.root / "sys/bus/pci/devices").symlink_to(self.root / DEVICES)
        for name in ("state/lists/partial", "cache/archives/partial", "etc/preferences.d", "etc/apt.conf.d"):
            (self.root / "apt" / name).mkdir(parents=True)
        self.sources: list[deb.Package] = []

    def describe(self, *devices: str, **more: Any) -> None:
        """Have cards in it, and switch it on."""
        cards = [{"address": f"0000:{number:02x}:00.0", "device": one} for number, one in enumerate(devices, 1)]
        put(self.root / "etc/hybrid-lab/nvidia.json", json.dumps({"cards": cards, **more}))
        self.boot()

    def boot(self) -> None:
        """Switch it on: nothing that was loaded is any more."""
        put(self.root / "proc/driver/nvidia/version")
        (self.root / "proc/driver/nvidia/version").unlink()
        PROGRAMS["boot"](Machine(self.root), [])
        self.reboots += 1

    def trust(self, *, nvidia: bool, branch: int) -> None:
        """Do what the role does before it installs: NVIDIA's repository and the package that chooses a branch."""
        common = (self.kernel, self.meta)
        if self.distribution == "debian":
            own, theirs = [], for_debian("debian13", "amd64", *common)
        else:
            own, theirs = archive_of_ubuntu("amd64", *common), for_ubuntu("ubuntu2404", "amd64", *common)
        self.sources = [*own, *(theirs if nvidia else [])]
        deb.write(self.root / "apt/repository", self.sources)
        put(self.root / "apt/etc/sources.list", f"deb [trusted=yes] file:{self.root}/apt/repository /\n")
        pin = self.root / "apt/etc/preferences.d/pin"
        pin.unlink(missing_ok=True)
        for name in [name for name in self.installed if name.startswith("nvidia-driver-pinning-")]:
            del self.installed[name]
        if nvidia:
            package = next(one for one in theirs if one.name == f"nvidia-driver-pinning-{branch}")
            put(pin, "".join(package.files.values()))
            self.installed[package.name] = package.version
        assert self._apt("apt-get", ["update"]).rc == 0

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        """Answer one command."""
        words = argv[argv.index("/usr/bin/env") + 3 :] if argv[0] == "/usr/bin/env" else argv
        if words[0] in {"apt-get", "apt-cache"}:
            return self._apt(words[0], words[1:])
        if words[0] == "apt-mark":
            return self._mark(words[1:])
        if words == ["dpkg", "--print-architecture"]:
            return Result(0, "amd64\n")
        if words == INSTALLED:
            return Result(0, "".join(f"{name}\tii \t{version}\n" for name, version in self.installed.items()))
        if words == IMAGES:
            return Result(0, f"linux-image-{self.meta}\tlinux-image-{self.kernel}\n")
        if words == _apt.STATES:
            return Result(0, "".join(f"{name}\tinstalled\n" for name in self.installed))
        if words[0] not in PROGRAMS:
            raise CommandError(f"{words[0]} is not installed on this host.")
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = PROGRAMS[words[0]](Machine(self.root), words[1:])
        return Result(status, out.getvalue(), err.getvalue())

    def _mark(self, words: list[str]) -> Result:
        if words[0] == "hold":
            self.held |= set(words[1:])
        elif words[0] == "unhold":
            self.held -= set(words[1:])
        return Result(0, "".join(f"{name}\n" for name in sorted(self.held)))

    def _apt(self, program: str, words: list[str]) -> Result:
        known = {(one.name, one.version): one for one in self.sources}
        status = ""
        for name, version in self.installed.items():
            package = known.get((name, version)) or deb.Package(name, version, "amd64")
            status += f"{package.control()}Status: {'hold' if name in self.held else 'install'} ok installed\n\n"
        put(self.root / "apt/status", status)
        folder = self.root / "apt"
        options = {
            "Dir::State": f"{folder}/state",
            "Dir::State::status": f"{folder}/status",
            "Dir::Cache": f"{folder}/cache",
            "Dir::Etc": f"{folder}/etc",
            "Debug::NoLocking": "true",
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
            "Acquire::Languages": "none",
        }
        given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        real = program == "apt-get" and "--simulate" not in words and ("install" in words or "purge" in words)
        done = subprocess.run(
            [program, *given, *(["--simulate"] if real else []), *words], capture_output=True, text=True, check=False
        )
        if real and done.returncode == 0:
            return self._unpack(_apt.parse(done.stdout))
        return Result(done.returncode, done.stdout, done.stderr)

    def _unpack(self, transaction: _apt.Transaction) -> Result:
        """Do what dpkg does, in its order: removals, files, scripts."""
        known = {(one.name, one.version): one for one in self.sources}
        failed = Result(0)
        for name in transaction.removes:
            package = known.get((name, self.installed.pop(name)))
            if package:
                self._script(package, "prerm")
                for place in package.files:
                    (self.root / place).unlink(missing_ok=True)
                self._script(package, "postrm")
        packages = [known[name, version] for name, version in transaction.installs.items()]
        for package in packages:
            old = known.get((package.name, self.installed.get(package.name, "")))
            if old:
                self._script(old, "prerm")
                for place in old.files:
                    (self.root / place).unlink(missing_ok=True)
            for place, text in package.files.items():
                put(self.root / place, text)
            self.installed[package.name] = package.version
        for package in packages:
            status = self._script(package, "postinst")
            if status.rc:
                failed = Result(
                    100, status.out, f"{status.err}E: Sub-process /usr/bin/dpkg returned an error code (1)\n"
                )
        return failed

    def _script(self, package: deb.Package, name: str) -> Result:
        """Run the lines of a script that name programs of the machine."""
        for line in package.scripts.get(name, "").splitlines():
            words = line.split()
            if words[0] == "hybrid-lab-nvidia":
                words = words[1:]
            if words[0] in PROGRAMS:
                result = self.run(words)
                if result.rc:
                    return result
        return Result(0)
