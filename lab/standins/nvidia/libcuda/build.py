# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Compile the stand-in for libcuda.so.1, with the captured cards in it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from lab.standins.nvidia.smi.captured import captures

HERE = Path(__file__).resolve().parent
CAPTURES = HERE.parent / "captures"


def header() -> str:
    """Return the table of cards in C."""
    rows = {}
    for capture in captures(CAPTURES):
        major, minor = capture.idle["compute_cap"].split(".")
        memory = capture.idle["memory.total"].split()[0]
        name = capture.idle["name"]
        rows[capture.device] = f'    {{{capture.device:#06x}, {major}, {minor}, {memory}, "{name}"}},\n'
    return (
        "struct kind { unsigned long device; int major, minor; unsigned long memory_mib; const char *name; };\n"
        f"static const struct kind kinds[] = {{\n{''.join(rows.values())}}};\n"
    )


def compiler() -> str | None:
    """Return the C compiler of this machine."""
    return shutil.which("cc") or shutil.which("gcc")


def build(directory: Path, version: str = "595.71.05") -> Path:
    """Compile into a directory, under the names that the package has, and return the one that programs load."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "cards.h").write_text(header(), encoding="utf-8")
    real, name = directory / f"libcuda.so.{version}", directory / "libcuda.so.1"
    program = compiler()
    if program is None:
        raise FileNotFoundError("There is no C compiler: install gcc and libc6-dev.")
    flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1"]
    subprocess.run([program, *flags, f"-I{directory}", "-o", str(real), str(HERE / "libcuda.c")], check=True)
    name.unlink(missing_ok=True)
    name.symlink_to(real.name)
    return name
