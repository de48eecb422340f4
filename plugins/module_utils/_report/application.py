# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""An application of macOS: its version and its signature."""

from __future__ import annotations

import plistlib

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    ReportError,
)

VERIFY = ["/usr/bin/codesign", "--verify"]


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare the installed version, and check the signature unless told not to."""
    path, wanted = arguments.text("path"), arguments.optional_text("version")
    signature = arguments.switch("signature", True)
    expected = f"version {wanted}" if wanted else "installed"
    content = _files.read(f"{path}/Contents/Info.plist")
    if content is None:
        return Measurement(False, "not installed", expected, "Repeat site.yml.")
    try:
        version = str(plistlib.loads(content)["CFBundleShortVersionString"])
    except (plistlib.InvalidFileException, ValueError, KeyError) as error:
        raise ReportError(f"{path}/Contents/Info.plist names no version: {error}") from error
    ok, measured = wanted in {None, version}, f"version {version}"
    if signature:
        result = context.commands.run([*VERIFY, path], timeout=120)
        ok = ok and result.rc == 0
        measured += ", signature valid" if result.rc == 0 else f", signature not valid: {result.text}"
        expected += ", signature valid"
    return Measurement(ok, measured, expected, "Repeat site.yml.")


KIND = Kind("application {path}", measure)
