# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where the hosts' Debian packages come from: the mirrors of this machine, if it is of the same Debian release."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_APT = Path("/etc/apt")
_DEFAULT_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Source:
    """One repository."""

    address: str
    suite: str
    components: tuple[str, ...]


def machine_sources(suite: str) -> str:
    """Return one-line sources for the suite from this machine's own; nothing where it has none of that suite."""
    found: list[Source] = []
    for path in [_APT / "sources.list", *sorted((_APT / "sources.list.d").glob("*"))]:
        if path.is_file() and path.suffix in _PARSERS:
            found += _PARSERS[path.suffix](path.read_text(encoding="utf-8", errors="replace"))
    return render(found, suite)


def render(sources: list[Source], suite: str) -> str:
    """Return sources.list lines of Debian's own archives of the suite (third-party ones have other suites or keys)."""
    chosen = [
        source
        for source in sources
        if source.suite in {suite, f"{suite}-updates", f"{suite}-security"} and "main" in source.components
    ]
    if not any(source.suite == suite for source in chosen):
        return ""
    lines = dict.fromkeys(f"deb [signed-by={_DEFAULT_KEYRING}] {s.address} {s.suite} main" for s in chosen)
    return "".join(f"{line}\n" for line in lines)


def parse_lines(text: str) -> list[Source]:
    """Read the one-line format."""
    pattern = re.compile(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)$", re.MULTILINE)
    return [Source(address, suite, tuple(rest.split())) for address, suite, rest in pattern.findall(text)]


def parse_stanzas(text: str) -> list[Source]:
    """Read the deb822 format."""
    found = []
    for stanza in re.split(r"\n\s*\n", text):
        lines = [line for line in stanza.splitlines() if not line.startswith("#")]
        fields = {}
        for name, value in re.findall(r"^([\w-]+):((?:.*\n?)(?:[ \t]+\S.*\n?)*)", "\n".join(lines), re.MULTILINE):
            fields[name.lower()] = value.split()
        if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
            continue
        components = tuple(fields.get("components", []))
        found += [
            Source(uri, suite, components) for uri in fields.get("uris", []) for suite in fields.get("suites", [])
        ]
    return found


_PARSERS = {".list": parse_lines, ".sources": parse_stanzas}
