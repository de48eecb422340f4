# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``launchctl``: asks the first process. Its exit status is an error number of macOS."""

from __future__ import annotations

import os

from ..launchd.client import ask
from . import launchctl_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..tool import Context

PATHS = ("/bin/launchctl",)
USAGE_STATUS = 64


def main(context: Context) -> int:
    """Run one verb."""
    verbs: dict[str, Callable[[Context, list[str]], int]] = {
        "bootstrap": _bootstrap,
        "bootout": _bootout,
        "kickstart": _kickstart,
        "kill": _kill,
        "enable": _set_enabled,
        "disable": _set_enabled,
        "print": _print,
        "print-disabled": _print_disabled,
        "list": _list,
        "load": _load,
        "unload": _load,
        "limit": _limit,
        "setenv": _setenv,
        "error": _error,
    }
    verb = context.argv[0] if context.argv else ""
    if verb not in verbs:
        context.err(texts.USAGE if not verb else f"Unrecognized subcommand: {verb}\n{texts.USAGE}")
        return USAGE_STATUS if verb else 0
    return verbs[verb](context, context.argv[1:])


def split_target(target: str) -> tuple[str, str]:
    """Split ``system/label`` or ``gui/501/label`` into domain and label."""
    kind, _, rest = target.partition("/")
    if kind in {"gui", "user", "login", "pid", "session"}:
        number, _, label = rest.partition("/")
        return f"{kind}/{number}", label
    return kind, rest


def _usage(context: Context, text: str) -> int:
    context.err(f"Usage: launchctl {text}")
    return USAGE_STATUS


def _bootstrap(context: Context, words: list[str]) -> int:
    if len(words) < 2:
        return _usage(context, "bootstrap <domain-target> [service-path, service-path2, ...]")
    status = 0
    for path in words[1:]:
        status = ask(context, "bootstrap", domain=words[0], path=os.path.abspath(path))["error"] or status
    if status:
        context.err(f"Bootstrap failed: {texts.error(status)}")
        if not context.is_root:
            context.err(texts.ROOT_HINT)
    return status


def _bootout(context: Context, words: list[str]) -> int:
    if not words:
        return _usage(context, "bootout <domain-target> [service-path1, service-path2, ...] | <service-target>")
    domain, label = split_target(words[0])
    labels = [label] if label else [_label_of(context, path) for path in words[1:]]
    status = 0 if labels else 150
    for name in labels:
        status = ask(context, "bootout", domain=domain, label=name)["error"] or status
    if status:
        context.err(f"Boot-out failed: {texts.error(status)}")
    return status


def _label_of(context: Context, path: str) -> str:
    from ..launchd.definition import InvalidPlistError, parse

    try:
        with open(context.path(os.path.abspath(path)), "rb") as file:
            return parse(file.read()).label
    except (OSError, InvalidPlistError):
        return ""


def _kickstart(context: Context, words: list[str]) -> int:
    flags = "".join(word[1:] for word in words if word.startswith("-"))
    targets = [word for word in words if not word.startswith("-")]
    if len(targets) != 1:
        return _usage(context, "kickstart [-k] [-p] [-s] <service-target>")
    domain, label = split_target(targets[0])
    answer = ask(context, "kickstart", domain=domain, label=label, kill="k" in flags)
    status = int(answer["error"])
    if status == 113:
        context.err(f'Could not find service "{label}" in domain for {texts.domain(domain)}')
    elif status:
        context.err(f'Could not kickstart service "{label}": {texts.error(status)}')
    elif "p" in flags:
        context.out(f"service spawned with pid: {answer['pid']}")
    return status


def _kill(context: Context, words: list[str]) -> int:
    import signal

    if len(words) != 2:
        return _usage(context, "kill <signal-number|signal-name> <service-target>")
    name = words[0].upper()
    number = int(name) if name.isdigit() else getattr(signal, "SIG" + name.removeprefix("SIG"), 0)
    domain, label = split_target(words[1])
    status = int(ask(context, "kill", domain=domain, label=label, signal=int(number))["error"])
    if status == 113:
        context.err(f'Could not find service "{label}" in domain for {texts.domain(domain)}')
    elif status:
        context.err(f"Could not signal service: {texts.error(status)}")
    return status


def _set_enabled(context: Context, words: list[str]) -> int:
    verb = context.argv[0]
    if len(words) != 1:
        return _usage(context, f"{verb} <service-target>")
    domain, label = split_target(words[0])
    status = int(ask(context, verb, domain=domain, label=label)["error"])
    if status:
        context.err(f"Could not {verb} service: {texts.error(status)}")
    return status


def _print(context: Context, words: list[str]) -> int:
    if len(words) != 1:
        return _usage(context, "print <domain-target> | <service-target>")
    domain, label = split_target(words[0])
    if not label:
        return _print_domain(context, domain)
    answer = ask(context, "print", domain=domain, label=label)
    if answer["error"]:
        context.err(f'Bad request.\nCould not find service "{label}" in domain for {texts.domain(domain)}')
        return 113
    context.out(_description(domain, answer))
    return 0


def _description(domain: str, job: dict[str, Any]) -> str:
    kind = "LaunchDaemon" if "/LaunchDaemons/" in job["path"] else "Submitted"
    lines = [
        f"active count = {int(job['pid'] is not None)}",
        f"path = {job['path']}",
        f"type = {kind}",
        f"state = {job['state']}",
        "",
        f"program = {job['program']}",
        "arguments = {",
        *(f"\t{argument}" for argument in job["arguments"]),
        "}",
        "",
    ]
    places = {"working directory": "directory", "stdout path": "standard_out", "stderr path": "standard_error"}
    shown = [f"{name} = {job[key]}" for name, key in places.items() if job[key]]
    lines += [*shown, ""] if shown else []
    environment = {name: value for name, value in job["environment"].items() if name != "PATH"}
    lines += ["environment = {", *(f"\t{name} => {value}" for name, value in sorted(environment.items())), "}", ""]
    lines += [f"username = {job['user']}"] if job["user"] else []
    lines += [f"runs = {job['runs']}"]
    lines += [f"pid = {job['pid']}"] if job["pid"] is not None else []
    lines += [texts.last_exit(job["last_status"])]
    return "\n".join([f"{domain}/{job['label']} = {{", *(f"\t{line}" if line else "" for line in lines), "}"])


def _print_domain(context: Context, domain: str) -> int:
    answer = ask(context, "list", domain=domain)
    if answer["error"]:
        context.err(f"Could not find domain for {texts.domain(domain)}")
        return 113
    context.out(f"{domain} = {{\n\ttype = {domain.partition('/')[0]}\n\thandle = 0\n\n\tservices = {{")
    for job in answer["services"]:
        status = "-" if job["last_status"] is None else job["last_status"]
        context.out(f"\t\t{job['pid'] or 0:8} {status:>6} \t{job['label']}")
    context.out("\t}\n}")
    return 0


def _print_disabled(context: Context, words: list[str]) -> int:
    if len(words) != 1:
        return _usage(context, "print-disabled <domain-target>")
    answer = ask(context, "print-disabled", domain=words[0])
    if answer["error"]:
        context.err(f"Could not find domain for {texts.domain(words[0])}")
        return 113
    context.out("\tdisabled services = {")
    for label, disabled in sorted(answer["disabled"].items()):
        context.out(f'\t\t"{label}" => {"disabled" if disabled else "enabled"}')
    context.out("\t}")
    return 0


def _list(context: Context, words: list[str]) -> int:
    domain = "system" if context.is_root else f"user/{context.uid}"
    services = ask(context, "list", domain=domain)["services"]
    if not words:
        context.out("PID\tStatus\tLabel")
        for job in services:
            context.out(f"{job['pid'] or '-'}\t{job['last_status'] or 0}\t{job['label']}")
        return 0
    job = next((job for job in services if job["label"] == words[0]), None)
    if job is None:
        context.err(f'Could not find service "{words[0]}" in domain for port')
        return 113
    context.out(f'{{\n\t"Label" = "{job["label"]}";\n\t"LastExitStatus" = {_wait_status(job["last_status"])};')
    if job["pid"] is not None:
        context.out(f'\t"PID" = {job["pid"]};')
    context.out("};")
    return 0


def _wait_status(status: int | None) -> int:
    """Return a status as wait(2) has it, which is what the dictionary shows."""
    if status is None:
        return 0
    return -status if status < 0 else status << 8


def _load(context: Context, words: list[str]) -> int:
    """Run the legacy verbs: they fail with a message and exit status 0."""
    verb = context.argv[0]
    write = any("w" in word for word in words if word.startswith("-"))
    for path in (word for word in words if not word.startswith("-")):
        label = _label_of(context, path)
        if verb == "load":
            if write and label:
                ask(context, "enable", domain="system", label=label)
            error = ask(context, "bootstrap", domain="system", path=os.path.abspath(path))["error"]
        else:
            error = ask(context, "bootout", domain="system", label=label)["error"]
            if write and label:
                ask(context, "disable", domain="system", label=label)
        if error and error != 36:
            context.err(f"{verb.capitalize()} failed: {texts.error(5)}\n{texts.LOAD_HINT}")
    return 0


def _limit(context: Context, words: list[str]) -> int:
    if len(words) > 1:
        context.err(f"Could not set resource limits: {texts.error(150)}")
        return 150
    limits = {name: pair for name, pair in texts.LIMITS.items() if not words or name == words[0]}
    if not limits:
        return _usage(context, "limit [maxfiles]")
    for name, (soft, hard) in limits.items():
        context.out(f"\t{name:<11} {soft:<14} {hard:<15}")
    return 0


def _setenv(context: Context, _words: list[str]) -> int:
    context.err(f"Could not set environment: {texts.error(150)}")
    return 150


def _error(context: Context, words: list[str]) -> int:
    number = int(words[-1]) if words and words[-1].isdigit() else 0
    context.out(texts.error(number))
    return 0
