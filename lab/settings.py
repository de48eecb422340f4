# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What this machine needs to reach package servers: read from it, so that the same works inside the hosts."""

from __future__ import annotations

import configparser
import io
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from lab import process
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable

SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_LOCAL_CERTIFICATES = Path("/usr/local/share/ca-certificates")
_PROXY = re.compile(r"(https?|ftp|all|no)_proxy", re.IGNORECASE)
_BUNDLE = re.compile(
    r"(SSL_CERT_FILE|(REQUESTS|CURL|AWS)_CA_BUNDLE|PIP_CERT|NODE_EXTRA_CA_CERTS|GIT_SSL_CAINFO|HTTPLIB2_CA_CERTS)"
)
_INDEX = re.compile(r"(PIP|UV)_[A-Z_]+")
_MACHINE_ONLY = {"PIP_CONFIG_FILE", "PIP_REQUIRE_VIRTUALENV", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER"}
_APT_OPTION = re.compile(
    r"^(Acquire::(?:(?:https?|ftp)(?:::|$)|Check-|Retries|ForceIPv|Languages|Max-FutureTime)\S*) (\".*\";)$",
    re.MULTILINE,
)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Relay:
    """A service on this machine's loopback that the hosts reach at their gateway."""

    port: int
    address: str


@dataclass(frozen=True)
class Settings:
    """Proxies, certificates and package indexes."""

    environment: dict[str, str] = field(default_factory=dict)
    certificates: tuple[str, ...] = ()
    apt_options: str = ""
    apt_credentials: dict[str, str] = field(default_factory=dict)
    pip_configuration: str = ""
    relays: tuple[Relay, ...] = ()


def read(gateway: str, environment: dict[str, str] | None = None) -> Settings:
    """Collect this machine's settings, with addresses on its loopback replaced by the lab's gateway."""
    variables = {**_environment_file(), **(dict(os.environ) if environment is None else environment)}
    relays: dict[int, Relay] = {}

    def reachable(text: str) -> str:
        return _off_loopback(text, gateway, relays)

    bundles = {value for name, value in variables.items() if _BUNDLE.fullmatch(name) and Path(value).is_file()}
    apt = process.run("apt-config", "dump", check=False).stdout
    return Settings(
        environment=select_environment(variables, reachable),
        certificates=_certificates(bundles),
        apt_options="".join(f"{name} {reachable(value)}\n" for name, value in _APT_OPTION.findall(apt)),
        apt_credentials=_apt_credentials(),
        pip_configuration=reachable(_pip_configuration(variables)),
        relays=tuple(relays.values()),
    )


def select_environment(variables: dict[str, str], reachable: Callable[[str], str]) -> dict[str, str]:
    """Return the variables that mean the same inside a host: bundles at the host's path, no other local paths."""
    selected = {}
    for name, value in variables.items():
        if _BUNDLE.fullmatch(name):
            selected[name] = SYSTEM_BUNDLE
        elif _PROXY.fullmatch(name) or (_INDEX.fullmatch(name) and name not in _MACHINE_ONLY and not _is_local(value)):
            selected[name] = reachable(value)
    return dict(sorted(selected.items()))


def _is_local(value: str) -> bool:
    return value.startswith(("/", "~", "file:"))


def _off_loopback(text: str, gateway: str, relays: dict[int, Relay]) -> str:
    def replace(match: re.Match[str]) -> str:
        parts = urlsplit(match.group())
        if parts.hostname not in _LOOPBACK:
            return match.group()
        port = parts.port or (443 if parts.scheme == "https" else 80)
        # Port 80 of the gateway is free: the artifact server has an address of its own.
        relays[port] = Relay(port, "127.0.0.1" if parts.hostname == "localhost" else str(parts.hostname))
        credentials, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{credentials}{at}{gateway}:{port}"))

    return re.sub(r"\b(?:https?|socks5h?)://[^\s\"';,]+", replace, text)


def _environment_file() -> dict[str, str]:
    # sudo drops the proxy variables of the person's shell; the system-wide ones are here.
    path = Path("/etc/environment")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    pairs = (line.removeprefix("export ").partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def _certificates(bundles: set[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    files = sorted(_LOCAL_CERTIFICATES.glob("**/*.crt")) if _LOCAL_CERTIFICATES.is_dir() else []
    files += [Path(bundle) for bundle in sorted(bundles) if Path(bundle).resolve() != Path(SYSTEM_BUNDLE).resolve()]
    for file in files:
        for text in _CERTIFICATE.findall(file.read_text(encoding="ascii", errors="replace")):
            found.setdefault(text if text.endswith("\n") else f"{text}\n")
    return tuple(found)


def _apt_credentials() -> dict[str, str]:
    directory = Path("/etc/apt/auth.conf.d")
    files = [Path("/etc/apt/auth.conf"), *(sorted(directory.iterdir()) if directory.is_dir() else [])]
    return {file.name: file.read_text(encoding="utf-8") for file in files if file.is_file()}


def _pip_configuration(variables: dict[str, str]) -> str:
    home = Path(f"~{variables.get('SUDO_USER', '')}").expanduser()
    places = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf")]
    places += [
        home / ".pip/pip.conf",
        home / ".config/pip/pip.conf",
        Path(variables.get("PIP_CONFIG_FILE") or "/dev/null"),
    ]
    merged = configparser.RawConfigParser()
    try:
        merged.read([place for place in places if place.is_file()], encoding="utf-8")
    except configparser.Error as error:
        raise LabError(
            f"The pip configuration of this machine cannot be read: {' '.join(str(error).split())}"
        ) from error
    for section in merged.sections():
        for option, value in list(merged.items(section)):
            if option == "cert":
                merged.set(section, option, SYSTEM_BUNDLE)
            elif _is_local(value):
                merged.remove_option(section, option)
    text = io.StringIO()
    merged.write(text)
    return text.getvalue()
