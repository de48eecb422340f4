# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Everything a lab is built from, made once and kept: root file systems and the files of the artifact server."""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import cgroups, compiled, names, rootfs, standins
from lab.disk import Disk
from lab.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.settings import Settings
    from lab.topology import Host, Topology

_PACKAGE = Path(__file__).parent
_BUILD_CGROUP = ".build"
_CHECKSUMS = "SHA256SUMS"
"""Lines as sha256sum prints them, of the files of the artifact server."""


@dataclass(frozen=True)
class Images:
    """The shared parts of a lab."""

    base: Path
    mac_layer: Path | None = None
    mac_init: tuple[str, ...] = ()
    artifacts: Path | None = None
    programs: Path | None = None
    compiled: Path | None = None

    def disk(self, lab: str, host: Host) -> Disk:
        """Return the disk a host gets."""
        if host.kind == "macos":
            return Disk(lab, host, (str(self.mac_layer), str(self.base)), self.mac_init)
        return Disk(lab, host, (str(self.base),))

    def paths(self) -> list[str]:
        """Return where they are; the names say what they were made from."""
        return [str(path) for path in self.parts()]

    def parts(self) -> list[Path]:
        """Return all of them that there are."""
        paths = (self.base, self.mac_layer, self.artifacts, self.programs, self.compiled)
        return [path for path in paths if path is not None]


def ensure(lab: str, topology: Topology, settings: Settings, say: Callable[[str], None]) -> Images:
    """Return the images, building what the cache lacks."""
    has_macs = any(host.kind == "macos" for host in topology.hosts)
    # The simulator is only needed, and only then loaded, where there is a Mac.
    layer: Any = importlib.import_module("lab.macos.layer") if has_macs else None
    extra = layer.PACKAGES if layer else ()
    groups = cgroups.create(lab, _BUILD_CGROUP)
    compilation = compiled.start(topology, settings, lambda argv: cgroups.wrap(groups, argv), say)
    try:
        if not (names.CACHE / f"root-{rootfs.fingerprint(extra, settings)}").is_dir():
            say("building the Debian root file system")
        base = rootfs.base(extra, settings, lambda argv: cgroups.wrap(groups, argv))
        if layer is None and not any(host.has_gpu for host in topology.hosts):
            return Images(base, compiled=compilation.result())
        macos = (
            rootfs.layer(f"macos-{_short(base.name, fingerprint(layer.HERE))}", layer.build, base) if layer else None
        )
        programs = rootfs.programs(_program_packages(), settings, lambda argv: cgroups.wrap(groups, argv))
        artifacts = _artifacts(base, programs)
        init = tuple(layer.INIT) if layer else ()
        return Images(base, macos, init, artifacts, programs, compilation.result())
    finally:
        cgroups.kill(lab, _BUILD_CGROUP)


def _short(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _program_packages() -> tuple[str, ...]:
    return tuple(package for source in standins.found() for package in source.PACKAGES)


def _artifacts(base: Path, programs: Path) -> Path:
    sources = fingerprint(_PACKAGE / "macos", _PACKAGE / "standins")
    build = functools.partial(_build_artifacts, programs)
    return rootfs.layer(f"artifacts-{_short(base.name, programs.name, sources)}", build, base)


def _build_artifacts(programs: Path, base: Path, destination: Path) -> None:
    importlib.import_module("lab.macos.python_artifact").build(base, destination / "python")
    for source in standins.found():
        source.build(programs, destination)
    files = sorted(path for path in destination.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(destination)}\n" for path in files]
    (destination / _CHECKSUMS).write_text("".join(lines), encoding="ascii")


def publish(lab: str, images: Images) -> Path:
    """Put the artifacts where the lab's server finds them, as links into the cache, and return that directory."""
    directory = names.runtime(lab) / "artifacts"
    directory.mkdir(exist_ok=True)
    for source in (images.artifacts, images.compiled):
        if source is None:
            continue
        for path in source.rglob("*"):
            target = directory / path.relative_to(source)
            if path.is_dir():
                target.mkdir(exist_ok=True)
            elif not target.is_symlink() or target.readlink() != path:
                target.unlink(missing_ok=True)
                target.symlink_to(path)
    lists = (directory / name for name in (_CHECKSUMS, compiled.CHECKSUMS))
    lines = [line for path in lists if path.exists() for line in path.read_text(encoding="ascii").splitlines()]
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    # For the inventory, which reads it many times in a run.
    (directory / "checksums.json").write_text(json.dumps(sums), encoding="ascii")
    return directory


def prune(current: Images) -> None:
    """Remove images that neither a host nor a server of any lab uses."""
    used = set(current.parts())
    # A saved lab uses its images as a host does.
    for record in (*names.DISKS.glob("*/*/disk.json"), *names.STATES.glob("*/state.json")):
        text = record.read_text(encoding="utf-8")
        used |= {entry for entry in names.CACHE.iterdir() if str(entry) in text}
    for link in names.RUNTIME.glob("*/artifacts/**/*"):
        if link.is_symlink():
            target = link.readlink()
            used |= {entry for entry in names.CACHE.iterdir() if entry in target.parents}
    rootfs.prune(used)
