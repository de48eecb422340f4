# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""grafana.ini: the keys in use, with values from files as `$__file{/path}`."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass
from pathlib import Path

_FILE = re.compile(r"\$__file\{(?P<path>[^}]+)\}")


class ConfigurationError(Exception):
    """The configuration cannot be used."""


@dataclass(frozen=True)
class Configuration:
    """What the server needs to know."""

    address: str
    port: int
    data: Path
    provisioning: Path
    user: str
    password: str
    anonymous: bool


def read(path: str) -> Configuration:
    """Read the file; names it does not have get Grafana's own defaults."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        if not parser.read(path, encoding="utf-8"):
            raise ConfigurationError(f"failed to parse {path}: no such file")
    except configparser.Error as error:
        raise ConfigurationError(f"failed to parse {path}: {error}") from error

    def value(section: str, name: str, default: str) -> str:
        return _FILE.sub(_content, parser.get(section, name, fallback=default))

    return Configuration(
        address=value("server", "http_addr", ""),
        port=int(value("server", "http_port", "3000")),
        data=Path(value("paths", "data", "data")),
        provisioning=Path(value("paths", "provisioning", "conf/provisioning")),
        user=value("security", "admin_user", "admin"),
        password=value("security", "admin_password", "admin"),
        anonymous=value("auth.anonymous", "enabled", "false") == "true",
    )


def _content(match: re.Match[str]) -> str:
    try:
        return Path(match["path"]).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"{match.group()} cannot be expanded: {error}") from error
