# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The bottle of Squid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.standins.homebrew import bottle

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ("squid-openssl",)
# What the formula is at, whatever Debian has inside.
VERSION = "7.6"
HELPERS = ("log_file_daemon", "security_file_certgen", "storeid_file_rewrite", "unlinkd")
LIBRARIES = (
    *("libecap.so.3", "libltdl.so.7", "libmnl.so.0", "libnetfilter_conntrack.so.3", "libnfnetlink.so.0"),
    "libtdb.so.1",
)
# A Mac has all of perl; the simulated one has what Debian calls essential, without the module for help texts.
POD_USAGE = "package Pod::Usage;\nuse parent 'Exporter';\nour @EXPORT = ('pod2usage');\nsub pod2usage { exit 2 }\n1;\n"


def build(programs: Path, destination: Path) -> Path:
    """Write the bottle from a directory with the unpacked packages."""
    cellar = bottle.cellar("squid", VERSION)
    contents: dict[str, Path | bytes] = {f"{cellar}/sbin/squid": programs / "usr/sbin/squid"}
    for place in (f"{cellar}/libexec", "usr/lib/squid"):
        contents |= {f"{place}/{name}": programs / "usr/lib/squid" / name for name in HELPERS}
    contents |= bottle.libraries(programs, LIBRARIES)
    contents |= {"usr/share/squid": programs / "usr/share/squid", "usr/share/perl5/Pod/Usage.pm": POD_USAGE.encode()}
    return bottle.write(destination, "squid", VERSION, contents)
