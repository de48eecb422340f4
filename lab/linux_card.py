# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What of a Linux host's network card its tools see: the kernel's veth knows no waking, and no udev runs here.

`ethtool` is Debian's, once it is installed, and says and keeps besides what wakes the card. `udevadm` answers for an
udev that has told the card nothing by a file. What udev does at a boot by our file, a unit does.
"""

from __future__ import annotations

_ETHTOOL = """#!/bin/sh
# Debian's, and what a driver says of waking.
kept=/run/hybrid-lab-wake-on
[ -x /usr/sbin/ethtool ] || { echo "ethtool: not found" >&2; exit 127; }
if [ $# = 4 ] && [ "$3" = wol ] && { [ "$1" = --change ] || [ "$1" = -s ]; }; then
  echo "$4" > "$kept"
elif [ $# = 1 ] && [ "${1#-}" = "$1" ]; then
  /usr/sbin/ethtool "$1" || exit
  printf '\\tSupports Wake-on: pumbg\\n\\tWake-on: %s\\n' "$(cat "$kept" 2>/dev/null || echo d)"
else
  exec /usr/sbin/ethtool "$@"
fi
"""
_UDEVADM = """#!/bin/sh
# An udev that has no file about the card, and reads new ones.
case "$1" in
control | settle | trigger) ;;
info) echo ID_BUS=pci ;;
*) echo "udevadm: this stand-in knows control, info, settle and trigger only" >&2; exit 1 ;;
esac
"""
_UNIT = """[Unit]
Description=What udev tells the card at a boot
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target
ConditionPathExistsGlob=/etc/systemd/network/*.link

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c '! grep -qs "^WakeOnLan=magic" /etc/systemd/network/*.link || echo g > /run/hybrid-lab-wake-on'
"""

FILES: dict[str, tuple[str, int]] = {
    "usr/local/sbin/ethtool": (_ETHTOOL, 0o755),
    "usr/local/sbin/udevadm": (_UDEVADM, 0o755),
    "etc/systemd/system/hybrid-lab-card.service": (_UNIT, 0o644),
    "etc/systemd/system/sysinit.target.d/hybrid-lab-card.conf": ("[Unit]\nWants=hybrid-lab-card.service\n", 0o644),
}
"""Text and mode of each by its place on the disk."""
