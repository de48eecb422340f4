# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Manage our keys and entries in the file that AdGuard Home keeps rewriting.

Documented in plugins/modules/adguard_home_configuration.py. The file is read, merged and checked here, because hosts
have no YAML parser, and because the password then never leaves the controller: only its hash is sent.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import yaml
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _adguard, _adguard_check

try:
    import bcrypt

    HAS_BCRYPT = True
except ImportError:
    HAS_BCRYPT = False

HASH_ROUNDS = 10
LONGEST_PASSWORD = 72
ATTEMPTS = 3


def password_hash(password: str, known: str | None) -> str:
    """Return the hash that is there if it is one of this password, else a new one: no two hashes are alike."""
    if not HAS_BCRYPT:
        raise AnsibleActionFail("the controller has no Python package bcrypt: install requirements/runtime.txt.")
    secret = password.encode()
    if not secret:
        raise AnsibleActionFail("the administrator's password is empty: anybody could change where names lead.")
    if len(secret) > LONGEST_PASSWORD:
        raise AnsibleActionFail(f"the administrator's password has more than {LONGEST_PASSWORD} bytes.")
    try:
        if known and bcrypt.checkpw(secret, known.encode()):
            return known
    except ValueError:
        pass  # what is there is no hash, so it is replaced
    return bcrypt.hashpw(secret, bcrypt.gensalt(HASH_ROUNDS)).decode()


def parse(text: str, path: str) -> dict[str, Any]:
    """Read the file."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        message = f"{path} is no YAML{where}: {getattr(error, 'problem', error)}; correct or remove it."
        raise AnsibleActionFail(message) from None
    if found is not None and not isinstance(found, dict):
        raise AnsibleActionFail(f"{path} holds no keys; correct or remove it.")
    return found or {}


class ActionModule(ActionBase):
    """Read, merge, check, replace."""

    _VALID_ARGS = frozenset(
        {
            *("path", "owner", "service", "program", "administrator", "password"),
            *("settings", "records", "rewrites", "filters", "keep_previous", "action"),
        }
    )

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action; see the module's documentation for arguments and results."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._vars = task_vars
        # Ansible's own kinds of text and lists know where they come from, which YAML cannot write.
        arguments = json.loads(json.dumps(self._task.args))
        self._place = {key: arguments[key] for key in ("path", "owner", "service")}
        verb = arguments.get("action", "apply")
        if verb in {"rollback", "commit"}:
            answer = self._host("restore" if verb == "rollback" else "commit")
            return {**result, "changed": answer["changed"], "there": bool(self._host("read")["state"]["content"])}
        if arguments.get("keep_previous") and not self._task.check_mode:
            self._host("keep")
        for _ in range(ATTEMPTS):
            outcome = self._apply(arguments)
            if outcome is not None:
                return {**result, **outcome}
        raise AnsibleActionFail(
            f"{self._place['path']} changes all the time; stop changing it in the web page and repeat."
        )

    def _apply(self, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """Bring the file to what is wanted; return nothing when somebody else changed it meanwhile."""
        state = self._host("read")["state"]
        text = base64.b64decode(state["content"]).decode("utf-8", "replace") if state["content"] else ""
        before = parse(text, self._place["path"])
        name = arguments["administrator"]
        known = next((user.get("password") for user in before.get("users") or [] if user.get("name") == name), None)
        records = arguments.get("records") or {}
        wanted = _adguard.Wanted(
            administrator=name,
            password_hash=password_hash(str(arguments["password"] or ""), known),
            settings=arguments.get("settings") or {},
            rewrites=[{"domain": entry["name"], "answer": entry["address"]} for entry in records.get("names") or []]
            + list(arguments.get("rewrites") or []),
            rules=[_adguard.reverse_rule(entry["address"], entry["name"]) for entry in records.get("reverse") or []],
            filters=arguments.get("filters") or [],
        )
        after = _adguard.merge(before, wanted, state["remembered"])
        self._refuse(_adguard_check.problems(after))
        changes = _adguard.differences(before, after)
        outcome = {
            "changed": bool(changes) or state["remembered"] != wanted.entries,
            "changes": sorted(changes),
            "diff": {
                "before": {key: old for key, (old, _) in changes.items()},
                "after": {key: new for key, (_, new) in changes.items()},
            },
        }
        content = yaml.safe_dump(after, sort_keys=False, allow_unicode=True)
        if changes and arguments.get("program"):
            self._check(arguments["program"], content, wanted)
        if not outcome["changed"] or self._task.check_mode:
            return outcome
        answer = self._host("replace", content=content, digest=state["digest"], remembered=wanted.entries)
        return None if answer["stale"] else outcome

    def _check(self, program: str, content: str, wanted: _adguard.Wanted) -> None:
        """Let the program check a copy; what it leaves out when it rewrites that is a key it does not know."""
        state = self._host("check", program=program, content=content)["state"]
        if not state["ok"]:
            self._refuse([f"AdGuard Home refuses its configuration: {state['said']}."])
        normalised = parse(base64.b64decode(state["normalised"]).decode(), "the copy that AdGuard Home checked")
        self._refuse(
            [
                f"AdGuard Home knows no key {key}; remove it or correct its name."
                for key in _adguard.lost(wanted.settings, normalised)
            ]
        )

    def _refuse(self, sentences: list[str]) -> None:
        if sentences:
            raise AnsibleActionFail(" ".join(sentences))

    def _host(self, operation: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name="hybrid_ai.cluster.adguard_home_file",
            module_args={"operation": operation, **self._place, **arguments},
            task_vars=self._vars,
        )
        if answer.get("failed"):
            raise AnsibleActionFail(str(answer.get("msg", "the host could not be asked")))
        return answer
