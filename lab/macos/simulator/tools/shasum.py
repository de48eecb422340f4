# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``shasum`` (SHA-1 unless ``-a`` says otherwise) and ``md5``."""

from __future__ import annotations

import hashlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/shasum", "/sbin/md5")


def main(context: Context) -> int:
    """Print, or with ``-c`` check, the digests of files or of standard input."""
    return _md5(context) if context.name == "md5" else _shasum(context)


def _digest(algorithm: str, path: str, context: Context) -> str:
    if path == "-":
        return hashlib.new(algorithm, context.stdin.read().encode("utf-8", "surrogateescape")).hexdigest()
    with open(context.path(path), "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _shasum(context: Context) -> int:
    words = list(context.argv)
    bits, check, status = "1", False, 0
    files = []
    while words:
        word = words.pop(0)
        if word in ("-a", "--algorithm") and words:
            bits = words.pop(0)
        elif word.startswith("-a"):
            bits = word[2:]
        elif word in ("-c", "--check"):
            check = True
        elif word not in ("-b", "-t", "--"):
            files.append(word)
    if bits not in ("1", "224", "256", "384", "512"):
        context.err("shasum: Unrecognized algorithm")
        return 1
    for path in files or ["-"]:
        try:
            if check:
                status |= _check(context, f"sha{bits}", path)
            else:
                context.out(f"{_digest(f'sha{bits}', path, context)}  {path}")
        except OSError as error:
            context.err(f"shasum: {path}: {error.strerror}")
            status = 1
    return status


def _check(context: Context, algorithm: str, path: str) -> int:
    with open(context.path(path), encoding="utf-8") as file:
        lines = file.read().splitlines() if path != "-" else context.stdin.read().splitlines()
    failed = 0
    for line in lines:
        wanted, _, name = line.partition(" ")
        name = name.lstrip(" *")
        good = _digest(algorithm, name, context) == wanted
        failed += not good
        context.out(f"{name}: {'OK' if good else 'FAILED'}")
    if failed:
        context.err(f"shasum: WARNING: {failed} computed checksum{'s' if failed > 1 else ''} did NOT match")
    return int(failed > 0)


def _md5(context: Context) -> int:
    quiet, reverse = "-q" in context.argv, "-r" in context.argv
    files = [word for word in context.argv if word not in ("-q", "-r")]
    if not files:
        context.out(_digest("md5", "-", context))
        return 0
    if files[0] == "-s" and len(files) > 1:
        digest = hashlib.md5(files[1].encode(), usedforsecurity=False).hexdigest()
        context.out(digest if quiet else f'MD5 ("{files[1]}") = {digest}')
        return 0
    status = 0
    for path in files:
        try:
            digest = _digest("md5", path, context)
        except OSError as error:
            context.err(f"md5: {path}: {error.strerror}")
            status = 1
            continue
        context.out(digest if quiet else f"{digest} {path}" if reverse else f"MD5 ({path}) = {digest}")
    return status
