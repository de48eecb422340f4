# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Boot arguments in NVRAM: merging single arguments, and what Apple silicon answers to an attempt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import (
    Change,
    Comparison,
    Option,
    Setting,
    SettingError,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

NVRAM = "/usr/sbin/nvram"
READ = [NVRAM, "boot-args"]
READ_PROTECTION = ["/usr/bin/csrutil", "status"]
READ_ACTIVE = ["/usr/sbin/sysctl", "-n", "kern.bootargs"]
STORED = "boot_args"

RECOVERY = (
    "This Mac's security policy does not let boot-args be changed. Start it in Recovery (hold the power button), "
    "allow Permissive Security with `csrutil disable` in the Terminal there, start it again and repeat this run."
)


class BootArguments(Setting):
    """Single arguments of the NVRAM variable boot-args; all others stay as they are."""

    title = "boot arguments"
    restorable = False
    options = (
        Option(
            "boot_arguments",
            "dict",
            "Single boot arguments to have or not to have; all others stay. A Mac with Apple silicon refuses this "
            "at normal security, which only a person in Recovery can alter: a warning with what to do, and "
            "neither a failure nor a change.",
            options=(
                Option("present", "list", "Arguments to have, as V(name) or V(name=value).", elements="str"),
                Option("absent", "list", "Names of arguments not to have.", elements="str"),
            ),
        ),
    )

    def is_managed(self, value: Any) -> bool:
        """Tell whether any argument is named."""
        return bool(value) and any(value.values())

    def wanted(self, value: Mapping[str, Any]) -> State:
        """Return the two lists."""
        return {"present": value.get("present") or [], "absent": value.get("absent") or []}

    def read(self, commands: Commands) -> State:
        """Return the arguments that the next start uses, and those of the running system."""
        return {STORED: read(commands), "active": read_active(commands)}

    def plan(self, call: Call) -> Change:
        """Merge; in check mode, whether it will be refused is predicted."""
        wanted, current = self.wanted(call.options[self.name]), self.read(call.commands)
        merged = merge(current[STORED], **wanted)
        steps = write(current[STORED], merged)
        change = Change({STORED: current[STORED]}, {STORED: merged}, steps, details={"active": current["active"]})
        refused = bool(steps) and call.check_mode and is_protected(call.commands.run(READ_PROTECTION))
        return self._finish(call, change, refused=refused)

    def apply(self, call: Call, change: Change) -> Change:
        """Change the variable and read it back."""
        [step] = change.steps
        result = call.commands.run(step)
        wanted, after = change.after[STORED], read(call.commands)
        if after == wanted:
            return self._finish(call, change)
        if after == change.before[STORED] and (is_refusal(result) or not wanted):
            return self._finish(call, change, refused=True)
        raise SettingError(
            f"boot-args are {' '.join(after) or 'not set'} instead of {' '.join(wanted) or 'not set'} after "
            f"`{' '.join(step)}`: {result.text or 'nvram printed nothing'}"
        )

    def compare(self, commands: Commands, value: Any) -> Comparison:
        """Compare with the running system; stored but not yet active is not enough."""
        wanted, current = self.wanted(value), self.read(commands)
        ok = is_active(current["active"], **wanted)
        waiting = not ok and merge(current[STORED], **wanted) == current[STORED]
        return Comparison(
            ok=ok,
            measured=" ".join(current["active"]) or "none",
            expected=", ".join([*wanted["present"], *(f"no {name}" for name in wanted["absent"])]),
            advice="They are stored: restart this Mac." if waiting else RECOVERY,
        )

    def _finish(self, call: Call, change: Change, *, refused: bool = False) -> Change:
        """Say what became of it, or will."""
        if refused:
            call.warn(RECOVERY)
        in_effect = is_active(change.details["active"], **self.wanted(call.options[self.name]))
        outcome = {"restart_needed": not refused and not in_effect, "needs_recovery": refused}
        after = change.before if refused else change.after
        return replace(change, after=after, details={**change.details, **outcome})


def parse_variable(result: Result) -> str:
    """Return the value in the answer of `nvram boot-args`; a variable that does not exist is empty."""
    name, tab, value = result.out.partition("\t")
    if result.rc == 0 and tab and name == "boot-args":
        return value.rstrip("\n")
    if result.rc != 0 and "data was not found" in result.text:
        return ""
    raise UnknownStateError("nvram", result.text, "which boot arguments the next start uses")


def read(commands: Commands) -> list[str]:
    """Return the boot arguments that the next start uses."""
    return parse_variable(commands.run(READ)).split()


def read_active(commands: Commands) -> list[str]:
    """Return the boot arguments of the running system."""
    result = commands.run(READ_ACTIVE)
    if result.rc != 0:
        raise UnknownStateError("sysctl", result.text, "which boot arguments the running system has")
    return result.out.split()


def name_of(argument: str) -> str:
    """Return what identifies an argument: the part before its value."""
    return argument.partition("=")[0]


def merge(current: Sequence[str], present: Sequence[str], absent: Sequence[str]) -> list[str]:
    """Return the arguments with single ones set and removed; everybody else's stay as and where they are."""
    for argument in [*present, *absent]:
        if not argument.strip() or len(argument.split()) != 1:
            raise SettingError(f"{argument!r} is not one boot argument: write each as one item, such as name=1.")
    both = {name_of(argument) for argument in present} & {name_of(argument) for argument in absent}
    if both:
        raise SettingError(f"The boot arguments {', '.join(sorted(both))} are in both present and absent.")
    removed = {name_of(argument) for argument in absent}
    wanted = {name_of(argument): argument for argument in present}
    result: list[str] = []
    for argument in current:
        name = name_of(argument)
        if name in removed:
            continue
        if name not in wanted:
            result.append(argument)
        elif wanted[name] not in result:
            result.append(wanted[name])
    return result + [argument for argument in wanted.values() if argument not in result]


def write(current: Sequence[str], wanted: Sequence[str]) -> list[list[str]]:
    """Return the command that brings the variable to `wanted`, or none."""
    if list(current) == list(wanted):
        return []
    return [[NVRAM, f"boot-args={' '.join(wanted)}"] if wanted else [NVRAM, "-d", "boot-args"]]


def is_active(active: Sequence[str], present: Sequence[str], absent: Sequence[str]) -> bool:
    """Tell whether the running system was started with every wanted argument and without the unwanted ones."""
    removed = {name_of(argument) for argument in absent}
    return set(present) <= set(active) and not removed & {name_of(argument) for argument in active}


def is_refusal(result: Result) -> bool:
    """Tell whether the security policy, and not a mistake, stopped a change."""
    return "not permitted" in result.text


def is_protected(csrutil: Result) -> bool:
    """Predict from `csrutil status` whether boot arguments are refused; an answer nobody knows predicts nothing."""
    status, *details = csrutil.out.splitlines() or [""]
    for line in details:
        if "boot-arg restrictions:" in line.lower():
            return line.lower().rstrip(" .").endswith("enabled")
    return status.rstrip(" .").endswith("enabled")


SETTING = BootArguments()
