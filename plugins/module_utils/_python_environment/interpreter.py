# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The Python that an environment is made with: what it is, and whether that is enough."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._python_environment.lock import PythonEnvironmentError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

# What a package index calls these machines, the newest names first; uv is published for each.
PLATFORMS = {
    "darwin-arm64": ("macosx_11_0_arm64",),
    "linux-amd64": ("manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "linux-arm64": ("manylinux_2_17_aarch64", "manylinux2014_aarch64"),
}
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
# What the interpreter was built for counts; what the system says it is may be another matter, as on a simulated Mac.
_ASK = """
import glob, importlib.util, json, os, platform, sys, sysconfig
wheels = glob.glob(os.path.join(os.path.dirname(os.__file__), "ensurepip", "_bundled", "pip-*.whl"))
wheels += glob.glob("/usr/share/python-wheels/pip-*.whl")
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "system": sys.platform,
    "says": platform.system().lower(),
    "machine": (sysconfig.get_config_var("HOST_GNU_TYPE") or platform.machine()).partition("-")[0],
    "pip": importlib.util.find_spec("pip") is not None,
    "wheels": wheels,
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python of the host."""

    path: str
    version: tuple[int, ...]
    system: str
    machine: str
    says: str
    pip: tuple[str, ...]
    """How pip is called; empty where there is none."""

    @property
    def number(self) -> str:
        """The full version, such as 3.12.14."""
        return ".".join(map(str, self.version))

    @property
    def platform(self) -> str:
        """Return what releases call it, such as darwin-arm64."""
        return f"{self.system}-{_MACHINES.get(self.machine, self.machine)}"

    @property
    def environment(self) -> dict[str, str]:
        """Return variables that let tools see what the interpreter was built for, where it says something else."""
        return {} if self.says == self.system else {"_PYTHON_HOST_PLATFORM": f"{self.system}-{self.machine}"}


def read(commands: Commands, path: str) -> Interpreter:
    """Ask an interpreter what it is."""
    try:
        found = json.loads(commands.check_output([path, "-I", "-c", _ASK]))
    except (CommandError, ValueError) as error:
        raise PythonEnvironmentError(f"{path} is not a Python that runs here: {error}") from None
    wheels = sorted(found["wheels"])
    pip = (path, "-I", "-m", "pip") if found["pip"] else (path, f"{wheels[-1]}/pip") if wheels else ()
    return Interpreter(path, tuple(found["version"]), found["system"], found["machine"], found["says"], pip)


def check(interpreter: Interpreter, minimum: str, title: str) -> None:
    """Fail where it is too old, or runs on a machine that no package is made for."""
    if interpreter.version < tuple(map(int, minimum.split("."))):
        advice = (
            "run playbooks/bootstrap.yml for it, which brings a newer one"
            if interpreter.system == "darwin"
            else f"install a newer one beside it and name that in its environment's option python, such as"
            f" /usr/bin/python{minimum}, or upgrade the distribution: Debian 12 and Ubuntu 24.04 have a newer one"
        )
        raise PythonEnvironmentError(
            f"{title} needs Python {minimum} or newer, and {interpreter.path} of this host is {interpreter.number}:"
            f" {advice}."
        )
    if interpreter.platform not in PLATFORMS:
        raise PythonEnvironmentError(
            f"{title} is made for {', '.join(sorted(PLATFORMS))}, and this host is {interpreter.platform}: take the"
            " host out of the group."
        )
