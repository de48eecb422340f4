# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The layer that makes a Mac of the Debian root file system: an overlay's upper directory, the same for all Macs.

What cannot be hidden from somebody who looks for it: ``/proc``, ``/sys``, ``/run``, ``/lib`` and the C library are
Linux's, ``/bin/sh`` is dash and ``/bin/bash`` a current one (macOS has version 3.2), and programs that are the same on
both systems are links into the hidden directory.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

from .programs import DIRECT, RENAMED, WRAPPED

HERE = Path(__file__).parent
SIMULATOR = Path("System/Library/Simulator")
PACKAGES: tuple[str, ...] = (
    *("bind9-dnsutils", "ca-certificates", "curl", "iproute2", "iputils-ping", "less", "libarchive-tools", "mawk"),
    *(
        "netbase",
        "netcat-openbsd",
        "openssh-client",
        "openssh-server",
        "openssl",
        "perl-base",
        "procps",
        "psmisc",
        "python3",
    ),
    *("rsync", "sudo", "tzdata", "unzip", "xz-utils", "zip", "zsh"),
)
INIT: list[str] = [f"/{SIMULATOR}/bin/launchd"]
# Linked to /private, where macOS has them.
PRIVATE = ("etc", "tmp", "var")
# Debian's directories in which nothing of Debian shows.
REPLACED = ("usr/bin", "usr/sbin", "usr/local", "usr/libexec")
HIDDEN = (
    *("boot", "home", "media", "mnt", "opt", "root", "srv"),
    *("usr/games", "usr/include", "usr/src", "usr/lib/python3", "usr/lib/python3.11", "usr/lib/os-release"),
)
COPIED_CONFIGURATION = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "login.defs", "protocols", "services", "ssl")
# path: (mode, user, group)
DIRECTORIES: dict[str, tuple[int, int, int]] = {
    "Applications": (0o775, 0, 80),
    "Applications/Utilities": (0o755, 0, 0),
    "Library": (0o755, 0, 0),
    "Library/Application Support": (0o755, 0, 80),
    "Library/LaunchAgents": (0o755, 0, 0),
    "Library/LaunchDaemons": (0o755, 0, 0),
    "Library/Logs": (0o775, 0, 80),
    "Library/Preferences": (0o755, 0, 0),
    "Library/Preferences/SystemConfiguration": (0o755, 0, 0),
    "Library/PrivilegedHelperTools": (0o1755, 0, 0),
    "System": (0o755, 0, 0),
    "System/Library/CoreServices": (0o755, 0, 0),
    "System/Library/LaunchAgents": (0o755, 0, 0),
    "System/Volumes/Data": (0o755, 0, 0),
    "Users": (0o755, 0, 80),
    "Users/Shared": (0o1777, 0, 0),
    "Users/admin": (0o750, 501, 20),
    "Users/admin/Library": (0o700, 501, 20),
    "Users/admin/Library/Preferences": (0o700, 501, 20),
    "Volumes": (0o755, 0, 0),
    "bin": (0o755, 0, 0),
    "private/etc/newsyslog.d": (0o755, 0, 0),
    "private/etc/paths.d": (0o755, 0, 0),
    "private/etc/resolver": (0o755, 0, 0),
    "private/etc/ssh/ssh_config.d": (0o755, 0, 0),
    "private/etc/sudoers.d": (0o755, 0, 0),
    "private/tmp": (0o1777, 0, 0),
    "private/var/db/simulator": (0o755, 0, 0),
    "private/var/db/simulator/images": (0o755, 0, 0),
    # Administrators change some settings without sudo: their tools write here.
    "private/var/db/simulator/state": (0o2775, 0, 80),
    "private/var/db/sudo": (0o711, 0, 0),
    "private/var/db/timezone": (0o755, 0, 0),
    "private/var/empty": (0o755, 0, 3),
    "private/var/folders": (0o755, 0, 0),
    "private/var/lib/sudo": (0o700, 0, 0),
    "private/var/log": (0o755, 0, 0),
    "private/var/root": (0o750, 0, 0),
    "private/var/root/Library/Preferences": (0o700, 0, 0),
    "private/var/run": (0o755, 0, 1),
    "private/var/tmp": (0o1777, 0, 0),
    "sbin": (0o755, 0, 0),
}
LINKS = {
    "private/etc/localtime": "/var/db/timezone/zoneinfo/UTC",
    "private/etc/resolv.conf": "../var/run/resolv.conf",
    "private/etc/ssl/cert.pem": "certs/ca-certificates.crt",
    # Debian's zsh looks there for the files that a Mac's has in /etc.
    "private/etc/zsh": ".",
    "private/var/db/timezone/zoneinfo": "/usr/share/zoneinfo",
    "Volumes/Macintosh HD": "/",
}
MODES = {
    "private/etc/shadow": 0o600,
    "private/etc/sudoers": 0o440,
    # As on a Mac; Debian lets everybody ping by a kernel setting of its own.
    f"{SIMULATOR}/bin/ping": 0o4755,
}
# Remote Login was switched on at the screen, as bootstrap needs it.
STATE = {"launchd": {"disabled": {"system": {"com.apple.ftpd": True, "com.openssh.sshd": False}}}}


def build(base_root: Path, layer_directory: Path) -> None:
    """Make the layer for a root file system, to be mounted over it."""
    layer_directory.mkdir(parents=True, exist_ok=True)
    for name in HIDDEN:
        _whiteout(layer_directory / name)
    for name in REPLACED:
        _opaque(layer_directory / name)
    for name in PRIVATE:
        (layer_directory / name).symlink_to(f"private/{name}")
    _install_hidden(base_root, layer_directory)
    _install_configuration(base_root, layer_directory)
    shutil.copytree(HERE / "files", layer_directory, dirs_exist_ok=True)
    for name, (mode, user, group) in DIRECTORIES.items():
        (layer_directory / name).mkdir(parents=True, exist_ok=True)
        os.chown(layer_directory / name, user, group)
        (layer_directory / name).chmod(mode)
    for name, target in LINKS.items():
        (layer_directory / name).symlink_to(target)
    for name, mode in MODES.items():
        (layer_directory / name).chmod(mode)
    for area, data in STATE.items():
        (layer_directory / f"private/var/db/simulator/state/{area}.json").write_text(json.dumps(data))
    _show_programs(layer_directory)
    _install_simulator(layer_directory)
    _compile(base_root, layer_directory)


def tool_paths() -> dict[str, tuple[str, ...]]:
    """Return the paths of every simulated tool by module, read without running any of it."""
    found = {}
    for file in sorted((HERE / "simulator" / "tools").glob("*.py")):
        for node in ast.parse(file.read_text()).body:
            targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
            if [getattr(target, "id", "") for target in targets] == ["PATHS"]:
                found[file.stem] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
    return found


def _whiteout(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mknod(path, stat.S_IFCHR)


def _opaque(path: Path) -> None:
    path.mkdir(parents=True)
    os.setxattr(path, "trusted.overlay.opaque", b"y")


def resolve(root: Path, path: Path) -> Path:
    """Follow the links of a path inside a root file system."""
    for _ in range(40):
        for parent in [*reversed(path.parents), path][1:]:
            real = root / parent.relative_to("/")
            if real.is_symlink():
                target = parent.parent / real.readlink()
                path = Path(os.path.normpath(target / path.relative_to(parent)))
                break
        else:
            return root / path.relative_to("/")
    raise OSError(f"{path}: too many links")


def _install_hidden(base_root: Path, layer: Path) -> None:
    """Copy Debian's programs, its Python and what sshd and sudo bring along to where nobody looks."""
    hidden = layer / SIMULATOR / "bin"
    hidden.mkdir(parents=True)
    for directory in ("/usr/bin", "/usr/sbin"):
        for entry in sorted((base_root / directory[1:]).iterdir()):
            source = resolve(base_root, Path(directory, entry.name))
            if source.is_file():
                _copy(source, hidden / entry.name)
    _copy(hidden / "python3.11", hidden / "python3")
    shutil.copytree(
        base_root / "usr/lib/python3.11",
        layer / SIMULATOR / "lib/python3.11",
        symlinks=False,
        ignore=shutil.ignore_patterns("sitecustomize.py", "test", "lib2to3", "EXTERNALLY-MANAGED"),
        ignore_dangling_symlinks=True,
    )
    shutil.copy2(HERE / "darwin_site.py", layer / SIMULATOR / "lib/python3.11/sitecustomize.py")
    shutil.copytree(base_root / "usr/libexec/sudo", layer / "usr/libexec/sudo", symlinks=True)
    _copy(base_root / "usr/lib/openssh/sftp-server", layer / "usr/libexec/sftp-server")


def _copy(source: Path, target: Path) -> None:
    """Copy a program with its owner and its set-user-ID bit."""
    shutil.copy2(source, target)
    status = source.stat()
    os.chown(target, status.st_uid, status.st_gid)
    target.chmod(stat.S_IMODE(status.st_mode))


def _install_configuration(base_root: Path, layer: Path) -> None:
    target = layer / "private/etc"
    target.mkdir(parents=True)
    for name in COPIED_CONFIGURATION:
        source = base_root / "etc" / name
        if source.is_dir():
            shutil.copytree(source, target / name, symlinks=True)
        elif source.exists():
            shutil.copy2(source, target / name)


def _show_programs(layer: Path) -> None:
    hidden = f"/{SIMULATOR}/bin"
    for directory, names in WRAPPED.items():
        for name in names:
            (layer / directory[1:] / name).symlink_to(f"{hidden}/bsd")
    for directory, names in DIRECT.items():
        for name in names:
            (layer / directory[1:] / name).symlink_to(f"{hidden}/{name}")
    for path, name in RENAMED.items():
        (layer / path[1:]).symlink_to(f"{hidden}/{name}")


def _install_simulator(layer: Path) -> None:
    """Put the simulator and a link for every path of every tool."""
    package = layer / SIMULATOR / "lib/simulator"
    shutil.copytree(
        HERE / "simulator",
        package,
        ignore=shutil.ignore_patterns(".*", "__pycache__", "simulate", "init", "unlock", "ruff.toml", "__main__.py"),
    )
    hidden = layer / SIMULATOR / "bin"
    shutil.copy2(HERE / "simulator/simulate", hidden / "simulate")
    shutil.copy2(HERE / "simulator/launchd/init", hidden / "launchd")
    shutil.copy2(HERE / "simulator/launchd/unlock", hidden / "unlock")
    # PAM goes by the name that sshd was started with.
    (hidden / "sshd-preboot").symlink_to("sshd")
    aliases = {}
    for module, paths in tool_paths().items():
        for path in paths:
            link = layer / path[1:]
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(f"/{SIMULATOR}/bin/simulate")
            if link.name.replace("-", "_") != module:
                aliases[link.name] = module
    (package / "tools/aliases.json").write_text(json.dumps(aliases, indent=1, sort_keys=True))


def _compile(base_root: Path, layer: Path) -> None:
    """Compile with the guest's own Python, in a mount namespace that ends with the command."""
    scratch = layer.parent / f".{layer.name}.compile"
    work, root = scratch / "work", scratch / "root"
    for directory in (work, root):
        directory.mkdir(parents=True, exist_ok=True)
    script = (
        'mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"; '
        'exec chroot "$4" "$5/bin/python3" -IS -m compileall -q "$5/lib"'
    )
    try:
        subprocess.run(
            ["unshare", "--mount", "sh", "-ec", script, "sh", base_root, layer, work, root, f"/{SIMULATOR}"],
            check=True,
            stdin=subprocess.DEVNULL,
        )
    finally:
        shutil.rmtree(scratch)
