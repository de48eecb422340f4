# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The repository of the lab, asked by the real apt: what the role plans can be installed, exchanged and refused."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import branches, installation, packages
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.installation import DriverSet
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.packages import Kernel

from lab.standins.nvidia.repository import deb
from lab.standins.nvidia.repository.packages import VERSIONS, for_debian, for_ubuntu

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("apt-get") is None, reason="it asks the real apt")

KERNEL = {"debian": Kernel("6.1.0-40-amd64", "amd64"), "ubuntu": Kernel("6.8.0-85-generic", "generic")}


@dataclass
class Apt(Commands):
    """The real apt, with directories of its own: nothing of this machine is read or changed."""

    root: Path
    installed: dict[str, str]

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        programs = [word for word in argv if word in {"apt-get", "apt-cache"}]
        words = argv[argv.index(programs[0]) + 1 :]
        done = subprocess.run([programs[0], *self.options(), *words], capture_output=True, text=True, check=False)
        return Result(done.returncode, done.stdout, done.stderr)

    def options(self) -> list[str]:
        state = {
            "Dir": "/",
            "Dir::State": f"{self.root}/state",
            "Dir::State::status": f"{self.root}/status",
            "Dir::Cache": f"{self.root}/cache",
            "Dir::Etc": f"{self.root}/etc",
            "Debug::NoLocking": "true",
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
            "Acquire::Languages": "none",
        }
        return [word for name, value in state.items() for word in ("-o", f"{name}={value}")]


@pytest.fixture
def apt(tmp_path: Path) -> Callable[..., Apt]:
    """Have apt with the repository of a distribution, a pin, and what is installed."""

    def make(distribution: str, branch: int, **installed: str) -> Apt:
        listed = _listed(distribution)
        deb.write(tmp_path / "repository", [*listed, _desk()])
        for name in ("state/lists/partial", "cache/archives/partial", "etc/preferences.d", "etc/apt.conf.d"):
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "etc/sources.list").write_text(f"deb [trusted=yes] file:{tmp_path}/repository /\n")
        pinning = next(one for one in listed if one.name == f"nvidia-driver-pinning-{branch}")
        (tmp_path / "etc/preferences.d/pin").write_text("".join(pinning.files.values()))
        there = {name.replace("_", "-"): version for name, version in installed.items()}
        known = {(one.name, one.version): one for one in [*listed, _desk()]}
        status = "".join(f"{known[pair].control()}Status: install ok installed\n\n" for pair in there.items())
        (tmp_path / "status").write_text(status)
        made = Apt(tmp_path, there)
        done = made.run(["apt-get", "update"])
        assert done.rc == 0, done.text
        return made

    return make


def _listed(distribution: str) -> list[deb.Package]:
    if distribution == "debian":
        return for_debian("debian12", "amd64", "6.1.0-40-amd64", "amd64")
    return for_ubuntu("ubuntu2404", "amd64", "6.8.0-85-generic", "generic")


def _desk() -> deb.Package:
    """Return somebody's desktop, which needs a library of another branch."""
    return deb.Package("somebodys-desktop", "1", "all", {"Depends": "libnvidia-gl-580"})


def driver_set(
    distribution: str, branch: int, flavour: str, installed: dict[str, str], *, desktop: bool = False
) -> DriverSet:
    decision = branches.Decision(branch, flavour)
    wanted = packages.wanted("nvidia", distribution, decision, None, KERNEL[distribution], desktop=desktop)
    return DriverSet(branch, wanted, packages.unwanted(installed, decision, "nvidia", desktop=desktop))


@pytest.mark.parametrize("branch", VERSIONS)
@pytest.mark.parametrize("distribution", ["debian", "ubuntu"])
@pytest.mark.parametrize("desktop", [False, True])
def test_what_is_planned_can_be_installed(
    apt: Callable[..., Apt], distribution: str, branch: int, *, desktop: bool
) -> None:
    host = apt(distribution, branch)
    found = installation.prepare(host, driver_set(distribution, branch, "open", {}, desktop=desktop), {})
    assert found.outside == []
    of_driver = {name: version for name, version in found.transaction.installs.items() if packages.is_driver(name)}
    assert of_driver
    assert all(version.startswith(f"{branch}.") for version in of_driver.values())
    assert any(packages.is_dkms(name) for name in of_driver)


@pytest.mark.parametrize("distribution", ["debian", "ubuntu"])
def test_the_proprietary_modules_of_volta(apt: Callable[..., Apt], distribution: str) -> None:
    host = apt(distribution, 580)
    found = installation.prepare(host, driver_set(distribution, 580, "proprietary", {}), {})
    names = {"debian": "nvidia-kernel-dkms", "ubuntu": "nvidia-dkms-580"}
    assert names[distribution] in found.transaction.installs
    assert not any("open" in name for name in found.transaction.installs)


@pytest.mark.parametrize("distribution", ["debian", "ubuntu"])
@pytest.mark.parametrize(("before", "after"), [(580, 620), (620, 580), (595, 620), (620, 595)])
def test_one_transaction_exchanges_a_driver(
    apt: Callable[..., Apt], distribution: str, before: int, after: int
) -> None:
    bare = apt(distribution, before)
    first = installation.prepare(bare, driver_set(distribution, before, "open", {}), {})
    installed = first.transaction.installs
    host = apt(distribution, after, **{name.replace("-", "_"): version for name, version in installed.items()})
    found = installation.prepare(host, driver_set(distribution, after, "open", installed), installed)
    assert found.outside == []
    left = {**installed, **found.transaction.installs}
    for name in found.transaction.removes:
        left.pop(name, None)
    of_driver = {name: version for name, version in left.items() if packages.is_driver(name)}
    assert of_driver
    assert {packages.upstream(version) for version in of_driver.values()} == {VERSIONS[after]}
    assert not driver_set(distribution, after, "open", left).to_do(left)


def test_a_desktop_that_would_go_is_seen(apt: Callable[..., Apt]) -> None:
    installed = {"libnvidia-gl-580": "580.173.02-1ubuntu1", "somebodys-desktop": "1"}
    host = apt("ubuntu", 620, libnvidia_gl_580="580.173.02-1ubuntu1", somebodys_desktop="1")
    found = installation.prepare(host, driver_set("ubuntu", 620, "open", installed), installed)
    assert found.outside == ["somebodys-desktop"]
    with pytest.raises(branches.DriverError, match="would remove somebodys-desktop from this host"):
        installation.refuse_outside(found, desktop=False)


def test_a_branch_that_no_archive_has_is_one_sentence(apt: Callable[..., Apt]) -> None:
    host = apt("debian", 580)
    with pytest.raises(branches.DriverError, match="No archive that this host knows has nvidia-kernel-dkms-gone"):
        installation.prepare(
            Apt(host.root, {}),
            DriverSet(580, [packages.Wanted(("nvidia-kernel-dkms-gone",), "580.")], []),
            {},
        )


def test_dpkg_reads_the_packages(tmp_path: Path) -> None:
    keyring = next(one for one in _listed("debian") if one.name == "cuda-keyring")
    (tmp_path / keyring.file).write_bytes(keyring.content())
    fields = subprocess.run(
        ["dpkg-deb", "--field", str(tmp_path / keyring.file), "Package", "Version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert fields.stdout == "Package: cuda-keyring\nVersion: 1.1-1\n"
    subprocess.run(["dpkg-deb", "--extract", str(tmp_path / keyring.file), str(tmp_path / "out")], check=True)
    source = tmp_path / "out/etc/apt/sources.list.d/cuda-debian12-x86_64.list"
    assert source.read_text().startswith("deb [trusted=yes] https://developer.download.nvidia.com/")


def test_the_same_content_makes_the_same_bytes() -> None:
    assert [one.content() for one in _listed("debian")] == [one.content() for one in _listed("debian")]
