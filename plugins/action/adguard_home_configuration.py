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
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _adguard
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._masking import MASK, SHORTEST, masked
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _adguard_check

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
        raise AnsibleActionFail("the controller has no Python package bcrypt; pip install bcrypt brings it.")
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
        message = f"{path} is not valid YAML{where}: {getattr(error, 'problem', error)}; correct or remove it."
        raise AnsibleActionFail(message) from None
    if found is not None and not isinstance(found, dict):
        raise AnsibleActionFail(f"{path} holds no keys; correct or remove it.")
    return found or {}


def make_wanted(arguments: dict[str, Any], password: str) -> _adguard.Wanted:
    """Return what is ours; the password as its hash."""
    records = arguments.get("records") or {}
    return _adguard.Wanted(
        administrator=arguments.get("administrator") or "",
        password_hash=password,
        settings=arguments.get("settings") or {},
        secret_settings=arguments.get("secret_settings") or {},
        rewrites=[{"domain": entry["name"], "answer": entry["address"]} for entry in records.get("names") or []]
        + list(arguments.get("rewrites") or []),
        rules=[_adguard.reverse_rule(entry["address"], entry["name"]) for entry in records.get("reverse") or []],
        filters=arguments.get("filters") or [],
    )


class ActionModule(ActionBase):
    """Read, merge, check, replace."""

    _VALID_ARGS = frozenset(
        {
            *("path", "owner", "service", "program", "administrator", "password"),
            *("settings", "secret_settings", "records", "rewrites", "filters", "keep_previous", "action"),
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
        if verb == "commit":
            return {**result, **self._settle(arguments)}
        if verb == "rollback":
            answer = self._host("restore")
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
        secret = arguments.get("secret_settings") or {}
        self._secrets = [text for text in _adguard.texts(secret) if len(text) >= SHORTEST]
        form = self._in_present_form(before, text, arguments.get("program"))
        name = arguments["administrator"]
        known = next((user.get("password") for user in form.get("users") or [] if user.get("name") == name), None)
        wanted = make_wanted(arguments, password_hash(str(arguments["password"] or ""), known))
        after = _adguard.merge(form, wanted, state["remembered"])
        self._refuse(_adguard_check.problems(after))
        changes = _adguard.differences(before, after, wanted.secret_settings)
        outcome = {
            "changed": bool(changes) or not wanted.entries.items() <= state["remembered"].items(),
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
        remembered = {**wanted.entries, "made": state["remembered"].get("made") or {}}
        answer = self._host("replace", content=content, digest=state["digest"], remembered=remembered)
        return None if answer["stale"] else outcome

    def _in_present_form(self, found: dict[str, Any], text: str, program: str | None) -> dict[str, Any]:
        """Return what the program makes of a file of an older schema: merged into that, our keys would be lost with it.

        Where the program is not there yet, this is a prediction, and that the file changes is right.
        """
        version = found.get("schema_version")
        if not found:
            return found
        if not isinstance(version, int):
            raise AnsibleActionFail(
                f"{self._place['path']} has no schema_version, so that nobody knows the form that it is in: remove "
                "it, or have AdGuard Home make it anew."
            )
        if version >= _adguard.SCHEMA_VERSION or not program:
            return found
        state = self._host("check", program=program, content=text)["state"]
        if not state["ok"]:
            hashes = [str(user.get("password")) for user in found.get("users") or []]
            said = masked(state["said"], [*self._secrets, *hashes])
            advice = "Start it once with a version in between, or remove the file."
            path = self._place["path"]
            self._refuse([f"{path} is of schema {version}, and AdGuard Home refuses it: {said}. {advice}"])
        if state["migrated"] is None:
            return found
        return parse(base64.b64decode(state["migrated"]).decode("utf-8", "replace"), self._place["path"])

    def _settle(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Look what the program kept of the file when it started, and forget the one before where it kept all of it."""
        state = self._host("read")["state"]
        if self._task.check_mode:
            return {"changed": state["unfinished"], "there": bool(state["content"])}
        if not state["content"]:
            raise AnsibleActionFail(f"{self._place['path']} is not there any more; repeat.")
        found = parse(base64.b64decode(state["content"]).decode("utf-8", "replace"), self._place["path"])
        wanted = make_wanted(arguments, "")
        lost = _adguard.dropped(wanted, found)
        if lost:
            raise AnsibleActionFail(
                f"AdGuard Home dropped {', '.join(lost)} when it started, because it knows nothing like it: remove it"
                " or correct its name."
            )
        values = _adguard.made(wanted.all_settings, found)
        new = {
            name: value for name, value in values.items() if (state["remembered"].get("made") or {}).get(name) != value
        }
        answer = self._host("commit", remembered={**state["remembered"], "made": values})
        warnings = [
            # Without the value, which may hold a password.
            f"AdGuard Home wrote {name} in another way than it is wanted; correct it unless both mean the same."
            for name in sorted(new)
        ]
        return {"changed": answer["changed"], "there": True, **({"warnings": warnings} if warnings else {})}

    def _check(self, program: str, content: str, wanted: _adguard.Wanted) -> None:
        """Let the program check a copy; it does not notice a key that it does not know."""
        state = self._host("check", program=program, content=content)["state"]
        if not state["ok"]:
            said = masked(state["said"], [*self._secrets, wanted.password_hash])
            self._refuse([f"AdGuard Home refuses its configuration: {said}."])

    def _refuse(self, sentences: list[str]) -> None:
        if sentences:
            text = " ".join(sentences)
            for secret in self._secrets:
                text = text.replace(secret, MASK)
            raise AnsibleActionFail(text)

    def _host(self, operation: str, **arguments: Any) -> dict[str, Any]:
        # What a host answers is printed at -vvv as it comes, and the whole file is in it, keys and passwords included.
        context = self._connection._play_context
        before, context.no_log = context.no_log, True
        try:
            answer: dict[str, Any] = self._execute_module(
                module_name="hybrid_ai.cluster.adguard_home_file",
                module_args={"operation": operation, **self._place, **arguments},
                task_vars=self._vars,
            )
        finally:
            context.no_log = before
        if answer.get("failed"):
            raise AnsibleActionFail(str(answer.get("msg", "the host could not be asked")))
        return answer
