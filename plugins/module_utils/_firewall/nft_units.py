# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What loads the rules on a Linux host at boot, and again when somebody has removed them."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change, nft
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.systemd import SYSTEMCTL

UNDO = f"{change.DIRECTORY}/undo"
UNIT = _names.systemd_unit(change.NAME)
UNIT_FILE = f"{_names.SYSTEMD_UNITS}/{UNIT}"
TIMER = f"{_names.UNIT_PREFIX}{change.UNDO_NAME}"
KEEPER = f"{_names.UNIT_PREFIX}{change.NAME}-keeper"
KEEPER_TIMER = f"{KEEPER}.timer"

# Restart and reload of nftables.service begin with a flush of everything, ours too: this unit follows both. systemd
# repeats neither in the log, and what nft says is an error.
UNIT_TEXT = f"""\
# Written by hybrid_ai.cluster; changes are overwritten.
[Unit]
Description=Packet filter of the cluster
After=nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={nft.NFT} -j -f {nft.RULES}
ExecReload={nft.NFT} -j -f {nft.RULES}
ExecStop=-{" ".join(nft.DELETE)}
SyslogLevel=err
LogLevelMax=notice

[Install]
WantedBy=multi-user.target
"""

# Not while a change waits for its confirmation: what was confirmed before would end it.
_KEEPER_TEXT = f"""\
# Written by hybrid_ai.cluster; changes are overwritten.
[Unit]
Description=Brings rules of the packet filter back that somebody has removed
ConditionPathExists={nft.RULES}

[Service]
Type=oneshot
ExecCondition=/bin/sh -c '! {SYSTEMCTL} --quiet is-active {TIMER}.timer'
ExecStart={SYSTEMCTL} reload-or-restart {UNIT}
LogLevelMax=notice
"""

# By the clock: a condition that does not hold would be the last run of a timer that counts from the one before.
_KEEPER_TIMER_TEXT = """\
# Written by hybrid_ai.cluster; changes are overwritten.
[Unit]
Description=Keeps the packet filter of the cluster

[Timer]
OnCalendar=minutely
AccuracySec=1s

[Install]
WantedBy=timers.target
"""

UNDO_TEXT = f"""\
#!/bin/sh
# Takes back rules of the packet filter that nobody confirmed.
rm -f {UNDO}
if [ -e {nft.RULES} ]; then
    {nft.NFT} -j -f {nft.RULES}
else
    {" ".join(nft.DELETE)}
    rmdir {change.DIRECTORY}
fi
"""

KEEPER_FILES = {
    f"{_names.SYSTEMD_UNITS}/{KEEPER}.service": _KEEPER_TEXT,
    f"{_names.SYSTEMD_UNITS}/{KEEPER_TIMER}": _KEEPER_TIMER_TEXT,
}
