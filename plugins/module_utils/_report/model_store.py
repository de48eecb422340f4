# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The store of models: its disk is there, each folder is complete, and what they take."""

from __future__ import annotations

import shutil
from pathlib import Path

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest, mount, text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

REPEAT = "Run site.yml with --tags models."


def measure(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - every kind has it
    """Compare folders with their manifests; each of `folders` has `folder` and `revision`, null for any."""
    directory, state_directory = arguments.text("directory"), arguments.text("state_directory")
    wanted = {str(one["folder"]): one.get("revision") for one in arguments.mappings("folders")}
    expected = f"{len(wanted)} complete"
    wrong = mount.problem(directory, state_directory)
    if wrong:
        return Measurement(False, "its disk is not mounted", expected, wrong)
    found, problems = [], []
    for folder, revision in wanted.items():
        there = manifest.read(directory, folder)
        if there is None:
            problems.append(f"{folder} is not complete")
        elif revision not in (None, there.revision):
            problems.append(f"{folder} is at {there.revision[:12]}")
        else:
            problems += [sentence.rstrip(".") for sentence in manifest.check(directory, there)[:1]]
            found.append(f"{folder} {text.size(there.bytes)}")
    if problems:
        return Measurement(False, "; ".join(problems), expected, REPEAT)
    free = text.size(shutil.disk_usage(Path(directory)).free)
    return Measurement(True, f"{', '.join(found)}; {free} free", expected)


KIND = Kind("folders of models in {directory}", measure)
