# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``systemsetup``: exits with 0 although nothing worked, and complains although everything did."""

from __future__ import annotations

import functools

from .. import power, time_settings
from . import systemsetup_texts as texts
from .systemsetup_login import get_remote_login, set_remote_login

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tool import Context

PATHS = ("/usr/sbin/systemsetup",)
AREA = "system_setup"
SLEEPS = {
    "computersleep": ("Computer Sleep", "sleep"),
    "displaysleep": ("Display Sleep", "displaysleep"),
    "harddisksleep": ("Hard Disk Sleep", "disksleep"),
}
SWITCHES = {
    "wakeonnetworkaccess": ("Wake On Network Access", "womp"),
    "restartpowerfailure": ("Restart After Power Failure", "autorestart"),
    "allowpowerbuttontosleepcomputer": ("Allow Power Button To Sleep Computer", "Sleep On Power Button"),
}


def main(context: Context) -> int:
    """Run one verb."""
    if not context.is_root:
        context.out(texts.NOT_ROOT)
        return 0
    # -f may stand before the verb and after it.
    force = "-f" in context.argv
    verb, *words = [word for word in context.argv if word != "-f"] or [""]
    verb = verb.lower()
    kind, setting = verb[:4], verb[4:]
    special: dict[str, Callable[[Context, list[str]], int]] = {
        "-getremotelogin": get_remote_login,
        "-setremotelogin": functools.partial(set_remote_login, force=force),
        "-getsleep": _get_sleep,
        "-setsleep": _set_sleep,
        "-getrestartfreeze": _get_restart_freeze,
        "-setrestartfreeze": _set_restart_freeze,
        "-getusingnetworktime": _get_network_time,
        "-setusingnetworktime": _set_network_time,
        "-getnetworktimeserver": _get_time_server,
        "-setnetworktimeserver": _set_time_server,
        "-gettimezone": _get_time_zone,
        "-settimezone": _set_time_zone,
        "-listtimezones": _list_time_zones,
    }
    if verb in special:
        return special[verb](context, words)
    if setting in SLEEPS and kind in ("-get", "-set"):
        return _sleep(context, setting, words, change=kind == "-set")
    if setting in SWITCHES and kind in ("-get", "-set"):
        return _switch(context, setting, words, change=kind == "-set")
    context.out(texts.UNKNOWN.format(verb=context.argv[0]) if context.argv else texts.USAGE)
    return 0


def _noise(context: Context) -> None:
    """Complain on standard error about a change that was made."""
    from .. import console

    console.log(context, texts.NOISE.format(line=texts.NOISE_LINES[context.profile.at_least("26")]))


def _on_off(value: object) -> str:
    return "On" if value else "Off"


def _wanted(words: list[str]) -> bool | None:
    return {"on": True, "off": False}.get(words[0].lower()) if words else None


def _bad_value(context: Context, verb: str, words: list[str]) -> int:
    context.out(texts.BAD_VALUE.format(verb=verb, value=words[0] if words else ""))
    return 0


def _minutes(value: int) -> str:
    return f"after {value} minutes" if value else "Never"


def _sleep(context: Context, setting: str, words: list[str], *, change: bool) -> int:
    label, key = SLEEPS[setting]
    if not change:
        context.out(f"{label}: {_minutes(power.settings(context.state)[key])}")
        return 0
    value = words[0].lower() if words else ""
    minutes = "0" if value in ("never", "off") else value
    if not minutes.isdigit():
        return _bad_value(context, f"set{setting}", words)
    power.store(context.state, {key: int(minutes)})
    context.out(f"set{setting}: {'Never' if minutes == '0' else minutes}")
    _noise(context)
    return 0


def _get_sleep(context: Context, _words: list[str]) -> int:
    settings = power.settings(context.state)
    for label, key in (("Computer", "sleep"), ("Display", "displaysleep"), ("Disk", "disksleep")):
        context.out(f"Sleep: {label} sleeps {_minutes(settings[key])}")
    return 0


def _set_sleep(context: Context, words: list[str]) -> int:
    for setting in SLEEPS:
        _sleep(context, setting, words, change=True)
    return 0


def _switch(context: Context, setting: str, words: list[str], *, change: bool) -> int:
    label, key = SWITCHES[setting]
    if not change:
        context.out(f"{label}: {_on_off(power.settings(context.state)[key])}")
        return 0
    wanted = _wanted(words)
    if wanted is None:
        return _bad_value(context, f"set{setting}", words)
    power.store(context.state, {key: int(wanted)})
    context.out(f"set{setting}: {_on_off(wanted)}")
    _noise(context)
    return 0


def _get_restart_freeze(context: Context, _words: list[str]) -> int:
    context.out(f"Restart After Freeze: {_on_off(context.state.read(AREA).get('restart_freeze', True))}")
    return 0


def _set_restart_freeze(context: Context, words: list[str]) -> int:
    wanted = _wanted(words)
    if wanted is None:
        return _bad_value(context, "setrestartfreeze", words)
    with context.state.edit(AREA) as data:
        data["restart_freeze"] = wanted
    context.out(f"setrestartfreeze: {_on_off(wanted)}")
    _noise(context)
    return 0


def _get_network_time(context: Context, _words: list[str]) -> int:
    context.out(f"Network Time: {_on_off(context.state.read(AREA).get('network_time', True))}")
    return 0


def _set_network_time(context: Context, words: list[str]) -> int:
    wanted = _wanted(words)
    if wanted is None:
        return _bad_value(context, "setusingnetworktime", words)
    with context.state.edit(AREA) as data:
        data["network_time"] = wanted
    context.out(f"setUsingNetworkTime: {_on_off(wanted)}")
    _noise(context)
    return 0


def _get_time_server(context: Context, _words: list[str]) -> int:
    context.out(f"Network Time Server: {time_settings.server(context)}")
    return 0


def _set_time_server(context: Context, words: list[str]) -> int:
    if not words:
        return _bad_value(context, "setnetworktimeserver", words)
    time_settings.set_server(context, words[0])
    context.out(f"setNetworkTimeServer: {words[0]}")
    _noise(context)
    return 0


def _get_time_zone(context: Context, _words: list[str]) -> int:
    context.out(f"Time Zone: {time_settings.zone(context)}")
    return 0


def _set_time_zone(context: Context, words: list[str]) -> int:
    name = words[0] if words else ""
    if name not in (time_settings.zones(context) or texts.FALLBACK_ZONES):
        context.out(texts.BAD_ZONE.format(zone=name))
        return 0
    time_settings.set_zone(context, name)
    context.out(f"Set TimeZone: {name}")
    _noise(context)
    return 0


def _list_time_zones(context: Context, _words: list[str]) -> int:
    context.out("Time Zones:")
    for name in time_settings.zones(context) or texts.FALLBACK_ZONES:
        context.out(f" {name}")
    return 0
