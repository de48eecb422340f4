# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The packet filter of a Linux host: a table of ours, and a unit that loads it at boot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change, nft
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.change import FirewallError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.systemd import SYSTEMCTL, parse_show

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.change import Found, Wanted

RULES = f"{change.DIRECTORY}/nftables.json"
UNDO = f"{change.DIRECTORY}/undo"
UNIT = _names.systemd_unit(change.NAME)
UNIT_FILE = f"{_names.SYSTEMD_UNITS}/{UNIT}"
TIMER = f"{_names.UNIT_PREFIX}{change.UNDO_NAME}"
PROPERTIES = ("ActiveState", "SubState", "UnitFileState", "NeedDaemonReload")

# A restart of nftables.service flushes everything, ours too: this unit is restarted with it.
UNIT_TEXT = f"""\
# Written by hybrid_ai.cluster; changes are overwritten.
[Unit]
Description=Packet filter of the cluster
After=nftables.service
PartOf=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={nft.NFT} -j -f {RULES}
ExecStop=-{" ".join(nft.DELETE)}

[Install]
WantedBy=multi-user.target
"""

UNDO_TEXT = f"""\
#!/bin/sh
# Takes back rules of the packet filter that nobody confirmed.
rm -f {UNDO}
if [ -e {RULES} ]; then
    {nft.NFT} -j -f {RULES}
else
    {" ".join(nft.DELETE)}
    rmdir {change.DIRECTORY}
fi
"""


class LinuxFirewall:
    """nftables with the rules that are wanted."""

    def __init__(self, commands: Commands, wanted: Wanted) -> None:
        self._commands = commands
        self._wanted = wanted

    def text(self) -> str:
        """Return the wanted rules in the words of their file."""
        return nft.document(self._wanted)

    def read(self) -> Found:
        """Read kernel, file and unit."""
        rules, sets = nft.parse(self._commands.run(nft.LIST))
        content, unit_file = _files.read(RULES), _files.read(UNIT_FILE)
        words = [word for name in PROPERTIES for word in ("-p", name)]
        unit = parse_show(self._commands.check_output([SYSTEMCTL, "show", *words, UNIT]))
        confirmed = None if content is None else content.decode("utf-8", "replace")
        durable = {
            "file": change.compared(confirmed, self.text()),
            "unit": change.compared(unit_file, UNIT_TEXT.encode(), stale=unit.stale),
            "state": f"{unit.active}, {'enabled' if unit.enabled else 'not enabled'}",
        }
        timer = self._commands.run([SYSTEMCTL, "is-active", f"{TIMER}.timer"])
        return change.Found({"rules": rules, "tables": sets}, durable, confirmed, pending=timer.out.strip() == "active")

    def wanted(self) -> Found:
        """Return what it has to be like; `nft` checks the rules without loading them."""
        result = self._commands.run([nft.NFT, "-c", "-j", "-f", "-"], stdin=self.text())
        if result.rc != 0:
            raise FirewallError(f"nftables does not understand the rules: {result.text}")
        rules, sets = nft.wanted_state(self._wanted)
        durable = {"file": "current", "unit": "current", "state": "active, enabled"}
        return change.Found({"rules": rules, "tables": sets}, durable, self.text())

    def gone(self, found: Found) -> Found:  # noqa: ARG002 - here nothing depends on others
        """Return what is left without us."""
        durable = {"file": "none", "unit": "none", "state": "inactive, not enabled"}
        return change.Found({"rules": [], "tables": {}}, durable, None)

    def load(self, before: Found) -> None:  # noqa: ARG002 - rules that become tighter end connections by themselves
        """Replace the table in one step; with an error the old one stays."""
        result = self._commands.run([nft.NFT, "-j", "-f", "-"], stdin=self.text())
        if result.rc != 0:
            raise FirewallError(f"nftables did not load the rules: {result.text}")

    def persist(self) -> None:
        """Write rules and unit, and have the unit start at boot."""
        _files.make_directory(change.DIRECTORY)
        _files.write(RULES, self.text().encode())
        _files.write(UNIT_FILE, UNIT_TEXT.encode())
        self._commands.check_output([SYSTEMCTL, "daemon-reload"])
        self._commands.check_output([SYSTEMCTL, "enable", "--now", UNIT])

    def arm(self, seconds: int) -> None:
        """Start a timer; after a restart it is gone, and so are the rules that were not confirmed."""
        self.disarm()
        _files.make_directory(change.DIRECTORY)
        _files.write(UNDO, UNDO_TEXT.encode(), 0o700)
        when = [f"--on-active={seconds}", "--timer-property=AccuracySec=1s"]
        self._commands.check_output(
            ["/usr/bin/systemd-run", "--quiet", "--collect", f"--unit={TIMER}", *when, "/bin/sh", UNDO]
        )

    def disarm(self) -> None:
        """Stop the timer."""
        self._commands.run([SYSTEMCTL, "stop", f"{TIMER}.timer"])
        _files.remove(UNDO)

    def remove(self) -> None:
        """Take unit, table and files away."""
        self._commands.run([SYSTEMCTL, "disable", "--now", UNIT])
        self._commands.run(nft.DELETE)
        for path in (UNIT_FILE, RULES, UNDO):
            _files.remove(path)
        _files.remove_if_empty(change.DIRECTORY)
        self._commands.check_output([SYSTEMCTL, "daemon-reload"])
