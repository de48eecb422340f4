# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``codesign``: verifies and describes bundles; everything it says goes to standard error."""

from __future__ import annotations

from .. import signatures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/codesign",)
USAGE = "Usage: codesign -v [-v*] [-R=<req string>|-R <req file path>] <[+]pid|path>... # verify code"
TEAM = "TEAM000001"


def main(context: Context) -> int:
    """Verify or describe every path given."""
    options = [word for word in context.argv if word.startswith("-")]
    paths = [word for word in context.argv if not word.startswith("-")]
    letters = "".join(word[1:] for word in options if not word.startswith("--"))
    # `-v` verifies unless another verb is there: then it is how much to say.
    display = "d" in letters or "--display" in options
    verify = not display and ("v" in letters or "--verify" in options)
    verbose = ("v" in letters or "--verbose" in options) and (display or "--verify" in options or "vv" in letters)
    if not paths or not (display or verify):
        context.err(USAGE)
        return 2
    work = _display if display else _verify
    return max([work(context, path, verbose=verbose) for path in paths])


def _verify(context: Context, path: str, *, verbose: bool) -> int:
    finding = signatures.verify(context, path)
    if finding.problem:
        context.err(f"{path}: {finding.problem}")
        for line in finding.files if verbose else ():
            context.err(line)
        return 1
    if verbose:
        context.err(f"{path}: valid on disk")
        context.err(f"{path}: satisfies its Designated Requirement")
    return 0


def _display(context: Context, path: str, *, verbose: bool) -> int:
    finding = signatures.verify(context, path)
    if finding.problem in (signatures.UNSIGNED, signatures.ABSENT):
        context.err(f"{path}: {finding.problem}")
        return 1
    data = signatures.information(context, path)
    context.err(f"Executable={path}/Contents/MacOS/{data.get('CFBundleExecutable', '')}")
    if verbose:
        context.err(f"Identifier={data.get('CFBundleIdentifier', '')}")
        context.err("Format=app bundle with Mach-O thin (arm64)")
        context.err(f"TeamIdentifier={TEAM}")
    return 0
