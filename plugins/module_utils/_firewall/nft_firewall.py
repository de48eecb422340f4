# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The packet filter of a Linux host: a table of ours, a unit that loads it at boot, and a timer that keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change, nft
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import nft_units as units
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.change import FirewallError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.systemd import SYSTEMCTL, Unit, parse_show

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.change import Found, Wanted

PROPERTIES = ("ActiveState", "SubState", "UnitFileState", "NeedDaemonReload")


class LinuxFirewall:
    """nftables with the rules that are wanted."""

    def __init__(self, commands: Commands, wanted: Wanted) -> None:
        self._commands = commands
        self._wanted = wanted

    def text(self) -> str:
        """Return the wanted rules in the words of their file."""
        return nft.document(self._wanted)

    def read(self) -> Found:
        """Read kernel, file and units."""
        rules, sets = nft.parse(self._commands.run(nft.LIST))
        content, unit_file = _files.read(nft.RULES), _files.read(units.UNIT_FILE)
        unit, keeper = self._show(units.UNIT), self._show(units.KEEPER_TIMER)
        confirmed = None if content is None else content.decode("utf-8", "replace")
        durable = {
            "file": change.compared(confirmed, self.text()),
            "unit": change.compared(unit_file, units.UNIT_TEXT.encode(), stale=unit.stale),
            "state": _state(unit),
            "keeper": _keeper_files(stale=keeper.stale),
            "keeper state": _state(keeper),
        }
        timer = self._commands.run([SYSTEMCTL, "is-active", f"{units.TIMER}.timer"])
        return change.Found({"rules": rules, "tables": sets}, durable, confirmed, pending=timer.out.strip() == "active")

    def wanted(self) -> Found:
        """Return what it has to be like; `nft` checks the rules without loading them."""
        result = self._commands.run([nft.NFT, "-c", "-j", "-f", "-"], stdin=self.text())
        if result.rc != 0:
            raise FirewallError(f"nftables does not understand the rules: {result.text}")
        rules, sets = nft.wanted_state(self._wanted)
        durable = {"file": "current", "unit": "current", "keeper": "current"}
        durable |= dict.fromkeys(("state", "keeper state"), "active, enabled")
        return change.Found({"rules": rules, "tables": sets}, durable, self.text())

    def gone(self, found: Found) -> Found:  # noqa: ARG002 - here nothing depends on others
        """Return what is left without us."""
        durable = {"file": "none", "unit": "none", "keeper": "none"}
        durable |= dict.fromkeys(("state", "keeper state"), "inactive, not enabled")
        return change.Found({"rules": [], "tables": {}}, durable, None)

    def load(self, before: Found) -> None:  # noqa: ARG002 - rules that become tighter end connections by themselves
        """Replace the table in one step; with an error the old one stays."""
        result = self._commands.run([nft.NFT, "-j", "-f", "-"], stdin=self.text())
        if result.rc != 0:
            raise FirewallError(f"nftables did not load the rules: {result.text}")

    def persist(self) -> None:
        """Write rules and units, and have both start at boot."""
        _files.make_directory(change.DIRECTORY)
        _files.write(nft.RULES, self.text().encode())
        for path, text in {units.UNIT_FILE: units.UNIT_TEXT, **units.KEEPER_FILES}.items():
            _files.write(path, text.encode())
        self._commands.check_output([SYSTEMCTL, "daemon-reload"])
        self._commands.check_output([SYSTEMCTL, "enable", "--now", units.UNIT, units.KEEPER_TIMER])

    def arm(self, seconds: int) -> None:
        """Start a timer; after a restart it is gone, and so are the rules that were not confirmed."""
        self.disarm()
        _files.make_directory(change.DIRECTORY)
        _files.write(units.UNDO, units.UNDO_TEXT.encode(), 0o700)
        when = [f"--on-active={seconds}", "--timer-property=AccuracySec=1s"]
        self._commands.check_output(
            ["/usr/bin/systemd-run", "--quiet", "--collect", f"--unit={units.TIMER}", *when, "/bin/sh", units.UNDO]
        )

    def disarm(self) -> None:
        """Stop the timer."""
        self._commands.run([SYSTEMCTL, "stop", f"{units.TIMER}.timer"])
        _files.remove(units.UNDO)

    def remove(self) -> None:
        """Take units, table and files away; the keeper first, or it would load the rules again."""
        self._commands.run([SYSTEMCTL, "disable", "--now", units.KEEPER_TIMER])
        self._commands.run([SYSTEMCTL, "stop", f"{units.KEEPER}.service"])
        self._commands.run([SYSTEMCTL, "disable", "--now", units.UNIT])
        self._commands.run(nft.DELETE)
        for path in (*units.KEEPER_FILES, units.UNIT_FILE, nft.RULES, units.UNDO):
            _files.remove(path)
        _files.remove_if_empty(change.DIRECTORY)
        self._commands.check_output([SYSTEMCTL, "daemon-reload"])

    def _show(self, unit: str) -> Unit:
        words = [word for name in PROPERTIES for word in ("-p", name)]
        return parse_show(self._commands.check_output([SYSTEMCTL, "show", *words, unit]))


def _state(unit: Unit) -> str:
    return f"{unit.active}, {'enabled' if unit.enabled else 'not enabled'}"


def _keeper_files(*, stale: bool) -> str:
    """Say in a word what the keeper's files are, which have to be all there or none."""
    found = {
        change.compared(_files.read(path), text.encode(), stale=stale) for path, text in units.KEEPER_FILES.items()
    }
    return found.pop() if len(found) == 1 else "another"
