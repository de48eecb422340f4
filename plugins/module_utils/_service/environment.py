# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The secret part of a service's environment: a file for whoever starts the program, and for nobody else.

What stands in a unit or a property list can be read by everybody on the host.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

MODE = 0o600
DIRECTORY_MODE = 0o755


def systemd_format(variables: Mapping[str, str]) -> bytes:
    """Write variables as EnvironmentFile= reads them; within double quotes only these four characters are special."""
    quoted = {name: re.sub(r'["$`\\]', r"\\\g<0>", value) for name, value in variables.items()}
    return "".join(f'{name}="{value}"\n' for name, value in sorted(quoted.items())).encode()


def json_format(variables: Mapping[str, str]) -> bytes:
    """Write variables as the program that runs a service on macOS reads them."""
    return f"{json.dumps(dict(variables), sort_keys=True, indent=1)}\n".encode()


class EnvironmentFile:
    """The file of one service, in a directory of root's."""

    def __init__(self, service: str, content: bytes | None) -> None:
        self._service = service
        self._directory = f"{_names.SERVICE_DIRECTORY}/{service}"
        self.path = _names.service_environment(service)
        self._wanted = content

    def read(self, owner: tuple[int, int] | None) -> None:
        """Read what is there; the owner is unknown until the service's user exists."""
        self._owner = owner
        found = _files.mode_and_owner(self._directory)
        if found is not None and (_files.link_target(self._directory) is not None or found[1] != 0):
            raise ServiceError(
                f"{self._directory} is a link or does not belong to root, so the secret environment of the service"
                f" {self._service} would not be safe in it: remove it, and find out who made it."
            )
        linked = _files.link_target(self.path) is not None
        self.exists = _files.exists(self.path)
        before = None if linked else _files.read(self.path)
        self.differs = before != self._wanted or linked
        self._sound = self._wanted is None or _files.mode_and_owner(self.path) == (MODE, *(owner or (-1, -1)))

    @property
    def steps(self) -> list[str]:
        """Return the step to the wanted file."""
        if self._wanted is None:
            return ["remove_environment"] if self.exists else []
        return [] if self._sound and not self.differs else ["write_environment"]

    def apply(self, step: str) -> None:
        """Run one of the steps."""
        if step == "remove_environment":
            _files.remove(self.path)
            _files.remove_if_empty(self._directory)
            _files.remove_if_empty(_names.SERVICE_DIRECTORY)
            return
        if self._owner is None or self._wanted is None:
            raise ServiceError(
                f"The service {self._service} has a secret environment and no user yet: create it first."
            )
        _files.make_directory(self._directory, DIRECTORY_MODE)
        _files.write(self.path, self._wanted, MODE, self._owner)
        if _files.read(self.path) != self._wanted:
            raise ServiceError(f"{self.path} does not hold what was written to it; check the disk.")

    def describe(self) -> str:
        """Return the file as a difference shows it."""
        return "set" if self.exists else "none"

    def describe_after(self, steps: list[str]) -> str:
        """Return the same after the steps, with nothing of what it holds."""
        if "write_environment" in steps:
            return "changed" if self.exists else "set"
        return "none" if {"remove_environment", "remove_files"} & set(steps) else self.describe()
