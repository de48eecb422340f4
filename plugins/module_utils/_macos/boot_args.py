# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Boot arguments in NVRAM: merging single arguments, and what Apple silicon answers to an attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

NVRAM = "/usr/sbin/nvram"
READ = [NVRAM, "boot-args"]
READ_PROTECTION = ["/usr/bin/csrutil", "status"]
READ_ACTIVE = ["/usr/sbin/sysctl", "-n", "kern.bootargs"]

RECOVERY = (
    "This Mac's security policy does not let boot-args be changed. Start it in Recovery (hold the power button), "
    "allow Permissive Security with `csrutil disable` in the Terminal there, start it again and repeat this run."
)


class BootArgsError(ClusterError):
    """Boot arguments could not be read or changed."""


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
            raise BootArgsError(f"{argument!r} is not one boot argument: write each as one item, such as name=1.")
    both = {name_of(argument) for argument in present} & {name_of(argument) for argument in absent}
    if both:
        raise BootArgsError(f"The boot arguments {', '.join(sorted(both))} are in both present and absent.")
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


def plan(current: Sequence[str], wanted: Sequence[str]) -> list[str] | None:
    """Return the command that brings the variable to `wanted`, or None."""
    if list(current) == list(wanted):
        return None
    return [NVRAM, f"boot-args={' '.join(wanted)}"] if wanted else [NVRAM, "-d", "boot-args"]


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


def manage(call: Call) -> dict[str, object]:
    """Merge the wanted arguments and say what became of it."""
    commands = call.commands
    before = read(commands)
    wanted = merge(before, call.options["present"], call.options["absent"])
    after, refusal = apply(commands, before, wanted, check_mode=call.check_mode)
    if refusal is not None:
        if call.options["fail_on_refusal"]:
            raise BootArgsError(refusal)
        call.warn(refusal)
    active = read_active(commands)
    in_effect = is_active(active, call.options["present"], call.options["absent"])
    return {
        "changed": before != after,
        "diff": {"before": {"boot_args": before}, "after": {"boot_args": after}},
        "boot_args": after,
        "active": active,
        "restart_needed": refusal is None and not in_effect,
        "needs_recovery": refusal is not None,
    }


def apply(
    commands: Commands, before: list[str], wanted: list[str], *, check_mode: bool
) -> tuple[list[str], str | None]:
    """Change the variable and return what it holds afterwards, and the reason if that was refused."""
    step = plan(before, wanted)
    if step is None:
        return before, None
    if check_mode:
        protected = is_protected(commands.run(READ_PROTECTION))
        return (before, RECOVERY) if protected else (wanted, None)
    result = commands.run(step)
    after = read(commands)
    if after == wanted:
        return after, None
    if after == before and (is_refusal(result) or not wanted):
        return before, RECOVERY
    raise BootArgsError(
        f"boot-args are {' '.join(after) or 'not set'} instead of {' '.join(wanted) or 'not set'} after "
        f"`{' '.join(step)}`: {result.text or 'nvram printed nothing'}"
    )
