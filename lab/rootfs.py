# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The cached root file systems that every host of every lab shares: Debian, and the macOS layer above it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lab import names, packages, preflight, process
from lab.removal import remove_tree
from lab.sources import machine_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lab.settings import Settings

    Wrap = Callable[[Sequence[str]], list[str]]

# Raised when the steps below change in a way their text does not show.
_FORMAT = 2
_KEEP_SECONDS = 3600.0
# What a build mounts in the root it makes (/proc, /sys, parts of /dev) must end with the build, however that ends.
_OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private", "--")
_NO_DOCUMENTATION = tuple(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale"))
# As an installer has made it since Debian 10: /bin is /usr/bin.
_ONE_USR = (
    """--setup-hook=for name in bin sbin lib lib64; do mkdir -p "$1/usr/$name"; ln -s "usr/$name" "$1/$name"; done"""
)
# What a new machine would do on its own, and what waits for hardware: the first would run in the middle of a test, the
# second would keep a boot waiting.
_MASKED = """
apt-daily.timer apt-daily-upgrade.timer apt-daily.service apt-daily-upgrade.service dpkg-db-backup.timer
e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer
console-getty.service getty.target getty-static.service
systemd-ask-password-console.path systemd-ask-password-wall.path
systemd-networkd-wait-online.service systemd-timesyncd.service systemd-udevd.service systemd-pstore.service
systemd-journal-flush.service systemd-update-utmp.service systemd-update-utmp-runlevel.service
systemd-firstboot.service systemd-sysusers.service systemd-random-seed.service systemd-boot-system-token.service
dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount
systemd-machine-id-commit.service ldconfig.service systemd-journal-catalog-update.service systemd-update-done.service
"""
_SETUP = f"""set -e
useradd --create-home --uid 1000 --groups sudo --shell /bin/bash {names.ADMIN}
rm -f /etc/ssh/ssh_host_*_key* /etc/machine-id /var/lib/dbus/machine-id /etc/hostname /etc/resolv.conf
: > /etc/machine-id
systemctl enable --quiet ssh.service systemd-networkd.service
# A root file system without nftables has no such unit.
systemctl disable --quiet nftables.service || true
systemctl mask --quiet {" ".join(_MASKED.split())}
update-ca-certificates >/dev/null 2>&1
rm -rf /var/cache/apt/*.bin /var/lib/apt/lists/* /var/log/*.log /var/log/apt/*
"""


@contextlib.contextmanager
def _exclusive() -> Iterator[None]:
    names.CACHE.mkdir(parents=True, exist_ok=True)
    with (names.CACHE / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def architecture() -> str:
    """Return this machine's architecture in Debian's words."""
    return process.run("dpkg", "--print-architecture").stdout.strip()


def fingerprint(extra_packages: Sequence[str], settings: Settings) -> str:
    """Return the name of the root file system these inputs make."""
    inputs = [_FORMAT, packages.SUITE, architecture(), sorted({*packages.BASE_PACKAGES, *extra_packages}), _SETUP]
    inputs += [list(settings.certificates), machine_sources(packages.SUITE)]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]


def base(extra_packages: Sequence[str], settings: Settings, wrap: Wrap) -> Path:
    """Return the Debian root file system, built first if the cache does not hold it; wrap says where the build runs."""
    target = names.CACHE / f"root-{fingerprint(extra_packages, settings)}"
    with _exclusive():
        if not target.is_dir():
            preflight.check_root_file_system_space()
            _build(target, extra_packages, settings, wrap)
        mark_used(target)
    return target


def _build(target: Path, extra_packages: Sequence[str], settings: Settings, wrap: Wrap) -> None:
    with _workspace() as work:
        certificates = work / "certificates"
        certificates.mkdir()
        for number, text in enumerate(settings.certificates):
            (certificates / f"lab-{number}.crt").write_text(text, encoding="ascii")
        setup = work / "setup"
        setup.write_text(_SETUP, encoding="utf-8")
        place = "usr/local/share/ca-certificates"
        _bootstrap(
            work,
            settings,
            wrap,
            packages.SUITE,
            "--variant=minbase",
            f"--include={','.join(dict.fromkeys([*packages.BASE_PACKAGES, *extra_packages]))}",
            *_NO_DOCUMENTATION,
            f'--essential-hook=mkdir -p "$1/{place}" && cp -r "{certificates}/." "$1/{place}/"',
            f'--customize-hook=chroot "$1" sh < "{setup}"',
        )
        # Empty, they are not the news of this hour: whoever asks whether they are old shall fetch them.
        os.utime(work / "root/var/lib/apt/lists", (0, 0))
        (work / "root").rename(target)


def _bootstrap(work: Path, settings: Settings, wrap: Wrap, suite: str, *arguments: str) -> None:
    """Have mmdebstrap make ``root`` in the workspace, from this machine's mirrors if it has some of that release."""
    options = work / "apt.conf"
    options.write_text(settings.apt_options + 'Acquire::Languages "none";\n', encoding="utf-8")
    sources = machine_sources(suite)
    argv = ["mmdebstrap", "--mode=root", f"--aptopt={options}", *arguments, suite, str(work / "root")]
    process.run(*wrap([*_OWN_MOUNTS, *argv]), *(["-"] if sources else []), stdin=sources, timeout=1800)


def programs(names_of_packages: Sequence[str], settings: Settings, wrap: Wrap) -> Path:
    """Return a directory with Debian packages and what they need, unpacked and not installed: to be packed anew."""
    inputs = [packages.SUITE, architecture(), sorted(names_of_packages), machine_sources(packages.SUITE)]
    target = names.CACHE / f"programs-{hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]}"
    with _exclusive():
        if not target.is_dir():
            preflight.check_root_file_system_space()
            with _workspace() as work:
                include = f"--include={','.join(names_of_packages)}"
                _bootstrap(work, settings, wrap, packages.SUITE, "--variant=extract", include)
                (work / "root").rename(target)
        mark_used(target)
    return target


def small(suite: str, names_of_packages: Sequence[str], settings: Settings) -> Path:
    """Return a root file system of any Debian release to enter by chroot: its essential packages and these."""
    include = f"--include={','.join(sorted(names_of_packages))}"
    arguments = ["--variant=essential", include, *_NO_DOCUMENTATION, _ONE_USR]
    inputs = [suite, architecture(), arguments, machine_sources(suite)]
    target = names.CACHE / f"small-{hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]}"
    with _exclusive():
        if not target.is_dir():
            preflight.check_root_file_system_space()
            with _workspace() as work:
                _bootstrap(work, settings, list, suite, *arguments)
                (work / "root").rename(target)
        mark_used(target)
    return target


def layer(name: str, build: Callable[[Path, Path], object], base_root: Path) -> Path:
    """Return the macOS layer of that name above a root file system; ``build(base_root, directory)`` makes it."""
    target = names.CACHE / name
    with _exclusive():
        if not target.is_dir():
            preflight.check_root_file_system_space()
            with _workspace() as work:
                made = work / "layer"
                made.mkdir(mode=0o755)
                build(base_root, made)
                made.rename(target)
        mark_used(target)
    return target


def mark_used(target: Path) -> None:
    """Note that something of the cache is in use now."""
    (names.CACHE / f"{target.name}.used").touch()


def _used_lately(target: Path) -> bool:
    # Another lab's `up` may have asked for it just now and not made its hosts yet.
    mark = names.CACHE / f"{target.name}.used"
    return mark.exists() and time.time() - mark.stat().st_mtime < _KEEP_SECONDS


def _remove_stale() -> None:
    for stale in names.CACHE.glob("building-*"):  # the lock is ours: these belong to builds that were killed
        remove_tree(stale)


@contextlib.contextmanager
def _workspace() -> Iterator[Path]:
    _remove_stale()
    work = Path(tempfile.mkdtemp(prefix="building-", dir=names.CACHE))
    work.chmod(0o755)
    try:
        yield work
    finally:
        remove_tree(work)


def remove_unfinished() -> None:
    """Remove what killed builds left, unless one is running now."""
    if not names.CACHE.is_dir():
        return
    with (names.CACHE / ".lock").open("w") as file, contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove_stale()


def prune(in_use: set[Path]) -> None:
    """Remove root file systems and layers that no host uses and nobody asked for lately."""
    with _exclusive():
        for entry in names.CACHE.iterdir():
            if (
                re.match(r"(root|macos|artifacts|programs|small|compiled)-[0-9a-f]+$", entry.name)
                and entry not in in_use
                and not _used_lately(entry)
            ):
                remove_tree(entry)
                (names.CACHE / f"{entry.name}.used").unlink(missing_ok=True)
