# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import platform
from pathlib import Path

import pytest

from lab import cgroups, packages, preflight, services, sources
from lab.errors import EXIT_MISSING_PACKAGE, EXIT_NO_SPACE, EXIT_NOT_LINUX, EXIT_NOT_ROOT, LabError

HYBRID = """\
cgroup /sys/fs/cgroup/freezer cgroup rw,relatime,freezer 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
cgroup /elsewhere/freezer cgroup rw,relatime,freezer 0 0
"""
PURE = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate 0 0\n"


@pytest.mark.parametrize(
    ("mounts", "tracking", "count"),
    [
        pytest.param(HYBRID, "/sys/fs/cgroup/freezer", 3, id="hybrid"),
        pytest.param(PURE, "/sys/fs/cgroup", 1, id="version 2"),
    ],
)
def test_hierarchies(mounts: str, tracking: str, count: int) -> None:
    found = cgroups.parse_mounts(mounts)
    assert len(found) == count
    assert cgroups.tracking(found).mount == Path(tracking)


@pytest.mark.parametrize(
    ("status", "depth"),
    [
        ("Name:\tsystemd\nNSpid:\t500\t1\n", 1),
        ("Name:\tsh\nNSpid:\t501\t7\n", 0),
        ("Name:\tinit\nNSpid:\t502\t9\t1\n", 2),
        ("Name:\tinit\nNSpid:\t1\n", 0),
    ],
    ids=["the host's", "another process", "of a container in the host", "this machine's"],
)
def test_first_process(status: str, depth: int) -> None:
    assert cgroups.pid_one_depth(status) == depth


def test_command_enters_its_control_groups() -> None:
    argv = cgroups.wrap([Path("/a"), Path("/b")], ["program", "argument with space"])
    assert argv[3:] == ["/a /b", "program", "argument with space"]


def test_not_linux() -> None:
    with pytest.raises(LabError) as caught:
        preflight.check_system("Darwin")
    assert caught.value.exit_code == EXIT_NOT_LINUX
    assert str(caught.value) == "The lab needs Linux, and this is Darwin; run it in a Linux virtual machine."


def test_not_root() -> None:
    with pytest.raises(LabError) as caught:
        preflight.check_user(1000)
    assert caught.value.exit_code == EXIT_NOT_ROOT


def test_missing_programs_name_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight.shutil, "which", lambda name: None if name in {"nft", "ip", "tc"} else f"/bin/{name}")
    monkeypatch.setattr(packages, "KEYRING", "/")
    monkeypatch.setattr(preflight.Path, "is_file", lambda self: True)
    with pytest.raises(LabError) as caught:
        preflight.check_programs()
    assert caught.value.exit_code == EXIT_MISSING_PACKAGE
    assert str(caught.value).endswith("run `apt-get install iproute2 nftables`.")


def test_full_disk(tmp_path: Path) -> None:
    with pytest.raises(LabError) as caught:
        preflight.check_space(tmp_path / "not" / "there", 2**60)
    assert caught.value.exit_code == EXIT_NO_SPACE
    assert str(tmp_path) in str(caught.value)


def test_package_list_of_make_is_complete() -> None:
    lines = Path(packages.__file__).with_name("packages.txt").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == sorted({*packages.PROGRAMS.values(), packages.KEYRING_PACKAGE})


def test_nothing_depends_on_one_architecture() -> None:
    lab = Path(packages.__file__).parent
    for path in lab.glob("*.py"):
        assert not {"x86_64", "amd64", platform.machine()} & set(path.read_text(encoding="utf-8").split('"')), path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# none\n", ["127.0.0.1"]),
        ("search home\nnameserver 192.0.2.1\nnameserver 127.0.0.53\n", ["192.0.2.1", "127.0.0.53"]),
        ("nameserver\n", ["127.0.0.1"]),
    ],
    ids=["no resolver", "two", "half a line"],
)
def test_resolvers_of_this_machine(text: str, expected: list[str]) -> None:
    assert services.nameservers(text) == expected


STANZAS = """\
Types: deb deb-src
# a comment
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.test/disabled
Suites: bookworm
Components: main
Enabled: no

Types: deb
URIs: http://vendor.test
Suites: bookworm
Components: stable
"""
LINES = """\
# deb http://mirror.test/commented bookworm main
deb [arch=amd64 trusted=yes] http://mirror.test/debian bookworm main contrib
deb-src http://mirror.test/debian bookworm main
deb http://mirror.test/debian-security bookworm-security main
deb http://mirror.test/debian trixie main
"""
KEY = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            sources.parse_stanzas(STANZAS),
            f"deb {KEY} http://mirror.test/debian bookworm main\n"
            f"deb {KEY} http://mirror.test/debian bookworm-updates main\n",
            id="deb822",
        ),
        pytest.param(
            sources.parse_lines(LINES),
            f"deb {KEY} http://mirror.test/debian bookworm main\n"
            f"deb {KEY} http://mirror.test/debian-security bookworm-security main\n",
            id="one line each",
        ),
        pytest.param(sources.parse_lines("deb http://mirror.test/ubuntu noble main\n"), "", id="another distribution"),
    ],
)
def test_mirrors_of_this_machine(found: list[sources.Source], expected: str) -> None:
    assert sources.render(found, "bookworm") == expected


def test_what_is_frozen_is_thawed_to_die(tmp_path: Path) -> None:
    hierarchy = cgroups.Hierarchy(tmp_path, frozenset({"freezer"}), unified=False)
    groups = [tmp_path / "hybrid-lab" / "desk", tmp_path / "hybrid-lab" / "desk" / "olab1"]
    for group in groups:
        group.mkdir(parents=True)
        (group / "freezer.state").write_text("FROZEN", encoding="ascii")
    cgroups._end_frozen(hierarchy, ("desk",))
    assert [(group / "freezer.state").read_text(encoding="ascii") for group in groups] == ["THAWED", "THAWED"]


@pytest.mark.parametrize(
    ("file", "weight"),
    [pytest.param("cpu.shares", "8192", id="version 1"), pytest.param("cpu.weight", "800", id="version 2")],
)
def test_labs_weigh_more_than_one_process(file: str, weight: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text("usual", encoding="ascii")
    (tmp_path / "cgroup.procs").touch()
    cgroups._weigh(tmp_path)
    assert {path.name: path.read_text(encoding="ascii") for path in tmp_path.iterdir()} == {
        file: weight,
        "cgroup.procs": "",
    }
