# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``newsyslog``: what is renamed, who is told, and by which signal of Darwin's."""

from __future__ import annotations

import bz2

import pytest

LOG = "/var/log/example.log"
ENTRY = (
    f"# file owner mode count size when flags pid signal\n{LOG} _squid:_squid 640 2 1 * JB /var/run/example.pid 30\n"
)


@pytest.fixture
def log(mac):
    mac.write("/etc/newsyslog.d/example.conf", ENTRY)
    mac.write("/var/run/example.pid", "77\n")
    return mac.write(LOG, "one line\n")


@pytest.mark.parametrize(
    ("argv", "uid", "size", "status", "rotated"),
    [
        pytest.param([], 0, 9, 0, False, id="small"),
        pytest.param([], 0, 1024, 0, True, id="large"),
        pytest.param(["-F"], 0, 9, 0, True, id="by hand"),
        pytest.param(["-F", LOG], 0, 9, 0, True, id="by name"),
        pytest.param(["-F", "/var/log/other.log"], 0, 9, 0, False, id="another by name"),
        pytest.param(["-nvF"], 501, 9, 0, False, id="dry"),
        pytest.param(["-F"], 501, 9, 1, False, id="not root"),
        pytest.param(["-x"], 0, 9, 1, False, id="an unknown option"),
    ],
)
def test_what_is_rotated(mac, log, argv, uid, size, *, status, rotated) -> None:
    log.write_text("x" * size)
    assert mac.run("newsyslog", *argv, uid=uid).rc == status
    assert log.with_name("example.log.0.bz2").exists() is rotated
    owned = [["chown", "_squid:_squid", f"{log}{suffix}"] for suffix in ("", ".0.bz2")]
    assert mac.calls == ([owned[0], ["kill", "-s", "USR1", "77"], owned[1]] if rotated else [])


def test_as_many_are_kept_as_the_line_says(mac, log) -> None:
    for number in range(4):
        log.write_text(f"{number}")
        mac.run("newsyslog", "-F", uid=0)
    kept = sorted(path.name for path in log.parent.iterdir())
    assert kept == ["example.log", "example.log.0.bz2", "example.log.1.bz2"]
    assert [bz2.decompress(log.with_name(name).read_bytes()) for name in kept[1:]] == [b"3", b"2"]
    assert [log.with_name(name).stat().st_mode & 0o777 for name in kept] == [0o640] * 3
