# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``brew``: a stand-in that keeps a table of formulae. No Mac has it before somebody installed it.

Where HOMEBREW_BOTTLE_DOMAIN is set and has a bottle, that is poured, so that a formula's program really runs.
"""

from __future__ import annotations

from . import brew_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tool import Context

# The layer must not put it on a bare Mac: what installs Homebrew makes the link.
PATHS: tuple[str, ...] = ()
PREFIX = "/opt/homebrew"
AREA = "homebrew"
ENVIRONMENT_FILE = "/private/etc/homebrew/brew.env"
DOMAIN = "HOMEBREW_BOTTLE_DOMAIN"
# Formulae with a bottle in the lab; the others are entries of a table.
POURED = ("haproxy", "squid")
FORMULAE = {"haproxy": "3.3.6", "macmon": "0.8.2", "node_exporter": "1.12.1", "squid": "7.6", "unbound": "1.26.0"}


def main(context: Context) -> int:
    """Run one command."""
    command, words = (context.argv[0], context.argv[1:]) if context.argv else ("", [])
    if command == "--prefix":
        context.out(PREFIX)
        return 0
    if context.is_root:
        context.err(texts.ROOT)
        return 1
    if command == "--version":
        context.out(texts.VERSION)
        return 0
    names = [word for word in words if not word.startswith("-")]
    commands = {"list": _list, "info": _info, "install": _install, "uninstall": _uninstall}
    if command not in commands:
        context.err(texts.USAGE)
        return 1
    return commands[command](context, names)


def _available(context: Context) -> dict[str, str]:
    found: dict[str, str] = context.state.read(AREA).get("formulae", FORMULAE)
    return found


def _installed(context: Context) -> dict[str, str]:
    found: dict[str, str] = context.state.read(AREA).get("installed", {})
    return found


def _list(context: Context, names: list[str]) -> int:
    installed = _installed(context)
    versions = "--versions" in context.argv
    shown = [name for name in (names or sorted(installed)) if name in installed]
    for name in shown:
        context.out(f"{name} {installed[name]}" if versions else name)
    return 0 if len(shown) == len(names or shown) else 1


def _unknown(context: Context, names: list[str]) -> bool:
    available = _available(context)
    unknown = [name for name in names if name not in available]
    for name in unknown:
        context.err(texts.UNKNOWN.format(name=name))
    return bool(unknown)


def _info(context: Context, names: list[str]) -> int:
    if _unknown(context, names):
        return 1
    import json

    available, installed = _available(context), _installed(context)

    def describe(name: str) -> dict[str, Any]:
        have = installed.get(name)
        return {
            "name": name,
            "full_name": name,
            "tap": "homebrew/core",
            "versions": {"stable": available[name]},
            "installed": [{"version": have}] if have else [],
            "linked_keg": have,
            "pinned": False,
            "outdated": bool(have) and have != available[name],
        }

    context.out(json.dumps({"formulae": [describe(name) for name in names], "casks": []}))
    return 0


def _install(context: Context, names: list[str]) -> int:
    if _unknown(context, names):
        return 1
    available = _available(context)
    with context.state.edit(AREA) as data:
        installed = data.setdefault("installed", {})
        for name in names:
            version = available[name]
            if installed.get(name) == version:
                context.err(texts.CURRENT.format(name=name, version=version))
                continue
            if not _pour(context, name):
                context.err(texts.NO_BOTTLE.format(name=name))
                return 1
            installed[name] = version
            context.out(texts.POURED.format(name=name, version=version))
            context.out(texts.CELLAR.format(prefix=PREFIX, name=name, version=version))
    return 0


def _uninstall(context: Context, names: list[str]) -> int:
    status = 0
    with context.state.edit(AREA) as data:
        installed = data.setdefault("installed", {})
        for name in names:
            version = installed.pop(name, None)
            if version is None:
                context.err(texts.ABSENT.format(prefix=PREFIX, name=name))
                status = 1
            else:
                context.run("sudo", "-n", "rm", "-rf", f"{PREFIX}/Cellar/{name}", f"{PREFIX}/opt/{name}")
                context.out(texts.REMOVING.format(prefix=PREFIX, name=name, version=version))
    return status


def _bottle_domain(context: Context) -> str:
    """Return the address of a mirror, from the environment or the system's file."""
    lines: list[str] = []
    try:
        with open(context.path(ENVIRONMENT_FILE), encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        pass
    stored = dict(line.split("=", 1) for line in lines if "=" in line)
    return context.environment.get(DOMAIN) or stored.get(DOMAIN, "")


def _pour(context: Context, name: str) -> bool:
    """Unpack the bottle of a formula that has one; a mirror that cannot be reached is a failure."""
    domain = _bottle_domain(context)
    if name not in POURED or not domain:
        return True
    bottle = f"/private/tmp/{name}.bottle.tar.gz"
    fetched = context.run("curl", "--fail", "--silent", "-o", bottle, f"{domain}/{name}.bottle.tar.gz")
    # With rights that brew does not need: half of the bottle is what a Linux program expects of its system.
    if fetched.returncode or context.run("sudo", "-n", "bsdtar", "-xf", bottle, "-C", "/").returncode:
        return False
    return (
        context.run("sudo", "-n", "chown", "-R", str(context.uid), f"{PREFIX}/Cellar", f"{PREFIX}/opt").returncode == 0
    )
