# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Keys of the gateway: make, list, change and end them. A change holds from the next request on.

A secret is shown once, when it is made, and never read from the command line, which others on the host can see.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from dataclasses import fields
from pathlib import Path

from hybrid_cluster.gateway import times
from hybrid_cluster.gateway.keys import Key, KeyFile, KeyKind, KeyProblem, Limits
from hybrid_cluster.gateway.owner import become_the_owner
from hybrid_cluster.gateway.state_file import StateError
from hybrid_cluster.gateway.times import TimeProblem


def main(arguments: list[str] | None = None, now: float | None = None) -> int:
    """Run the command; what is wrong is one line on standard error."""
    options = _parser().parse_args(arguments)
    try:
        become_the_owner(options.file.parent)
        for line in _run(options, KeyFile(options.file), time.time() if now is None else now):
            print(line)
    except (KeyProblem, StateError, TimeProblem) as error:
        print(f"keys: {error}", file=sys.stderr)
    except OSError as error:
        print(f"keys: {options.file}: {error.strerror}. Run it with sudo.", file=sys.stderr)
    else:
        return 0
    return 1


def _run(options: argparse.Namespace, keys: KeyFile, now: float) -> list[str]:
    name = getattr(options, "name", "")
    if options.action == "create":
        return [keys.create(name, _limits(options, Limits()), times.end(options.expires, now), _kind(options))]
    if options.action == "rotate":
        return [keys.rotate(name, times.seconds(options.grace))]
    if options.action == "adopt":
        secret = sys.stdin.read().strip()
        return [json.dumps({"changed": keys.adopt(name, secret, kind=_kind(options), dry_run=options.dry_run)})]
    if options.action == "list":
        keys.load()
        return [_line(key, now) for key in keys.all()]
    if options.action == "revoke":
        keys.revoke(name)
        return [f"{name} is revoked."]
    keys.load()
    found = [key for key in keys.all() if key.name == name]
    if not found:
        raise KeyProblem(f"There is no key {name!r}.")
    if options.action == "expire":
        keys.limit(name, found[0].limits, times.end(options.when, now))
    else:
        keys.limit(name, _limits(options, found[0].limits), found[0].expires)
    return [_line(key, now) for key in keys.all() if key.name == name]


def _kind(options: argparse.Namespace) -> KeyKind:
    return KeyKind.ADMINISTRATOR if options.administrator else KeyKind.CLIENT


def _limits(options: argparse.Namespace, before: Limits) -> Limits:
    """Return the limits before, but for those that were named; `none` ends one."""
    values = {field.name: getattr(before, field.name) for field in fields(Limits)}
    for name in values:
        given = getattr(options, name)
        if given == "none":
            values[name] = None
        elif given is not None:
            values[name] = tuple(given.split(",")) if name == "models" else _number(given, name)
    return Limits(**values)


def _number(text: str, name: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,14}", text):
        raise KeyProblem(f"{text!r} is not a valid number for --{name.replace('_', '-')}; write one above 0, or none.")
    return int(text)


def _line(key: Key, now: float) -> str:
    end = "never expires"
    if key.expires is not None:
        end = f"{'expired' if now >= key.expires else 'expires'} {times.moment(key.expires)}"
    limits = {field.name: getattr(key.limits, field.name) for field in fields(Limits)}
    said = [f"{name} {','.join(value) if name == 'models' else value}" for name, value in limits.items() if value]
    whose = ["of an administrator"] if key.kind is KeyKind.ADMINISTRATOR else []
    return "; ".join([f"{key.name}: made {times.moment(key.created)}", *whose, end, *said])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway-keys", description=__doc__)
    parser.add_argument("--file", type=Path, required=True, help="the gateway's file of keys")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="what keys there are, without their secrets")
    create = _named(actions, "create", "make a key and show its secret, once")
    create.add_argument("--expires", metavar="WHEN", help="2027-12-31, or a time such as 30d")
    rotate = _named(actions, "rotate", "give a key a new secret and show it, once")
    rotate.add_argument("--grace", metavar="TIME", default="0s", help="how long the secret before is good: 24h")
    _named(actions, "revoke", "end a key at once")
    expire = _named(actions, "expire", "change when a key ends")
    expire.add_argument("when", metavar="WHEN", help="2027-12-31, a time such as 30d, or never")
    limit = _named(actions, "limit", "change what a key may do")
    for command in (create, limit):
        command.add_argument("--models", metavar="NAMES", help="names of models with commas between; none: all")
        command.add_argument("--requests-per-minute", metavar="N", help="a number, or none")
        command.add_argument("--concurrent-requests", metavar="N", help="a number, or none")
        command.add_argument("--body-bytes", metavar="N", help="the largest request; a number, or none")
        command.add_argument("--tokens-per-day", metavar="N", help="of prompts and answers; a number, or none")
    adopt = _named(actions, "adopt", "give a key the secret that stands on standard input")
    for command in (create, adopt):
        text = "a key that wakes hosts and makes keys, and asks no model"
        command.add_argument("--administrator", action="store_true", help=text)
    adopt.add_argument("--dry-run", action="store_true", help="only say whether that would change it")
    return parser


def _named(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], action: str, text: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(action, help=text)
    parser.add_argument("name", metavar="NAME")
    return parser


if __name__ == "__main__":
    sys.exit(main())
