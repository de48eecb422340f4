# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Power settings of macOS: what `pmset` prints, and the arguments that change it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.power_text import (
    BATTERY,
    PROFILE,
    UPS,
    parse_custom,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import (
    UNSUPPORTED,
    Change,
    Comparison,
    Option,
    Setting,
    SettingError,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

PMSET = "/usr/bin/pmset"
READ = [PMSET, "-g", "custom"]

AUTORESTART = "autorestart"
AT_CONNECT = "autorestartatconnect"
MODEL = "model"
READ_MODEL = ["/usr/sbin/sysctl", "-n", "hw.model"]
CONNECT_ALONE = "only_at_connect"
"""The second key alone, on a Mac that is not known to obey it: it may stay off after a power failure."""
RESTART_VALUES = {"never": (0, 0), "after_failure": (1, 0), CONNECT_ALONE: (0, 1)}

LOW_POWER, HIGH_POWER, POWER_MODE = "lowpowermode", "highpowermode", "powermode"
MODES = {LOW_POWER: 1, HIGH_POWER: 2}
"""One stored value, which a Mac shows as powermode where it has a High Power Mode, else as lowpowermode."""

SOURCES = "sources"
"""The power sources that a Mac has, beside the settings."""
ON_UPS = "UPS "
"""Stands before the settings that count while a UPS feeds the Mac."""

REFUSE = "refused"
LAPTOP = (
    "This Mac is a laptop: with its lid closed it sleeps, whatever it is set to, and what it serves is gone. Write "
    "macos_headless_laptop: allowed for it, if it is meant to serve all the same, or macos_headless_profile: "
    "workstation."
)

FIRST = ("sleep", "displaysleep", "disksleep")
"""Written in this order: a display that sleeps later than the system makes pmset warn."""

BOOLEANS = frozenset(
    {
        "womp",
        "ring",
        "powernap",
        "ttyskeepawake",
        "tcpkeepalive",
        "standby",
        "lowpowermode",
        "highpowermode",
        "networkoversleep",
        "autopoweroff",
        "proximitywake",
        "lidwake",
        "acwake",
        "halfdim",
        "lessbright",
    }
)
"""pmset stores any value but 0 as 1 for these."""

REFUSED = {
    "disablesleep": "it is undocumented and conflicts with other settings on Apple silicon; use sleep: 0",
    "Sleep On Power Button": "pmset shows it but cannot set it",
    AUTORESTART: "use the option restart_after_power_failure",
    AT_CONNECT: "use the option restart_after_power_failure",
}


class Power(Setting):
    """Settings of mains power, by the names that pmset knows them by; a Mac with a UPS has them there as well."""

    title = "power settings"
    options: tuple[Option, ...] = (
        Option(
            "power",
            "dict",
            "C(pmset) keys and their values for mains power, and for a UPS where one is connected: minutes, with V(0) "
            "for never, or 0 and 1. The battery of a laptop keeps its own. A key that this Mac does not have is a "
            "warning and is never written, because C(pmset) would store it without any effect. C(disablesleep) is "
            "refused because it is undocumented, C(Sleep On Power Button) because C(pmset) only shows it.",
            default={
                "sleep": 0,
                "displaysleep": 0,
                "disksleep": 0,
                "standby": 0,
                "powernap": 0,
                "lowpowermode": 0,
                "womp": 1,
                "ttyskeepawake": 1,
                "tcpkeepalive": 1,
            },
        ),
        Option(
            "laptop",
            "str",
            "V(refused) ends with a failure on a Mac with a battery for which C(power) is given, before anything is "
            "changed: a laptop sleeps when its lid is closed, whatever it is set to. V(allowed) lets it be.",
            default=REFUSE,
            choices=(REFUSE, "allowed"),
        ),
    )

    def plan(self, call: Call) -> Change:
        """Refuse a laptop that nobody has allowed to be a server."""
        if call.options.get("laptop") == REFUSE and BATTERY in read_profiles(call.commands):
            raise SettingError(LAPTOP)
        return super().plan(call)

    def is_managed(self, value: Any) -> bool:
        """Tell whether there is any key."""
        return bool(value)

    def wanted(self, value: Mapping[str, Any]) -> State:
        """Return the values as pmset stores them."""
        for name, reason in REFUSED.items():
            if name in value:
                raise SettingError(f"{self.name}: {name} cannot be set here: {reason}.")
        values = {name: value_of(name, one) for name, one in value.items()}
        if values.get(POWER_MODE, 0) > 2:
            raise SettingError(f"{self.name}: powermode must be 0 (automatic), 1 (low power) or 2 (high power).")
        named = [name for name in (POWER_MODE, *MODES) if name in values]
        if (POWER_MODE in named and len(named) > 1) or (values.get(LOW_POWER) and values.get(HIGH_POWER)):
            raise SettingError(f"{self.name}: {' and '.join(named)} are one setting of macOS: write one of them.")
        return values

    def named_as_shown(self, current: State, wanted: State) -> State:
        """Return what is wanted on mains power, and of that what there is on a UPS."""
        on_ups = {key[len(ON_UPS) :]: value for key, value in current.items() if key.startswith(ON_UPS)}
        also = self._mode_as_shown(on_ups, wanted) if on_ups else {}
        return {
            **self._mode_as_shown(current, wanted),
            **{f"{ON_UPS}{key}": value for key, value in also.items() if key in on_ups},
        }

    def _mode_as_shown(self, current: State, wanted: State) -> State:
        """Call the power mode what this Mac calls it; what only is not to be a mode is left in any other."""
        if POWER_MODE not in current:
            if LOW_POWER not in current or wanted.get(POWER_MODE, 2) > 1:
                return wanted
            return {**{name: one for name, one in wanted.items() if name != POWER_MODE}, LOW_POWER: wanted[POWER_MODE]}
        named = [name for name in MODES if name in wanted]
        if not named:
            return wanted
        refuse_unknown(current, [POWER_MODE])
        asked = [MODES[name] for name in named if wanted[name]]
        excluded = [MODES[name] for name in named if not wanted[name]]
        mode = asked[0] if asked else current[POWER_MODE] if current[POWER_MODE] not in excluded else 0
        return {**{name: one for name, one in wanted.items() if name not in named}, POWER_MODE: mode}

    def read(self, commands: Commands) -> State:
        """Return the settings on mains power and on a UPS."""
        profiles = read_profiles(commands)
        on_ups = {f"{ON_UPS}{key}": value for key, value in profiles.get(UPS, {}).items()}
        return {**profiles[PROFILE], **on_ups, SOURCES: list(profiles)}

    def value(self, current: State, key: str) -> Any:
        """Return one value; a key that is not shown is one that this Mac does not have."""
        refuse_unknown(current, [key])
        return current.get(key, UNSUPPORTED)

    def commands(self, current: State, wanted: State) -> list[list[str]]:
        """Return the one command that writes every value that differs, to the sources that it is for.

        On a Mac with mains power alone that is all of them, whatever is connected later.
        """
        if current.get(SOURCES, [PROFILE]) == [PROFILE]:
            return [write(current, wanted)]
        on_ups = {key[len(ON_UPS) :]: value for key, value in wanted.items() if key.startswith(ON_UPS)}
        shown = {key[len(ON_UPS) :]: value for key, value in current.items() if key.startswith(ON_UPS)}
        on_mains = {key: value for key, value in wanted.items() if not key.startswith(ON_UPS)}
        return [[PMSET, *_words("-c", current, on_mains), *_words("-u", shown, on_ups)]]


class BatteryPower(Power):
    """Settings of a laptop while it runs on its battery; a Mac without one has none."""

    title = "power settings on battery"
    options = (
        Option(
            "power_on_battery",
            "dict",
            "The same for the battery of a laptop. A Mac without a battery is left alone.",
        ),
    )

    def plan(self, call: Call) -> Change:
        """Look, and plan the way: the battery is a laptop's own, so nothing is refused here."""
        return Setting.plan(self, call)

    def named_as_shown(self, current: State, wanted: State) -> State:
        """Return what is wanted, where there is a battery."""
        return self._mode_as_shown(current, wanted) if BATTERY in current[SOURCES] else {}

    def read(self, commands: Commands) -> State:
        """Return the settings on battery."""
        profiles = read_profiles(commands)
        return {**profiles.get(BATTERY, {}), SOURCES: list(profiles)}

    def commands(self, current: State, wanted: State) -> list[list[str]]:
        """Return the one command that writes every value that differs."""
        return [[PMSET, *_words("-b", current, wanted)]]

    def compare(self, commands: Commands, value: Any) -> Comparison:
        """Measure them; without a battery there is nothing to compare."""
        asked, measured = self.wanted(value), self.read(commands)
        if BATTERY not in measured[SOURCES]:
            return Comparison(True, "no battery", "nothing", "")
        return self.compared(measured, asked)


class RestartAfterPowerFailure(Setting):
    """What happens when power comes back: two keys of pmset, of which not every Mac has the second."""

    title = "when power comes back"
    options = (
        Option(
            "restart_after_power_failure",
            "str",
            "What the Mac does when power comes back: V(after_failure) starts it after a power failure, V(always) "
            "whenever power is connected, also after a shutdown. V(always) needs macOS 26.5 and a Mac of 2024 or "
            "later. Elsewhere V(after_failure) is used, with a warning. An older Mac that lists the setting, and is "
            "not known to obey it, gets both, with a warning.",
            default="after_failure",
            choices=("never", "after_failure", "always"),
        ),
    )

    def read(self, commands: Commands) -> State:
        """Return the policy, the two keys, and the model where the second one is listed."""
        settings = read(commands)
        refuse_unknown(settings, (AUTORESTART, AT_CONNECT))
        keys = {key: settings[key] for key in (AUTORESTART, AT_CONNECT) if key in settings}
        model = read_model(commands) if AT_CONNECT in keys else ""
        return {self.name: policy(keys, model), MODEL: model, **keys}

    def reachable(self, current: State, wanted: State) -> tuple[State, list[str]]:
        """Return the nearest that this Mac can do."""
        if current[self.name] == UNSUPPORTED:
            return {}, ["This Mac cannot restart by itself after a power failure: it has no setting autorestart."]
        if wanted[self.name] == "always" and AT_CONNECT not in current:
            instead = (
                "This Mac cannot start whenever power is connected (autorestartatconnect needs macOS 26.5 and a Mac "
                "of 2024 or later): it restarts after a power failure instead."
            )
            return {self.name: "after_failure"}, [instead]
        if wanted[self.name] == "always" and not obeys(current[MODEL]):
            return wanted, [_doubt(current[MODEL])]
        return wanted, []

    def commands(self, current: State, wanted: State) -> list[list[str]]:
        """Return the command that writes the keys."""
        values = dict(zip((AUTORESTART, AT_CONNECT), _values(wanted[self.name], current[MODEL])))
        return [write(current, {key: value for key, value in values.items() if key in current})]

    def compare(self, commands: Commands, value: Any) -> Comparison:
        """Measure it; that a Mac is not known to obey stands beside what is set."""
        measured = self.read(commands)
        line = self.compared(measured, self.wanted(value))
        if measured[self.name] == "always" and not obeys(measured[MODEL]):
            return replace(line, measured=f"{line.measured}. {_doubt(measured[MODEL])}")
        return line


def _values(wanted: str, model: str) -> tuple[int, int]:
    """Return the two keys; a Mac that may not obey the second restarts at least after a power failure."""
    if wanted == "always":
        return (0, 1) if obeys(model) else (1, 1)
    return RESTART_VALUES[wanted]


def _doubt(model: str) -> str:
    return (
        "This Mac lists autorestartatconnect, but only Macs of 2024 and later are known to obey it, and "
        f"{f'{model} is an older one' if model else 'its model is not known'}: it restarts after a power failure, and "
        "may stay off when power is connected after a shutdown."
    )


def read_model(commands: Commands) -> str:
    """Return the model identifier, or nothing where it is not told."""
    result = commands.run(READ_MODEL)
    return result.out.strip() if result.rc == 0 else ""


def obeys(model: str) -> bool:
    """Tell whether a model is of 2024 or later: only those have the switch in System Settings."""
    family = re.fullmatch(r"Mac(\d+),\d+", model)
    return model == "Mac15,14" or (family is not None and int(family[1]) >= 16)


def read_profiles(commands: Commands) -> dict[str, dict[str, int | str]]:
    """Return the settings of every power source; mains power, which every Mac has, is among them."""
    result = commands.run(READ)
    profiles = parse_custom(result.out) if result.rc == 0 else {}
    if not profiles.get(PROFILE):
        raise UnknownStateError("pmset", result.text, "how this Mac uses mains power")
    return profiles


def read(commands: Commands) -> dict[str, int | str]:
    """Return the settings of the mains profile."""
    return read_profiles(commands)[PROFILE]


def refuse_unknown(current: Mapping[str, int | str], names: Iterable[str]) -> None:
    """Stop where a setting that is asked for has a value that is not a number."""
    for name in names:
        if isinstance(current.get(name), str):
            raise UnknownStateError("pmset", f"{name} {current[name]}", f"the power setting {name}")


def policy(keys: Mapping[str, int | str], model: str) -> str:
    """Name what happens after a power failure.

    Both keys together mean "always": System Settings itself rewrites that to the second key alone. That a Mac lists the
    second key does not prove that it obeys it.
    """
    if AUTORESTART not in keys:
        return UNSUPPORTED
    if keys.get(AT_CONNECT, 0):
        return "always" if keys[AUTORESTART] or obeys(model) else CONNECT_ALONE
    return "after_failure" if keys[AUTORESTART] else "never"


def value_of(name: str, value: object) -> int:
    """Return a setting as pmset stores it."""
    text = str(int(value)) if isinstance(value, bool) else str(value).strip()
    text = {"true": "1", "yes": "1", "on": "1", "false": "0", "no": "0", "off": "0"}.get(text.lower(), text)
    if not text.isdigit():
        raise SettingError(f"power: {name} must be a number from 0 or a boolean, not {value!r}.")
    number = int(text)
    return int(number != 0) if name in BOOLEANS else number


def write(current: Mapping[str, Any], wanted: Mapping[str, int]) -> list[str]:
    """Return the one command that writes every value that differs, for all power sources."""
    return [PMSET, *_words("-a", current, wanted)]


def _words(source: str, current: Mapping[str, Any], wanted: Mapping[str, int]) -> list[str]:
    """Return the arguments that write every value that differs; none where none does."""
    names = [name for name in wanted if current.get(name) != wanted[name]]
    names.sort(key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
    return [source, *(word for name in names for word in (name, str(wanted[name])))] if names else []


POWER = Power()
BATTERY_POWER = BatteryPower()
RESTART_AFTER_POWER_FAILURE = RestartAfterPowerFailure()
