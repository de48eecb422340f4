# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The bottle of Squid has Homebrew's layout, and is the same whenever it is built."""

from __future__ import annotations

import tarfile

import pytest

from lab.homebrew import bottle


@pytest.fixture
def programs(tmp_path):
    """Return a directory as the unpacked packages of Debian."""
    names = ["usr/sbin/squid", "usr/share/squid/mime.conf", *(f"usr/lib/squid/{name}" for name in bottle.HELPERS)]
    names += [f"usr/lib/x86_64-linux-gnu/{name}" for name in bottle.LIBRARIES]
    for name in names:
        path = tmp_path / "programs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
        path.chmod(0o4755 if "lib/squid" in name or "sbin" in name else 0o600)
    return tmp_path / "programs"


def test_layout(programs, tmp_path):
    with tarfile.open(bottle.build(programs, tmp_path / "out")) as archive:
        members = {member.name: member for member in archive}
    assert members["opt/homebrew/opt/squid"].linkname == "../Cellar/squid/7.6"
    assert {f"{bottle.CELLAR}/sbin/squid", f"{bottle.CELLAR}/libexec/security_file_certgen"} <= set(members)
    assert "usr/lib/x86_64-linux-gnu/libecap.so.3" in members
    assert {member.mode for member in members.values() if member.isfile()} == {0o755, 0o644}
    assert {(member.uid, member.gid, member.mtime) for member in members.values()} == {(0, 0, 0)}


def test_it_is_the_same_whenever_it_is_built(programs, tmp_path):
    first = bottle.build(programs, tmp_path / "one").read_bytes()
    assert bottle.build(programs, tmp_path / "two").read_bytes() == first
