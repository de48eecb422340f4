# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A certificate authority of one key and one certificate, made by the `openssl` program every host has.

A renewed certificate keeps its key and its name: whoever trusts the one before trusts what was and what will be signed
until that one ends, so the hosts can follow in their own time.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

OPENSSL = "/usr/bin/openssl"
KEY_BITS = "3072"
KEY_MODE = (0o600, 0, 0)
CERTIFICATE_MODE = (0o644, 0, 0)
# Of the C locale, whatever the one of this process is.
MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s+(.+?)-----END CERTIFICATE-----", re.DOTALL)
_DATE = re.compile(r"notAfter=(\w{3})\s+(\d+)\s+(\d+):(\d+):(\d+)\s+(\d+)\s+GMT")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_CONFIGURATION = """[req]
distinguished_name = name
x509_extensions = authority
prompt = no
string_mask = utf8only
[name]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


class CertificateError(ClusterError):
    """A certificate cannot be made, read or trusted."""


@dataclass(frozen=True)
class Certificate:
    """What matters of a certificate."""

    pem: str
    name: str
    ends: datetime.datetime
    public_key: str

    @property
    def fingerprint(self) -> str:
        """Return its SHA-256 in hexadecimal digits."""
        return fingerprint(self.pem)

    def days_left(self, now: datetime.datetime) -> int:
        """Return the whole days until it ends; negative when it has ended."""
        return int((self.ends - now).total_seconds() // 86400)


def fingerprint(pem: str) -> str:
    """Return the SHA-256 of the first certificate of a text."""
    found = _PEM.search(pem)
    if not found:
        raise CertificateError("a text that should be a certificate is not one.")
    try:
        return hashlib.sha256(base64.b64decode("".join(found.group(1).split()))).hexdigest()
    except binascii.Error:
        raise CertificateError("a text that should be a certificate is not one.") from None


def utc_now() -> datetime.datetime:
    """Return the time; unit tests replace it."""
    return datetime.datetime.now(datetime.timezone.utc)


def read(commands: Commands, path: str) -> Certificate | None:
    """Return the certificate at a path, or None where there is none that can be read."""
    content = _files.read(path)
    if content is None:
        return None
    pem = content.decode("ascii", "replace")
    result = commands.run([OPENSSL, "x509", "-in", path, "-noout", "-subject", "-enddate", "-pubkey"])
    ends, name = _end(result.out), re.search(r"^subject=.*?CN ?= ?([^,/\n]+)$", result.out, re.MULTILINE)
    if result.rc != 0 or not ends or not name or "PUBLIC KEY" not in result.out:
        return None
    return Certificate(pem, name.group(1).strip(), ends, result.out[result.out.index("-----BEGIN PUBLIC KEY") :])


def read_end(commands: Commands, path: str) -> datetime.datetime | None:
    """Return when the first certificate of a file ends, whatever its name, or None where none can be read."""
    result = commands.run([OPENSSL, "x509", "-in", path, "-noout", "-enddate"])
    return _end(result.out) if result.rc == 0 else None


def _end(shown: str) -> datetime.datetime | None:
    found = _DATE.search(shown)
    if not found:
        return None
    month, day, hour, minute, second, year = found.groups()
    return datetime.datetime(
        *(int(year), MONTHS.index(month) // 3 + 1, int(day), int(hour), int(minute), int(second)),
        tzinfo=datetime.timezone.utc,
    )


def public_key(commands: Commands, path: str) -> str | None:
    """Return the public half of the private key at a path, or None where there is no usable key."""
    if not _files.exists(path):
        return None
    result = commands.run([OPENSSL, "pkey", "-in", path, "-pubout"])
    return result.out if result.rc == 0 and "PUBLIC KEY" in result.out else None


class Authority:
    """The key and the certificate of an authority, read, planned and made."""

    def __init__(self, commands: Commands, key: str, certificate: str, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise CertificateError(
                f"{name!r} is not a valid name of a certificate authority: use at most 64 letters, digits, spaces,"
                " dots, underscores and hyphens."
            )
        self._commands = commands
        self._key, self._certificate, self._name = key, certificate, name

    def read(self) -> None:
        """Read what is there."""
        self.current = read(self._commands, self._certificate)
        self._public = public_key(self._commands, self._key)

    def plan(self, renew_days: int, now: datetime.datetime) -> list[str]:
        """Return the steps: a lost key is replaced, a certificate that ends soon or does not fit is made again."""
        steps = []
        if self._public is None:
            steps.append("make_key")
        elif _files.mode_and_owner(self._key) != KEY_MODE:
            steps.append("protect_key")
        current = self.current
        fits = current and self._public and current.name == self._name and _same(current.public_key, self._public)
        if not fits or current is None or current.days_left(now) < renew_days:
            steps.append("issue")
        elif _files.mode_and_owner(self._certificate) != CERTIFICATE_MODE:
            steps.append("publish")
        return steps

    def apply(self, steps: list[str], days: int) -> None:
        """Run the steps and read back."""
        for step in steps:
            if step == "make_key":
                # On standard output, so that it never lies anywhere with other rights than it ends up with.
                made = self._commands.check_output([OPENSSL, "genrsa", KEY_BITS], timeout=300)
                _files.write(self._key, made.encode("ascii"), KEY_MODE[0])
            elif step == "protect_key":
                _files.write(self._key, _files.read(self._key) or b"", KEY_MODE[0])
            elif step == "publish":
                _files.write(self._certificate, _files.read(self._certificate) or b"", CERTIFICATE_MODE[0])
            else:
                self._issue(days)
        self.read()
        if self.current is None or self._public is None or not _same(self.current.public_key, self._public):
            raise CertificateError(
                f"{self._certificate} does not fit {self._key} after it was made: remove both and repeat."
            )

    def _issue(self, days: int) -> None:
        configuration = f"{self._certificate}.cnf"
        _files.write(configuration, _CONFIGURATION.format(name=self._name).encode("ascii"))
        words = ["-key", self._key, "-config", configuration, "-sha256", "-days", str(days)]
        try:
            made = self._commands.check_output([OPENSSL, "req", "-new", "-x509", *words])
        finally:
            _files.remove(configuration)
        if not _PEM.search(made):
            raise CertificateError(f"`openssl req` made no certificate for {self._certificate}: {made[:200]!r}")
        _files.write(self._certificate, made.encode("ascii"), CERTIFICATE_MODE[0])


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()
