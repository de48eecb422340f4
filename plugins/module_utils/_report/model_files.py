# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The files of a model on this host: all of them, of the revision that the table names, and how large they are."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest, mount, text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

REPEAT = "Run site.yml with --tags models."


def measure(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - every kind has it
    """Compare the sizes of the files with the manifest; `revision` is the commit, where the model comes from one."""
    arguments.text("model")
    directory, folder = arguments.text("directory"), arguments.text("folder")
    revision = arguments.optional_text("revision")
    expected = f"all files of revision {revision[:12]}" if revision else "all files"
    wrong = mount.problem(directory, arguments.text("state_directory"))
    if wrong:
        return Measurement(False, "its disk is not mounted", expected, wrong)
    found = manifest.read(directory, folder)
    if found is None:
        return Measurement(False, f"no complete model in {directory}/{folder}", expected, REPEAT)
    values = {"bytes": found.bytes, "revision": found.revision}
    measured = f"{text.files(len(found.files))}, {text.size(found.bytes)}, revision {found.revision[:12]}"
    faults = manifest.check(directory, found)
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        return Measurement(False, f"{faults[0].rstrip('.')}{more}", expected, REPEAT, values)
    return Measurement(revision in (None, found.revision), measured, expected, REPEAT, values)


KIND = Kind("files of {model}", measure)
