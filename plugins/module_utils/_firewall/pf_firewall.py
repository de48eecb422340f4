# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The packet filter of a Mac: an anchor of ours, one reference that keeps pf running, and a daemon that keeps both.

/etc/pf.conf is not touched: updates overwrite it, and loading it again would drop what other programs have added.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change, pf, pf_scripts
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd import job
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Launchd

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.change import Found, Wanted

RULES_MODE = 0o644
KEEPER_MODE = 0o755
SECRET_MODE = 0o600
GONE_ANCHOR_POINT = "gone (another program has replaced the main rules; a restart of the Mac brings it back)"
GONE_FILES = (pf_scripts.RULES, pf_scripts.KEEPER, pf_scripts.TOKEN, pf_scripts.LOG)


class MacFirewall:
    """pf with the rules that are wanted."""

    def __init__(self, commands: Commands, wanted: Wanted) -> None:
        self._pfctl = pf.Pfctl(commands)
        self._commands = commands
        self._launchd = Launchd(commands)
        self._wanted = wanted

    def text(self) -> str:
        """Return the wanted rules in the words of their file."""
        return pf.text(self._wanted)

    def read(self) -> Found:
        """Read everything that decides: a file that is right says nothing about the kernel."""
        rules = self._pfctl.rules()
        main = [" ".join(line.split()) for line in self._pfctl.show("-s", "rules").splitlines()]
        tables = {name: self._pfctl.table(name) if rules else None for name in sorted(self._wanted.tables)}
        live = {
            "rules": rules,
            "tables": {name: found for name, found in tables.items() if found is not None},
            "packet filter": "enabled" if pf.is_enabled(self._pfctl.show("-s", "info")) else "disabled",
            "reference": "held" if self._held_token() else "none",
            "anchor point": "there" if pf.ANCHOR_POINT in main else GONE_ANCHOR_POINT,
        }
        content = _files.read(pf_scripts.RULES)
        confirmed = None if content is None else content.decode("utf-8", "replace")
        return change.Found(
            live=live,
            durable=self._durable(confirmed),
            confirmed=confirmed,
            pending=pf_scripts.UNDO.is_pending(),
        )

    def wanted(self) -> Found:
        """Return what it has to be like."""
        live = {
            "rules": self._understood,
            "tables": {name: list(found) for name, found in sorted(self._wanted.tables.items())},
            "packet filter": "enabled",
            "reference": "held",
            "anchor point": "there",
        }
        durable = {"file": "current", "keeper": "current", "daemon": "loaded"}
        return change.Found(live, durable, self.text())

    def gone(self, found: Found) -> Found:
        """Return what is left without us: whether pf runs and what the main rules say is not ours to decide."""
        live = {**found.live, "rules": [], "tables": {}, "reference": "none"}
        if found.live["reference"] == "held":
            others = len(self._tokens()) > 1
            live["packet filter"] = "enabled" if others else "disabled"
        return change.Found(live, {"file": "none", "keeper": "none", "daemon": "none"}, None)

    def load(self, before: Found) -> None:
        """Put the rules into effect, then pf, so that it never runs with less than them."""
        self._pfctl.load(self.text())
        self._pfctl.kill_states(pf.tightened(self._wanted, before.live["tables"]))
        if not self._held_token():
            session = self._session
            _files.make_directory(_names.STATE_DIRECTORY, 0o700)
            _files.write(pf_scripts.TOKEN, f"{session} {self._pfctl.enable()}\n".encode(), SECRET_MODE)

    def persist(self) -> None:
        """Write rules and keeper, and have the daemon loaded."""
        _files.make_directory(change.DIRECTORY)
        _files.make_directory(_names.LOG_DIRECTORY)
        _files.write(pf_scripts.RULES, self.text().encode(), RULES_MODE)
        _files.write(pf_scripts.KEEPER, pf_scripts.KEEP.encode(), KEEPER_MODE)
        self._bring_daemon("started")

    def arm(self, seconds: int) -> None:
        """Start the job that takes the rules back."""
        pf_scripts.UNDO.arm(self._launchd, pf_scripts.undo_text(seconds))

    def disarm(self) -> None:
        """End that job."""
        pf_scripts.UNDO.disarm(self._launchd)

    def remove(self) -> None:
        """End the daemon first, or it would load the rules again."""
        self._bring_daemon("absent")
        self._pfctl.flush()
        token = self._held_token()
        if token:
            self._pfctl.release(token)
        for path in GONE_FILES:
            _files.remove(path)
        _files.remove_if_empty(change.DIRECTORY)

    def _durable(self, confirmed: str | None) -> dict[str, Any]:
        foreign = _files.mode_and_owner(pf_scripts.RULES) != (RULES_MODE, 0, 0)
        return {
            "file": change.compared(confirmed, self.text(), stale=foreign),
            "keeper": change.compared(_files.read(pf_scripts.KEEPER), pf_scripts.KEEP.encode()),
            "daemon": self._daemon(),
        }

    def _daemon(self) -> str:
        current = job.read(self._launchd, pf_scripts.LABEL)
        if not current.file and not current.job.loaded:
            return "none"
        steps = job.plan(pf_scripts.LABEL, current, "started", pf_scripts.keeper_plist())
        return f"to be brought right ({', '.join(steps)})" if steps else "loaded"

    def _bring_daemon(self, state: str) -> None:
        plist = pf_scripts.keeper_plist()
        current = job.read(self._launchd, pf_scripts.LABEL)
        steps = job.plan(pf_scripts.LABEL, current, state, plist)
        job.apply(self._launchd, pf_scripts.LABEL, steps, plist)

    @functools.cached_property
    def _understood(self) -> list[str]:
        return self._pfctl.understand(self.text())

    @functools.cached_property
    def _session(self) -> str:
        return self._commands.check_output(pf.SESSION).strip()

    def _tokens(self) -> list[str]:
        """Return all tokens that keep pf running, ours and others'."""
        return pf.parse_references(self._pfctl.show("-s", "References"))

    def _held_token(self) -> str | None:
        """Return our token if it counts: those of an earlier start of the Mac, or from before `pfctl -d`, are void."""
        content = _files.read(pf_scripts.TOKEN)
        words = content.decode("ascii", "replace").split() if content else []
        if len(words) != 2 or words[0] != self._session:
            return None
        return words[1] if words[1] in self._tokens() else None
