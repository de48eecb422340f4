# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Texts of ``brew``."""

from __future__ import annotations

ROOT = (
    "Error: Running Homebrew as root is extremely dangerous and no longer supported.\n"
    "As Homebrew does not drop privileges on installation you would be giving all\n"
    "build scripts full access to your system."
)
CURRENT = (
    "Warning: {name} {version} is already installed and up-to-date.\nTo reinstall {version}, run:\n"
    "  brew reinstall {name}"
)
UNKNOWN = 'Error: No available formula with the name "{name}".'
ABSENT = "Error: No such keg: {prefix}/Cellar/{name}"
POURED = "==> Fetching {name}\n==> Pouring {name}--{version}.arm64_tahoe.bottle.tar.gz"
CELLAR = "\N{BEER MUG}  {prefix}/Cellar/{name}/{version}: 8 files"
REMOVING = "Uninstalling {prefix}/Cellar/{name}/{version}... (8 files)"
VERSION = "Homebrew 7.0.0"
USAGE = "Example usage:\n  brew search TEXT|/REGEX/\n  brew info [FORMULA|CASK...]\n  brew install FORMULA|CASK..."
NO_BOTTLE = 'Error: {name}: Failed to download resource "{name}"'
