# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The bottle of Squid: Homebrew's layout around Debian's program, and what that program expects of a Linux beside it.

The second half (libraries, icons, texts of errors) lies where Debian's Squid was told to look for it. A real bottle
holds all of it below its own directory.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ("squid-openssl",)
# What the formula is at, whatever Debian has inside.
VERSION = "7.6"
CELLAR = f"opt/homebrew/Cellar/squid/{VERSION}"
HELPERS = ("log_file_daemon", "security_file_certgen", "storeid_file_rewrite", "unlinkd")
LIBRARIES = (
    *("libecap.so.3", "libltdl.so.7", "libmnl.so.0", "libnetfilter_conntrack.so.3", "libnfnetlink.so.0"),
    "libtdb.so.1",
)
# A Mac has all of perl; the simulated one has what Debian calls essential, without the module for help texts.
POD_USAGE = "package Pod::Usage;\nuse parent 'Exporter';\nour @EXPORT = ('pod2usage');\nsub pod2usage { exit 2 }\n1;\n"


def build(programs: Path, destination: Path) -> Path:
    """Write the bottle from a directory with the unpacked packages."""
    destination.mkdir(parents=True, exist_ok=True)
    path = destination / "squid.bottle.tar.gz"
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", 1, file, 0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        archive.add(programs / "usr/sbin/squid", f"{CELLAR}/sbin/squid", filter=_ours)
        for name in HELPERS:
            archive.add(programs / "usr/lib/squid" / name, f"{CELLAR}/libexec/{name}", filter=_ours)
            archive.add(programs / "usr/lib/squid" / name, f"usr/lib/squid/{name}", filter=_ours)
        link = tarfile.TarInfo("opt/homebrew/opt/squid")
        link.type, link.linkname = tarfile.SYMTYPE, f"../Cellar/squid/{VERSION}"
        archive.addfile(_ours(link))
        for library, place in _libraries(programs):
            archive.add(library.resolve(), f"{place}/{library.name}", filter=_ours)
        archive.add(programs / "usr/share/squid", "usr/share/squid", filter=_ours)
        module = tarfile.TarInfo("usr/share/perl5/Pod/Usage.pm")
        module.size = len(POD_USAGE)
        archive.addfile(_ours(module), io.BytesIO(POD_USAGE.encode()))
    return path


def _libraries(programs: Path) -> list[tuple[Path, str]]:
    found = []
    for name in LIBRARIES:
        (library, *_) = sorted(
            path for top in ("lib", "usr/lib") for path in programs.glob(f"{top}/*-linux-gnu*/{name}")
        )
        found.append((library, f"usr/lib/{library.parent.name}"))
    return found


def _ours(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Make the archive the same whenever and by whomever it is built."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() or member.mode & 0o111 else 0o644
    return member
