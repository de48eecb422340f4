#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: python_environment
short_description: Make a Python environment from a lock file, beside the previous one
version_added: 0.1.0
description:
  - Makes a virtual environment of exactly the packages of a lock file, in a directory named after the lock file and the
    Python, and lets C(current) link to it. Every file is verified against the checksums of the lock file; nothing is
    built, only wheels are taken.
  - An environment that is there whole is not touched and asks nobody for anything, so that no network is needed then.
  - With O(keep_previous) the environment before stays, and M(hybrid_ai.cluster.release_tree) goes back to it or forgets
    it.
  - uv does the work. It comes out of its own wheel, by the host's pip, and is gone at the end.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos_and_linux
  - hybrid_ai.cluster.optional_environment
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  path:
    description: The directory of the program's environments.
    type: path
    required: true
  title:
    description: What the environment is called in messages.
    type: str
    default: the program
  requirements:
    description:
      - The text of a lock file, with checksums, of every package. Markers may tell platforms and Pythons apart.
      - It names no index. Needed unless O(state=absent).
    type: str
  installer:
    description: The text of a lock file that pins uv. Needed where the environment has to be made.
    type: str
  python:
    description:
      - The Python that it is made with, the one that runs the module if unset. A newer patch release of it is another
        environment.
    type: path
  minimum_python:
    description: The oldest Python that will do.
    type: str
    default: "3.11"
  program:
    description: A program that the environment must have, such as V(bin/hf).
    type: str
  keep_previous:
    description: Whether the environment before stays.
    type: bool
    default: false
  index:
    description:
      - The package index to use, where it is not the one that pip and uv use by themselves. It may hold a password.
    type: str
  timeout:
    description: Seconds that each of the installation's steps may take.
    type: int
    default: 1800
  state:
    description: V(absent) removes every environment.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Make the environment of mlx_lm
  hybrid_ai.cluster.python_environment:
    path: /opt/hybrid-ai/mlx-lm
    title: mlx_lm
    requirements: "{{ lookup('ansible.builtin.file', 'requirements.txt') }}"
    installer: "{{ lookup('ansible.builtin.file', 'uv.txt') }}"
    program: bin/mlx_lm.server

- name: Remove it
  hybrid_ai.cluster.python_environment:
    path: /opt/hybrid-ai/mlx-lm
    state: absent
"""

RETURN = r"""
version:
  description: The name of the environment that is current at the end, 12 hexadecimal digits; V(null) where none is.
  returned: always
  type: str
would_create:
  description: Whether it has to be made, or had to be.
  returned: with O(state=present)
  type: bool
pip_missing:
  description: Whether it has to be made, and the Python has no pip.
  returned: with O(state=present)
  type: bool
settled:
  description: Whether the wanted environment was current already and no other one is kept.
  returned: with O(state=present)
  type: bool
python:
  description: The full version of its Python.
  returned: with O(state=present)
  type: str
  sample: 3.12.14
packages:
  description: The version of each installed package by its name.
  returned: where the environment is there
  type: dict
"""

import os
import sys
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _optional_environment
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, module_commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._python_environment import interpreter as interpreters
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._python_environment import lock as locks
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._python_environment.installer import (
    Installer,
    process_environment,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._python_environment.tree import EnvironmentTree
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._release_tree import PREVIOUS

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands


def make_plan(tree: EnvironmentTree, version: str, *, keep_previous: bool) -> list[str]:
    """Return the steps to the wanted environment."""
    kept = bool(tree.others()) or tree.version(PREVIOUS) is not None
    create = [] if tree.has(version) else ["create"]
    switch = [] if tree.version() == version else ["switch"]
    # What is current now is another one after the switch.
    forget = [] if keep_previous or not (kept or (switch and tree.version())) else ["forget"]
    return [*create, *switch, *forget]


class Environment:
    """The environment that a call asks for, with the Python that the host has."""

    def __init__(self, commands: Commands, options: dict[str, Any]) -> None:
        self._commands, self._options = commands, options
        self._title, self._tree = options["title"], EnvironmentTree(options["path"])
        if not options["requirements"]:
            raise locks.PythonEnvironmentError(f"python_environment needs the requirements of {self._title}.")
        self._lock = locks.parse(options["requirements"], self._title)
        self._python = interpreters.read(commands, options["python"] or sys.executable)
        interpreters.check(self._python, options["minimum_python"], self._title)
        python = self._python
        self._version = locks.digest(self._lock, python.path, python.number, python.platform)
        self._lines = f"python {python.number}\n{self._lock.lines}"

    def run(self, *, check_mode: bool) -> dict[str, Any]:
        """Read, plan, make what is missing, read back."""
        tree, version = self._tree, self._version
        plan = make_plan(tree, version, keep_previous=self._options["keep_previous"])
        result = {
            "changed": bool(plan),
            "version": version,
            "would_create": "create" in plan,
            "pip_missing": "create" in plan and not self._python.pip,
            "settled": not make_plan(tree, version, keep_previous=False),
            "python": self._python.number,
            "diff": {"before": tree.lock_of(tree.version()), "after": self._lines},
        }
        if not check_mode:
            for step in plan:
                self._apply(step)
            self._read_back()
        if tree.recorded(version):
            result["packages"] = tree.packages(version)
        return result

    def _apply(self, step: str) -> None:
        if step == "create":
            self._create()
        elif step == "switch":
            self._tree.switch(self._version)
        else:
            self._tree.commit()

    def _create(self) -> None:
        options = self._options
        if not options["installer"]:
            raise locks.PythonEnvironmentError(f"python_environment needs the option installer to make {self._title}.")
        if not self._python.pip:
            raise locks.PythonEnvironmentError(
                f"{self._python.path} of this host has no pip, which brings {self._title}: install python3-pip-whl."
            )
        variables = _optional_environment.variables(options["optional_environment"])
        if options["index"]:
            variables.update(PIP_INDEX_URL=options["index"], UV_DEFAULT_INDEX=options["index"])
        installer = Installer(self._commands, self._python, self._title, options["timeout"])
        # Whoever runs the program has to read all of it.
        mask = os.umask(0o022)
        try:
            target = self._tree.prepare(self._version)
            with process_environment(variables):
                installer.make(target, self._lock.text, options["installer"])
            self._tree.complete(self._version, self._lines, options["program"])
        except BaseException:
            self._tree.discard(self._version)
            raise
        finally:
            os.umask(mask)

    def _read_back(self) -> None:
        tree, version = self._tree, self._version
        found = tree.packages(version)
        strangers = [name for name, number in found.items() if not self._lock.allows(name, number)]
        if strangers or tree.version() != version or not tree.has(version):
            wrong = f"it has {', '.join(strangers)}, which was not asked for" if strangers else "it is not whole"
            raise locks.PythonEnvironmentError(
                f"The environment {tree.path / version} is not what was made: {wrong}; remove {tree.path} and run this"
                " again."
            )


def absent(options: dict[str, Any], *, check_mode: bool) -> dict[str, Any]:
    """Remove all of it."""
    tree = EnvironmentTree(options["path"])
    before, changed = tree.lock_of(tree.version()), tree.path.exists()
    if changed and not check_mode:
        tree.remove()
    return {"changed": changed, "version": None, "diff": {"before": before, "after": ""}}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "title": {"type": "str", "default": "the program"},
            "requirements": {"type": "str"},
            "installer": {"type": "str"},
            "python": {"type": "path"},
            "minimum_python": {"type": "str", "default": "3.11"},
            "program": {"type": "str"},
            "keep_previous": {"type": "bool", "default": False},
            "index": {"type": "str", "no_log": True},
            "timeout": {"type": "int", "default": 1800},
            "optional_environment": {"type": "dict", "options": _optional_environment.ARGUMENTS},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        if module.params["state"] == "absent":
            result = absent(module.params, check_mode=module.check_mode)
        else:
            result = Environment(module_commands(module), module.params).run(check_mode=module.check_mode)
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
