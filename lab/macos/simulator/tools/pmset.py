# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``pmset``: power settings, with the silences and wrong exit statuses of the real one."""

from __future__ import annotations

from .. import power
from ..state import DIRECTORY, write_json
from . import pmset_texts as texts
from .pmset_getters import get
from .pmset_schedule import repeat, schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/pmset",)
EX_NOPERM = 77
_SOURCES = {
    "-a": (power.BATTERY, power.MAINS, power.UPS),
    "-b": (power.BATTERY,),
    "-c": (power.MAINS,),
    "-u": (power.UPS,),
}


def main(context: Context) -> int:
    """Run one call of pmset."""
    argv = context.argv
    if not argv:
        return _usage(context)
    if argv[0] == "-g":
        return get(context, argv[1] if len(argv) > 1 else "live")
    actions = {"schedule": schedule, "repeat": repeat, "sleepnow": _sleep_now, "restoredefaults": _restore_defaults}
    if argv[0] in actions:
        return actions[argv[0]](context)
    if argv[0] == "displaysleepnow":
        return 0
    return _set(context)


def _usage(context: Context) -> int:
    context.out(texts.USAGE)
    return 1


def _set(context: Context) -> int:
    changes = _parse(context)
    if changes is None:
        return _usage(context)
    profile, system = changes
    if not context.is_root:
        context.out(texts.MUST_BE_ROOT.format(program=context.program))
        # The settings of the whole system go another way, which forgets the failure.
        return 1 if profile is not None else 0
    if profile and not any(_refuse_mode(context, changes) for changes in profile.values()):
        for source, values in profile.items():
            power.store(context.state, values, source)
        laptop = power.is_laptop(context.profile)
        for source in profile:
            _warn_about_timings(context, source, power.settings(context.state, source, laptop=laptop))
    if system:
        with context.state.edit(power.AREA) as data:
            data.setdefault("system", {}).update(system)
    return 0


def _parse(context: Context) -> tuple[dict[str, dict[str, int | str]] | None, dict[str, int]] | None:
    """Return the changes by source (None: there are none) and of the system; None for a wrong command line."""
    profile: dict[str, dict[str, int | str]] = {}
    system: dict[str, int] = {}
    asked = False
    there = power.sources(context.profile)
    meant = there
    words = iter(context.argv)
    for word in words:
        if word in _SOURCES:
            # What is meant for a source that is not there is dropped without a word.
            meant = [source for source in there if source in _SOURCES[word]]
            continue
        value = next(words, "")
        key = texts.SYNONYMS.get(word, word)
        if key in texts.SYSTEM_KEYS and value.isdigit():
            system[texts.SYSTEM_KEYS[key]] = int(bool(int(value)))
            continue
        number = _value(context, key, value)
        if number is None:
            return None
        asked = True
        for source in meant:
            profile.setdefault(source, {})[key] = number
    if not asked and not system:
        return None
    return (profile if asked else None), system


def _value(context: Context, key: str, value: str) -> int | str | None:
    known = (*texts.CAPABILITIES, "networkoversleep", "powermode")
    if key not in known or (key == "autorestartatconnect" and not context.profile.at_least(power.CONNECT_RELEASE)):
        return None
    if key == "hibernatefile":
        return value or None
    if not value.isdigit():
        return None
    number = int(value)
    if key == "hibernatemode" and number not in texts.HIBERNATE_MODES:
        return None
    if key in power.POWER_MODES:
        return number
    if key == "tcpkeepalive" and not number:
        context.out(texts.TCP_KEEP_ALIVE)
    return number if key in texts.NUMBERS else int(bool(number))


def _refuse_mode(context: Context, profile: dict[str, int | str]) -> bool:
    """Say what power mode this Mac does not have; the whole call changes nothing then."""
    modes = [int(profile[name]) for name in power.POWER_MODES if name in profile]
    refused = [mode for mode in modes if mode > 2 or (mode == 2 and not power.has_high_power(context.profile))]
    for mode in refused:
        context.out(texts.NO_HIGH_POWER if mode == 2 else texts.NO_MODE.format(mode=mode))
    return bool(refused)


def _warn_about_timings(context: Context, source: str, settings: dict[str, int]) -> None:
    if settings["sleep"] in (0, 1):
        return
    warnings = []
    if settings["displaysleep"] > settings["sleep"] or not settings["displaysleep"]:
        warnings.append(texts.TIMINGS_DISPLAY)
    if not settings["disksleep"]:
        warnings.append(texts.TIMINGS_DISK)
    if warnings:
        context.err("\n".join([texts.TIMINGS.format(source=power.TITLES[source]), *warnings]))


def _sleep_now(context: Context) -> int:
    if not context.is_root:
        context.out(texts.SLEEP_MUST_BE_ROOT.format(code=texts.NOT_PRIVILEGED))
        return EX_NOPERM
    import time

    with context.state.edit(power.AREA) as data:
        data["sleep_requested"] = int(time.time())
    # The lab freezes the Mac when it sees this.
    write_json(context.state.path(f"{DIRECTORY}/sleep"), {})
    context.out("Sleeping now...")
    return 0


def _restore_defaults(context: Context) -> int:
    if not context.is_root:
        context.out(texts.MUST_BE_ROOT.format(program=context.program))
        return 1
    power.restore_defaults(context.state)
    context.out("Restored Default settings.")
    return 0
