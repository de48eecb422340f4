# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One description of a service for both platforms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Protocol

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _masking, _names, _optional_environment
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import account, health, reloading
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.reloading import Reload

STABLE_SECONDS = 2
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

ARGUMENTS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "arguments": {"type": "list", "elements": "str"},
    "environment": {"type": "dict"},
    "optional_environment": {"type": "dict", "options": _optional_environment.ARGUMENTS},
    "secret_environment": {"type": "dict", "no_log": True},
    "secret_files": {"type": "list", "elements": "path", "default": [], "no_log": False},
    "user": {"type": "str", "default": "root"},
    "group": {"type": "str"},
    "account": {"type": "dict", "options": account.ARGUMENTS},
    "working_directory": {"type": "path", "default": "/"},
    "limits": {"type": "dict", "options": {"open_files": {"type": "int"}}},
    "stop_seconds": {"type": "int", "default": 30},
    "low_ports": {"type": "bool", "default": False},
    "log": {
        "type": "dict",
        "options": {"max_megabytes": {"type": "int", "default": 10}, "keep": {"type": "int", "default": 3}},
    },
    "restart": {"type": "str", "choices": ["always", "on_failure", "never"], "default": "always"},
    "restart_token": {"type": "str", "no_log": False},
    "wait_for_paths": {"type": "list", "elements": "path"},
    "replaces": {"type": "list", "elements": "str"},
    "notifies": {"type": "bool", "default": False},
    "reload": {"type": "dict", "options": reloading.ARGUMENTS},
    "health": {"type": "dict", "options": health.ARGUMENTS},
    "state": {"type": "str", "choices": ["started", "stopped", "absent"], "default": "started"},
}
"""What the module is told of a service."""


class ServiceError(ClusterError):
    """A service is not in the state it was asked to be in."""


@dataclass(frozen=True)
class Description:
    """A program and how it runs."""

    name: str
    description: str = ""
    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    secret_environment: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    group: str | None = None
    working_directory: str = "/"
    open_files: int | None = None
    low_ports: bool = False
    log_megabytes: int = 10
    log_keep: int = 3
    restart: str = "always"
    stop_seconds: int = 30
    wait_for_paths: list[str] = field(default_factory=list)
    replaces: list[str] = field(default_factory=list)
    secret_files: list[str] = field(default_factory=list)
    notifies: bool = False
    reload: Reload | None = None

    def without_secrets(self, lines: list[str]) -> list[str]:
        """Return lines of the program's log without the words of what it was told in confidence."""
        texts = [*self.secret_environment.values(), *_masking.texts_below(self.secret_files)]
        known = [self.name, *self.arguments, *self.secret_files]
        return [_masking.masked(line, texts, known) for line in lines]


class Supervisor(Protocol):
    """What launchd and systemd do for a service; a plan is a list of step names, in order."""

    log: str

    def read(self) -> None:
        """Read what is there."""

    def plan(self, state: str) -> list[str]:
        """Return the steps to a state."""

    def apply(self, steps: list[str]) -> None:
        """Run the steps."""

    def wait_until_stable(self) -> int | None:
        """Wait for a process that stays; return it."""

    def kept_process(self) -> bool:
        """Tell whether the program that was there at the beginning still runs."""

    def last_words(self) -> list[str]:
        """Return the end of the log."""

    def differences(self, steps: list[str]) -> dict[str, Any]:
        """Return the states before and after the steps."""


def make_description(options: dict[str, Any]) -> Description:
    """Check the options of a call."""
    name = options["name"]
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise ServiceError(f"{name!r} is not a valid name of a service: use small letters, digits and hyphens.")
    arguments = options["arguments"] or []
    if options["state"] != "absent" and not arguments:
        raise ServiceError(f"The service {name} has no program: give its path and arguments with the option arguments.")
    if arguments and not arguments[0].startswith("/"):
        raise ServiceError(f"The program of the service {name} must be an absolute path, which {arguments[0]} is not.")
    replaces = options["replaces"] or []
    for unit in replaces:
        if not re.fullmatch(r"[\w:.@-]+\.[a-z]+", unit):
            raise ServiceError(f"{unit!r} is not a unit that the service {name} could replace: write NAME.service.")
    secret = {key: _secret(name, key, value) for key, value in (options["secret_environment"] or {}).items()}
    given = {key: value for key, value in (options["environment"] or {}).items() if key not in secret}
    environment = {key: _line(name, key, value) for key, value in given.items()}
    if options["restart_token"] is not None:
        environment[_names.RESTART_TOKEN] = options["restart_token"]
    limits, log = options["limits"] or {}, options["log"] or {}
    return Description(
        name=name,
        description=options["description"] or name,
        arguments=arguments,
        environment=environment,
        secret_environment=secret,
        user=options["user"],
        group=options["group"],
        working_directory=options["working_directory"],
        open_files=limits.get("open_files"),
        low_ports=options["low_ports"],
        log_megabytes=log.get("max_megabytes") or Description.log_megabytes,
        log_keep=Description.log_keep if log.get("keep") is None else log["keep"],
        restart=options["restart"],
        stop_seconds=options["stop_seconds"],
        wait_for_paths=options["wait_for_paths"] or [],
        replaces=replaces,
        secret_files=options["secret_files"],
        notifies=options["notifies"],
        reload=_reload(name, options["restart"], options["reload"]),
    )


def _reload(name: str, restart: str, options: dict[str, Any] | None) -> Reload | None:
    """Check how it is reloaded."""
    if options is None:
        return None
    if restart == "never":
        raise ServiceError(f"The service {name} may end for good (restart: never), so it cannot be reloaded too.")
    if not re.fullmatch(r"\S+", options["stamp"]):
        raise ServiceError(f"The stamp of the configuration of the service {name} is not one word: use a checksum.")
    if options["check"] and not options["check"][0].startswith("/"):
        raise ServiceError(
            f"The program that checks the configuration of the service {name} must be an absolute path, which"
            f" {options['check'][0]} is not."
        )
    return Reload(**options)


def _text(name: str, key: str, value: Any) -> str:
    """Return the value of an environment variable; what YAML made of an unquoted word is not guessed back."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
        raise ServiceError(f"{key!r} is not a valid name of an environment variable of the service {name}.")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ServiceError(f"The environment variable {key} of the service {name} is not a string: put it in quotes.")
    return str(value)


def _line(name: str, key: str, value: Any) -> str:
    """Return the value of a variable that stands in the file of a unit."""
    text = _text(name, key, value)
    if "\n" in text:
        raise ServiceError(f"The environment variable {key} of the service {name} has more than one line.")
    return text


def _secret(name: str, key: str, value: Any) -> str:
    """Return the value of a secret variable, whose text no sentence repeats."""
    if key == _names.RESTART_TOKEN:
        raise ServiceError(f"The environment variable {key} of the service {name} is our own: leave it out.")
    text = _text(name, key, value)
    if CONTROL.search(text):
        raise ServiceError(
            f"The environment variable {key} of the service {name} has a character that systemd does not pass on:"
            " of control characters only tabs and line breaks are possible."
        )
    return text
