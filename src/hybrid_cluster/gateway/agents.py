# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Asking the program on a host, `hybrid_cluster.host`, over SSH with a key that can do nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybrid_cluster.gateway.fleet import Host, Login

SECONDS = 15.0
"""How long an answer may take: the program watches the host's processors for five of them."""
_LONGEST = 64 * 1024


class AgentError(Exception):
    """A host did not say what it was asked; the message says why."""


class Agents:
    """The programs on all hosts."""

    def __init__(self, login: Login, ssh: str = "ssh") -> None:
        self._login = login
        self._ssh = ssh

    def command(self, host: Host, *words: str) -> list[str]:
        """Return the command that asks a host. Nothing of the user's configuration takes part, and nobody is asked."""
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "5",
            "ServerAliveInterval": "5",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(self._login.known_hosts),
            "HostKeyAlias": host.name,
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            # A connection that is kept is half-open after its host slept.
            "ControlMaster": "no",
            "ControlPath": "none",
        }
        pairs = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        login = ["-i", str(self._login.key), "-p", str(host.port), "-l", self._login.user]
        return [self._ssh, "-F", "none", "-T", *pairs, *login, host.address, *words]

    async def ask(self, host: Host, *words: str) -> dict[str, Any]:
        """Return what the program on a host says."""
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command(host, *words), stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
            )
        except OSError as error:
            raise AgentError(f"{self._ssh} cannot be run: {error.strerror}") from error
        try:
            async with asyncio.timeout(SECONDS):
                said, complained = await process.communicate()
        except TimeoutError:
            raise AgentError(f"{host.name} did not say {words[0]!r} within {SECONDS:g} seconds") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode != 0:
            why = " ".join(complained.decode("utf-8", "replace").split())[-200:]
            raise AgentError(f"{host.name} answers {words[0]!r} with status {process.returncode}: {why}")
        return read(said, host.name)


def read(said: bytes, name: str) -> dict[str, Any]:
    """Return an answer; what is odd is none."""
    try:
        value = json.loads(said) if len(said) <= _LONGEST else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise AgentError(f"{name} says something that is not a valid answer")
    return value
