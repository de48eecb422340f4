#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: exo_models
short_description: Let exo find models under names of ours
version_added: 0.1.0
description:
  - exo answers to one name for each model and looks for its files in a folder of that name, with C(--) for C(/). This
    makes such a folder for each model, with a link for each file that the model's manifest names, so that the files lie
    once on a disk.
  - A model without an index of its weights gets one, made of the headers of its files; exo counts none as complete
    otherwise.
  - The cards that tell exo about the models are made from the models' own C(config.json) and returned.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos_and_linux
  - hybrid_ai.cluster.models
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  path:
    description: The directory of the folders. It belongs to root, and folders that are not in O(models) go.
    type: path
    required: true
  models:
    description: The models.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name that exo answers to.
        type: str
        required: true
      folder:
        description: The folder of its files below O(models_directory).
        type: str
        required: true
  version:
    description: The version of exo, which decides how some models are spread.
    type: str
    default: 1.0.71
  state:
    description: V(absent) removes the folders. The models stay.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Let exo find a model
  hybrid_ai.cluster.exo_models:
    path: /opt/hybrid-ai/exo-models
    models_directory: /opt/hybrid-ai/models
    models:
      - {name: qwen, folder: mlx-community--Qwen3-0.6B-8bit}
"""

RETURN = r"""
models:
  description: Each model that is there whole, with bytes and layers of its weights, its revision and its card's file.
  returned: success
  type: list
  elements: dict
  sample: [{"name": "qwen", "folder": "qwen", "bytes": 644000000, "layers": 28, "hidden_size": 1024, "revision": "77fe",
            "card": "qwen.toml"}]
cards:
  description: The text of each card by the name of its file.
  returned: success
  type: dict
missing:
  description: Models that are not there whole; only in check mode, and else a failure.
  returned: success
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import cards, served, versions
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call, run_module


def manage(call: Call) -> dict[str, Any]:
    """Bring the folders to what is wanted."""
    options = call.options
    tree, directory = served.Tree(Path(options["path"])), Path(options["models_directory"])
    wanted_models = options["models"] if options["state"] == "present" else []
    start = versions.STARTS.get(options["version"], versions.STARTS[versions.NEWEST])
    prepared: list[served.Prepared] = []
    missing: list[str] = []
    for model in wanted_models:
        found = served.prepare(model["name"], model["folder"], directory, start)
        prepared += [found] if found is not None else []
        missing += [model["name"]] if found is None else []
    if missing and not call.check_mode:
        raise ClusterError(
            f"This host does not have {' and '.join(missing)} whole in {directory}: run --tags models to bring it."
        )
    current = tree.read()
    wanted = {one.as_result()["folder"]: one.content for one in prepared}
    different = served.changed(current, wanted)
    coming = [name for name in missing if cards.folder(name) not in current]
    if not call.check_mode and options["state"] == "absent":
        tree.remove()
    elif not call.check_mode and different:
        tree.write(wanted)
        if served.changed(tree.read(), wanted):
            raise ClusterError(f"{options['path']} is not what was written: look at its owner and its file system.")
    return {
        "changed": bool(different or coming) or (options["state"] == "absent" and Path(options["path"]).is_dir()),
        "models": [one.as_result() for one in prepared],
        "cards": {one.as_result()["card"]: one.card.as_toml() for one in prepared},
        "missing": missing,
        "diff": {"before": _shown(current, different), "after": _shown(wanted, different)},
    }


def _shown(folders: dict[str, served.Content], names: list[str]) -> dict[str, list[str]]:
    """Return the files of folders for people; an index is long."""
    return {
        name: [f"{file} {text if text.startswith(served.LINK) else ''}".strip() for file, text in folders[name].items()]
        for name in names
        if name in folders
    }


def main() -> None:
    """Run the module."""
    run_module(
        "Giving exo its models",
        {
            "path": {"type": "path", "required": True},
            "models": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "folder": {"type": "str", "required": True},
                },
            },
            "models_directory": {"type": "path", "required": True},
            "version": {"type": "str", "default": versions.NEWEST},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        manage,
    )


if __name__ == "__main__":
    main()
