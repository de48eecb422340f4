# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What ``pmset -g`` shows."""

from __future__ import annotations

import os

from .. import power
from . import pmset_texts as texts
from .pmset_schedule import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context


def get(context: Context, what: str) -> int:
    """Print one of the views."""
    views = {
        "live": _live,
        "custom": _custom,
        "disk": _custom,
        "cap": _capabilities,
        "sched": show,
        "batt": _source,
        "ps": _source,
        "assertions": _assertions,
    }
    if what not in views:
        context.out(f"Error: unhandled argument {what}")
        context.out(texts.USAGE)
        return 1
    views[what](context)
    return 0


def _line(key: str, value: int | str) -> str:
    return f" {key:<20s} {value}"


def _custom(context: Context) -> None:
    for source in power.sources(context.profile):
        settings = power.settings(context.state, source, laptop=power.is_laptop(context.profile))
        context.out(f"{power.TITLES[source]}:")
        for key in _shuffled(context, power.supported(context.profile, source)):
            context.out(_line(key, settings[key]))


def _live(context: Context) -> None:
    settings = power.settings(context.state, laptop=power.is_laptop(context.profile))
    context.out("System-wide power settings:")
    for key, value in power.system_settings(context.state).items():
        if value:
            context.out(f" {key}\t\t{value}")
    context.out("Currently in use:")
    preventers = {"sleep": ["caffeinate"] * any(_prevents(call, "is") for _, call in _caffeinates(context))}
    preventers["displaysleep"] = ["caffeinate"] * any(_prevents(call, "d") for _, call in _caffeinates(context))
    if settings["sleep"] and settings["ttyskeepawake"]:
        preventers["sleep"].append("powerd")
    for key in _shuffled(context, power.supported(context.profile), seed="live"):
        names = ", ".join(preventers.get(key, ()))
        kind = "display sleep" if key == "displaysleep" else "sleep"
        context.out(_line(key, settings[key]) + (f" ({kind} prevented by {names})" if names else ""))


def _shuffled(context: Context, keys: list[str], seed: str = "") -> list[str]:
    """Order keys as a dictionary of Core Foundation does: arbitrary, and another on every release."""
    if context.profile.release == "26.5" and not seed:
        return keys
    import zlib

    salt = seed + context.profile.release
    return sorted(keys, key=lambda key: zlib.crc32((salt + key).encode()))


def _capabilities(context: Context) -> None:
    known = power.supported(context.profile)
    if "powermode" in known:
        known += ["lowpowermode", "highpowermode"]
    context.out("Capabilities for AC Power:")
    for key in texts.CAPABILITIES:
        if key in known:
            context.out(f" {key}")


def _source(context: Context) -> None:
    feeding, percent, minutes = power.feeding(context.profile, context.state)
    context.out(f"Now drawing from '{power.TITLES[feeding]}'")
    # A UPS stands before the battery of a laptop.
    for source in sorted(set(power.sources(context.profile)) - {power.MAINS}, reverse=True):
        row = texts.DISCHARGING if source == feeding else texts.CHARGED
        left = f"{minutes // 60}:{minutes % 60:02d}"
        context.out(row.format(store=texts.STORES[source], percent=percent, minutes=left))


def _caffeinates(context: Context) -> list[tuple[int, list[str]]]:
    """Find every running caffeinate: its process and its arguments."""
    found = []
    for entry in os.listdir(context.path("/proc")):
        if not entry.isdigit():
            continue
        try:
            with open(context.path(f"/proc/{entry}/cmdline"), encoding="utf-8", errors="replace") as file:
                words = file.read().split("\0")[:-1]
        except OSError:
            continue
        # The simulator's interpreter comes first on the command line of every tool.
        for position, word in enumerate(words[:4]):
            if os.path.basename(word) == "caffeinate":
                found.append((int(entry), words[position + 1 :]))
                break
    return found


def _flags(call: list[str]) -> str:
    """Return caffeinate's letters; without any it prevents idle sleep."""
    found = ""
    for word in call:
        if not word.startswith("-"):
            break
        found += "".join(letter for letter in word[1:] if letter in texts.CAFFEINATE_FLAGS)
    return found or "i"


def _prevents(call: list[str], letters: str) -> bool:
    return any(letter in letters for letter in _flags(call))


def _assertions(context: Context) -> None:
    import time

    held = [
        (process, call, texts.CAFFEINATE_FLAGS[letter])
        for process, call in _caffeinates(context)
        for letter in _flags(call)
    ]
    context.out(time.strftime("%Y-%m-%d %H:%M:%S %z "))
    context.out("Assertion status system-wide:")
    for name in texts.ASSERTIONS:
        context.out(f"   {name:<30s} {int(any(name == kind for _, _, kind in held))}")
    if held:
        context.out("Listed by owning process:")
    for process, call, kind in held:
        age = time.strftime("%H:%M:%S", time.gmtime(_age(context, process)))
        context.out(
            f'   pid {process}(caffeinate): [0x{process:016x}] {age} {kind} named: "caffeinate command-line tool"  '
        )
        if "-t" in call[:-1]:
            seconds = call[call.index("-t") + 1]
            context.out(f"\tDetails: caffeinate asserting for {seconds} secs")
        else:
            context.out("\tDetails: caffeinate asserting forever")
        context.out("\tLocalized=THE CAFFEINATE TOOL IS PREVENTING SLEEP.")
    context.out("No kernel assertions.")


def _age(context: Context, process: int) -> float:
    """Seconds since a process was started."""
    try:
        with open(context.path(f"/proc/{process}/stat"), encoding="utf-8") as file:
            started = int(file.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        with open(context.path("/proc/uptime"), encoding="utf-8") as file:
            return float(file.read().split()[0]) - started
    except (OSError, ValueError, IndexError):
        return 0.0
