# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Bottles have Homebrew's layout, and are the same whenever they are built."""

from __future__ import annotations

import tarfile

import pytest

from lab.standins.homebrew import haproxy, squid

# What each bottle is made from, and what must be in it.
BOTTLES = {
    squid: (
        ["usr/sbin/squid", "usr/share/squid/mime.conf", *(f"usr/lib/squid/{name}" for name in squid.HELPERS)],
        {"sbin/squid", "libexec/security_file_certgen"},
    ),
    haproxy: (["usr/sbin/haproxy"], {"bin/haproxy"}),
}


@pytest.fixture(params=BOTTLES, ids=lambda source: source.__name__.rpartition(".")[2])
def source(request):
    return request.param


@pytest.fixture
def programs(source, tmp_path):
    """Return a directory as the unpacked packages of Debian."""
    names = [*BOTTLES[source][0], *(f"usr/lib/x86_64-linux-gnu/{name}" for name in source.LIBRARIES)]
    for name in names:
        path = tmp_path / "programs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
        path.chmod(0o4755 if "lib/squid" in name or "sbin" in name else 0o600)
    return tmp_path / "programs"


def test_layout(source, programs, tmp_path):
    formula = source.__name__.rpartition(".")[2]
    with tarfile.open(source.build(programs, tmp_path / "out")) as archive:
        members = {member.name: member for member in archive}
    assert members[f"opt/homebrew/opt/{formula}"].linkname == f"../Cellar/{formula}/{source.VERSION}"
    assert {f"opt/homebrew/Cellar/{formula}/{source.VERSION}/{name}" for name in BOTTLES[source][1]} <= set(members)
    assert {f"usr/lib/x86_64-linux-gnu/{name}" for name in source.LIBRARIES} <= set(members)
    assert {member.mode for member in members.values() if member.isfile()} == {0o755, 0o644}
    assert {(member.uid, member.gid, member.mtime) for member in members.values()} == {(0, 0, 0)}


def test_it_is_the_same_whenever_it_is_built(source, programs, tmp_path):
    first = source.build(programs, tmp_path / "one").read_bytes()
    assert source.build(programs, tmp_path / "two").read_bytes() == first
