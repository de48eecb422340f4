# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which certificates a host trusts: a store of files on Linux; on a Mac the system's, which is asked and never changed.

Since macOS 11 nothing trusts a certificate for the whole system without a person or a device management, and what tries
waits for a window nobody sees. So a Mac gets a bundle of ours, made of the system's roots and our authority.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._certificate import CertificateError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

SECURITY = "/usr/bin/security"
# It may ask servers about a certificate, and has been seen to wait for nobody.
SECURITY_SECONDS = 20
LINUX_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
LINUX_DIRECTORY = "/usr/local/share/ca-certificates"
UPDATE = "/usr/sbin/update-ca-certificates"
MAC_ROOTS = "/etc/ssl/cert.pem"


def trusted_by_mac(commands: Commands, path: str) -> bool:
    """Tell whether macOS itself trusts a certificate for TLS; the exit status says it, with any text."""
    try:
        return commands.run([SECURITY, "verify-cert", "-c", path, "-p", "ssl"], timeout=SECURITY_SECONDS).rc == 0
    except CommandError:
        return False


class LinuxStore:
    """One certificate in Debian's store."""

    def __init__(self, commands: Commands, name: str, pem: str) -> None:
        self._commands = commands
        self._path = f"{LINUX_DIRECTORY}/{name}.crt"
        self._pem = pem
        self.bundle = LINUX_BUNDLE
        self.file = self._path

    def plan(self, state: str) -> list[str]:
        """Return the steps; the store is made anew also when a run was cut off after the file."""
        there = _files.read(self._path)
        if state == "absent":
            return ["remove", "update"] if there is not None else []
        write = ["write"] if there != self._pem.encode() else []
        return [*write, "update"] if write or not self._in_bundle() else []

    def apply(self, steps: list[str]) -> None:
        """Run the steps and read back."""
        for step in steps:
            if step == "write":
                _files.write(self._path, self._pem.encode())
            elif step == "remove":
                _files.remove(self._path)
            else:
                # Only a fresh update removes the links to a certificate that is gone.
                fresh = ["--fresh"] if "remove" in steps else []
                self._commands.check_output([UPDATE, *fresh], timeout=120)
        if steps and "remove" not in steps and not self._in_bundle():
            raise CertificateError(f"{UPDATE} did not put {self._path} into {LINUX_BUNDLE}.")

    def _in_bundle(self) -> bool:
        return self._pem.strip().encode() in (_files.read(LINUX_BUNDLE) or b"")


class MacBundle:
    """The system's roots and one more, in a file of ours."""

    def __init__(self, name: str, pem: str, directory: str) -> None:
        self._pem = pem
        self.bundle = f"{directory}/ca-bundle.pem"
        self.file = f"{directory}/{name}.pem"

    def plan(self, state: str) -> list[str]:
        """Return the steps; roots that came with an update of macOS are taken over."""
        if state == "absent":
            return ["remove"] if _files.exists(self.bundle) or _files.exists(self.file) else []
        contents = self._contents()
        return ["write"] if any(_files.read(path) != wanted for path, wanted in contents.items()) else []

    def apply(self, steps: list[str]) -> None:
        """Run the steps."""
        for path, wanted in self._contents().items() if "write" in steps else ():
            _files.write(path, wanted)
        for path in (self.bundle, self.file) if "remove" in steps else ():
            _files.remove(path)

    def _contents(self) -> dict[str, bytes]:
        roots = _files.read(MAC_ROOTS)
        if roots is None:
            raise CertificateError(f"This Mac has no {MAC_ROOTS}, which macOS brings; repair the system.")
        return {self.file: self._pem.encode(), self.bundle: roots.rstrip() + b"\n" + self._pem.encode()}
