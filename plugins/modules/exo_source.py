#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: exo_source
short_description: Build exo from its sources, beside the previous one
version_added: 0.1.0
description:
  - Fetches one commit of exo, builds its network library with cargo, and lets C(current) link to the result. The page
    of exo is not built.
  - The commit is known by its hash and the crates by those in C(Cargo.lock), so a mirror can serve both. Everything is
    built as O(user), not as root.
  - exo's Python packages are not part of it, see the role C(exo).
  - With O(keep_previous) the one before stays, and M(hybrid_ai.cluster.release_tree) goes back to it or forgets it.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.linux
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  path:
    description: The directory of the versions. It belongs to root.
    type: path
    required: true
  repository:
    description: Where git fetches exo. Needed unless O(state=absent).
    type: str
  tag:
    description: The tag of the version. Needed unless O(state=absent).
    type: str
  commit:
    description: The whole hash of its commit. A tag that is another commit is refused before anything of it runs.
    type: str
  user:
    description: Who builds it.
    type: str
    default: _exo
  python:
    description: The Python that will run it.
    type: path
    default: /usr/bin/python3
  python_series:
    description: The series of Python that exo needs.
    type: str
    default: "3.13"
  cargo:
    description: Rust's cargo.
    type: path
    default: /usr/bin/cargo
  crates_index:
    description: A mirror of the index of crates, as cargo writes it, C(sparse+https://HOST/PATH/).
    type: str
  keep_previous:
    description: Whether the version before stays.
    type: bool
    default: false
  optional_environment:
    description: Environment variables of the download, such as a proxy.
    type: dict
    default: {}
  timeout:
    description: Seconds that each step may take; building takes minutes.
    type: int
    default: 3600
  state:
    description: V(absent) removes every version.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Build exo
  hybrid_ai.cluster.exo_source:
    path: /opt/hybrid-ai/exo-source
    repository: https://github.com/exo-explore/exo.git
    tag: v1.0.71
    commit: fd707de30b42db4211d15da96b9052e1dc280ed1
"""

RETURN = r"""
version:
  description: The directory of the commit that is current at the end; V(null) where none is.
  returned: success
  type: str
  sample: fd707de30b42
steps:
  description: What was done, or would be done in check mode, in this order.
  returned: success
  type: list
  elements: str
  sample: [fetch, build, switch]
settled:
  description: Whether the commit was current already and no other one is kept.
  returned: success
  type: bool
"""

import os
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import source
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._release_tree import ReleaseTree
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call, run_module


def manage(call: Call) -> dict[str, Any]:
    """Bring the wanted commit."""
    options, tree = call.options, ReleaseTree(call.options["path"])
    before = tree.version()
    if options["state"] == "absent":
        changed = tree.path.exists()
        if changed and not call.check_mode:
            tree.remove()
        return {"changed": changed, "version": None, "steps": ["remove"] if changed else [], "settled": not changed}
    lacking = [name for name in ("repository", "tag", "commit") if not options[name]]
    if lacking:
        raise ClusterError(f"exo_source needs the option {lacking[0]}.")
    commit = options["commit"]
    steps = source.make_plan(tree, commit, keep_previous=options["keep_previous"])
    tools = source.Toolchain(call.commands, options["python"], options["cargo"])
    if "build" in steps and not call.check_mode:
        tools.check(options["python_series"])
    if not call.check_mode:
        _apply(call, tree, tools, steps)
        if tree.version() != source.name_of(commit) or not tree.has(source.name_of(commit)):
            raise ClusterError(f"{options['path']} does not hold {commit} whole: remove it and run this again.")
    return {
        "changed": bool(steps),
        "version": source.name_of(commit),
        "steps": steps,
        "settled": not source.make_plan(tree, commit, keep_previous=False),
        "diff": {"before": {"commit": before}, "after": {"commit": source.name_of(commit)}},
    }


def _apply(call: Call, tree: ReleaseTree, tools: source.Toolchain, steps: list[str]) -> None:
    options = call.options
    if "build" in steps:
        variables = {str(name): str(value) for name, value in options["optional_environment"].items()}
        builder = source.Builder(
            call.commands,
            tools,
            options["user"],
            variables,
            crates_index=options["crates_index"],
            timeout=options["timeout"],
        )
        # Whoever runs the program has to read all of it.
        mask = os.umask(0o022)
        try:
            builder.make(tree, options["repository"], options["tag"], options["commit"])
        finally:
            os.umask(mask)
    if "switch" in steps:
        tree.switch(source.name_of(options["commit"]))
    if "forget" in steps:
        tree.commit()


def main() -> None:
    """Run the module."""
    run_module(
        "Building exo",
        {
            "path": {"type": "path", "required": True},
            "repository": {"type": "str"},
            "tag": {"type": "str"},
            "commit": {"type": "str"},
            "user": {"type": "str", "default": "_exo"},
            "python": {"type": "path", "default": "/usr/bin/python3"},
            "python_series": {"type": "str", "default": "3.13"},
            "cargo": {"type": "path", "default": "/usr/bin/cargo"},
            "crates_index": {"type": "str"},
            "keep_previous": {"type": "bool", "default": False},
            "optional_environment": {"type": "dict", "default": {}},
            "timeout": {"type": "int", "default": 3600},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        manage,
    )


if __name__ == "__main__":
    main()
